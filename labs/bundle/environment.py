"""Python programs of a node: each set of requirements in a virtual environment of its own, below the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import filelock

from labs import paths
from labs.errors import LabError
from labs.progress import Progress


def python(requirements: tuple[str, ...]) -> Path:
    """The interpreter that finds what these requirements (as pip names them) bring; see ``ensure_environment``."""
    mark = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:10]
    return paths.cache() / f"python-{mark}" / "bin/python"


def ensure_environment(requirements: tuple[str, ...], progress: Progress) -> None:
    """Make the environment when it is missing. Raises LabError with pip's last line: no network, unknown package."""
    folder = python(requirements).parent.parent
    paths.cache().mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_suffix(".lock")):
        if (folder / "ready").exists():
            return
        progress(0, f"Python-Pakete holen: {', '.join(requirements)}")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet", *requirements]
        result = subprocess.run(pip, capture_output=True, text=True, errors="replace")
        if result.returncode:
            raise LabError(
                f"Die Python-Pakete {', '.join(requirements)} lassen sich nicht holen.",
                why=result.stderr.strip().rpartition("\n")[2],
                next_step="Prüfe Netz und Proxy und starte noch einmal; was schon läuft, läuft weiter.",
            )
        (folder / "ready").touch()
