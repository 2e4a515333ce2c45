"""Where the workbook keeps things: one cache folder and one state folder of the user, nothing else.

Standard library only: the launcher's first steps run before any package is installed.
Source: XDG Base Directory Specification.
"""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = REPOSITORY / "notebooks"


def _folder(variable: str, default: str) -> Path:
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path.home() / default) / "arbeitsbuch"


def cache() -> Path:
    """What can be fetched again: the bundle of servers, the browser for tests."""
    return _folder("XDG_CACHE_HOME", ".cache")


def state() -> Path:
    """What belongs to the reader: running labs, their logs, progress, settings of Jupyter."""
    return _folder("XDG_STATE_HOME", ".local/state")


def make_state() -> Path:
    """``state()``, made when it is missing, and closed to other users even if it was there before."""
    folder = state()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
