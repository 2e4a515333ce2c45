"""Bring pip into a virtual environment on a Debian without python3-venv: from Debian's package python3-pip-whl.

Called by the launcher before anything is installed, so the standard library must do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from labs import nickname, paths
from labs.bundle.apt import PrivateApt
from labs.errors import LabError


def main(python: str) -> None:
    """Install pip for the interpreter ``python``. Raises LabError: no apt, no mirror, no network."""
    paths.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.cache()) as folder, nickname.plain(Path(folder)) as plain:
        apt = PrivateApt(plain, "trixie")
        apt.update()
        for deb in apt.download(["python3-pip-whl"], lambda part, text: None):
            subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
        wheel = next(Path(folder).glob("usr/share/python-wheels/pip-*.whl"))
        subprocess.run(
            [python, f"{wheel}/pip", "install", "--quiet", "--no-index", "--find-links", wheel.parent, "pip"],
            check=True,
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except LabError as error:
        sys.exit(str(error))
