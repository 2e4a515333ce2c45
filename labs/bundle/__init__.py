"""How the servers come onto this machine without root: Debian packages in a private prefix.

``ensure("servers", progress)`` fetches what is missing and returns a :class:`Bundle`; ``find`` only looks.
``LABS_BUNDLE=system`` uses the programs on PATH instead. ``LABS_SUITE`` names another Debian release.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache as cached
from pathlib import Path

from labs import files, nickname, paths
from labs.bundle.apt import PrivateApt
from labs.errors import LabError
from labs.progress import Progress

RECIPE = Path(__file__).with_name("packages.toml")
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Bundle:
    """A set of programs below one prefix ("/" for the programs of the system)."""

    prefix: Path
    manifest: dict

    def program(self, name: str) -> Path:
        """The absolute path of a program. Raises LabError when it is not there."""
        if self.prefix == Path("/"):
            found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SBIN}")
            if found:
                return Path(found)
            raise LabError(
                f"Das Programm {name} ist nicht im PATH.",
                why="LABS_BUNDLE=system verlangt, dass alle Server auf dem System installiert sind.",
                next_step=f"Installiere {name} oder starte ohne LABS_BUNDLE.",
            )
        for folder in ("usr/bin", "usr/sbin"):
            if (self.prefix / folder / name).exists():
                return self.prefix / folder / name
        raise LabError(
            f"Das Programm {name} fehlt im Paketsatz.", next_step="`./arbeitsbuch doctor` zeigt, was zu tun ist."
        )

    def path(self, relative: str) -> Path:
        """A path below the prefix, such as ``etc/rspamd``."""
        return self.prefix / relative

    def version(self, package: str) -> str:
        """The upstream version of an installed package ("3.12.1"), or an empty string."""
        full = next((p["version"] for p in self.manifest["packages"] if p["name"] == package), "")
        return full.rpartition(":")[2].partition("-")[0].partition("+")[0]


@cached
def recipe() -> dict:
    return tomllib.loads(RECIPE.read_text(encoding="utf-8"))


def _prefix(name: str) -> Path:
    """Where a set belongs: the name changes with all that decides its content, so a stale one is never used."""
    suite = os.environ.get("LABS_SUITE", "")
    parts = [suite, recipe()[name], recipe()["assumed"], recipe()["unpack"]]
    mark = hashlib.sha256(json.dumps(parts).encode())
    return paths.cache() / f"{name}-{suite or recipe()[name]['suite']}-{mark.hexdigest()[:10]}"


def find(name: str = "servers") -> Bundle | None:
    """The installed set, or None when it has not been fetched yet."""
    prefix = Path("/") if os.environ.get("LABS_BUNDLE") == "system" else _prefix(name)
    return at(prefix) if prefix == Path("/") or (prefix / "manifest.json").exists() else None


def at(prefix: Path) -> Bundle:
    """The set below this prefix, "/" for the programs of the system. Raises OSError when there is none."""
    if prefix == Path("/"):
        return Bundle(prefix, {"set": "servers", "suite": "system", "packages": []})
    return Bundle(prefix, json.loads((prefix / "manifest.json").read_text()))


def require(name: str = "servers") -> Bundle:
    """The installed set. Raises LabError when it has not been fetched yet."""
    bundle = find(name)
    if bundle is None:
        raise LabError(
            "Die Server des Arbeitsbuchs sind noch nicht geladen.", next_step="Rufe `./arbeitsbuch start` auf."
        )
    return bundle


def ensure(name: str, progress: Progress) -> Bundle:
    """Fetch the set when it is missing. Safe to call from several processes at once.

    Raises LabError: no apt, no mirror, no network, no space; what was downloaded stays for the next try.
    """
    if bundle := find(name):
        return bundle
    from labs.bundle.unpack import patch, shorten, unpack

    root = paths.cache() / f"apt-{name}"
    root.mkdir(parents=True, exist_ok=True)

    def waiting() -> None:
        progress(0, "Ein anderer Prozess lädt gerade; ich warte auf ihn")

    with files.locked(paths.cache() / f"{name}.lock", waiting), _disk_errors(), nickname.plain(root) as plain:
        if bundle := find(name):
            return bundle
        final, what = _prefix(name), recipe()[name]
        apt = PrivateApt(plain, os.environ.get("LABS_SUITE") or what["suite"])
        progress(0, "Paketlisten laden")
        apt.update()
        apt.assume(recipe()["assumed"]["packages"])
        debs = apt.download(what["packages"], lambda part, text: progress(0.05 + 0.6 * part, text))
        partial = final.with_name(f"{final.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        progress(0.65, "Pakete auspacken")
        unpack(debs, partial, recipe()["unpack"]["exclude"])
        for source, target in what["copies"].items():
            if (partial / source).exists():  # other releases keep some of them elsewhere
                (partial / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(partial / source, partial / target)
        if strings := what.get("strings"):
            shorten(partial, **strings)
        progress(0.9, "Programme einrichten")
        patch(partial, final)
        manifest = {
            "set": name,
            "suite": apt.sources[0].release,
            "architecture": apt.architecture,
            "packages": [_package(deb) for deb in debs],
        }
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=1))
        partial.rename(final)
        shutil.rmtree(root)
        for old in paths.cache().glob(f"{name}-*"):
            if old != final and not _in_use(old):
                shutil.rmtree(old, ignore_errors=True)
        progress(1, "Fertig")
    bundle = require(name)
    for program in what["programs"]:
        bundle.program(program)
    return bundle


def _in_use(prefix: Path) -> bool:
    """Whether a program of that set runs now: a lab that was started before the recipe changed."""
    for program in Path("/proc").glob("[0-9]*/exe"):
        with suppress(OSError):
            if program.readlink().is_relative_to(prefix):
                return True
    return False


def _package(deb: Path) -> dict[str, str]:
    name, version, _ = subprocess.run(
        ["dpkg-deb", "--show", "--showformat=${Package}\t${Version}\t", deb], capture_output=True, text=True, check=True
    ).stdout.split("\t")
    return {"name": name, "version": version, "sha256": hashlib.sha256(deb.read_bytes()).hexdigest()}


@contextmanager
def _disk_errors():
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            raise LabError(
                "Der Platz auf der Platte reicht nicht.",
                why=f"{paths.cache()}: {error}",
                next_step="Schaffe etwa 500 MB Platz oder setze XDG_CACHE_HOME auf eine andere Platte.",
            ) from error
        raise
