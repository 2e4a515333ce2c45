"""./arbeitsbuch in a folder that belongs to somebody else."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from labs import paths

STRANGER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture
def launch():
    """A read-only copy of the launcher; a function of the stamp in its .venv (None: there is no .venv) that runs it."""
    folder = Path(tempfile.mkdtemp(prefix="fremd ", dir="/tmp"))  # a place that the other user may enter
    for name in ("arbeitsbuch", "pyproject.toml"):
        shutil.copy(paths.REPOSITORY / name, folder)

    def run(stamp):
        if stamp is not None:
            (folder / ".venv/bin").mkdir(parents=True)
            for name in ("python", "pip"):
                path = folder / ".venv/bin" / name
                path.write_text("#!/bin/sh\necho ran $@\n")
                path.chmod(0o555)
            (folder / ".venv/arbeitsbuch.stamp").write_text(stamp or fresh(folder))
            (folder / ".venv").chmod(0o555)
        folder.chmod(0o555)
        return subprocess.run([*STRANGER, folder / "arbeitsbuch", "doctor"], capture_output=True, text=True)

    yield run
    folder.chmod(0o755)
    if (folder / ".venv").exists():
        (folder / ".venv").chmod(0o755)
    shutil.rmtree(folder)


def fresh(folder):
    """The stamp as the launcher writes it: the checksum of pyproject.toml, where the folder lies, which Python."""
    with (folder / "pyproject.toml").open() as file:
        checksum = subprocess.run(["cksum"], stdin=file, capture_output=True, text=True, check=True).stdout.strip()
    return f"{checksum} {folder} {folder / '.venv/bin/python'}\n"


@pytest.mark.parametrize("stamp", [None, "stale"])
def test_who_may_not_write_there_is_told_what_to_do(launch, stamp):
    result = launch(stamp)
    assert result.returncode == 1 and result.stdout == ""
    what, step = result.stderr.splitlines()
    assert "darfst du nicht schreiben" in what and step.startswith("Nächster Schritt: cp -r '/")


def test_packages_that_are_up_to_date_can_be_used_by_everybody(launch):
    assert launch("").stdout == "ran -m labs doctor\n"
