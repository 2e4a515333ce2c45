"""A short and plain name for a folder whose own is too long for a Unix socket, or has characters that servers stumble over.

Postfix splits some parameters at spaces and replaces ``$name``, supervisord reads ``%``, a socket's path has at most 107
bytes. The nickname is a symbolic link in a new folder that only this user may enter. Source: unix(7).
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labs.errors import LabError

PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
LIMIT = 107  # bytes, sun_path in unix(7)


def is_plain(folder: Path, room: int = 0) -> bool:
    """Whether servers take the path as it is, with ``room`` more bytes for what lies below it."""
    return bool(PLAIN.fullmatch(str(folder))) and len(str(folder)) + room <= LIMIT


def give(folder: Path, room: int = 0) -> Path:
    """A new nickname for ``folder`` (see ``is_plain``). Raises LabError when no place for it can be found."""
    for base in (os.environ.get("XDG_RUNTIME_DIR") or "/tmp", tempfile.gettempdir(), "/tmp", "/dev/shm"):  # noqa: S108
        if is_plain(Path(base), room + len("/arbeitsbuch-12345678/l")) and _is_safe(Path(base)):
            name = Path(tempfile.mkdtemp(prefix="arbeitsbuch-", dir=base)) / "l"
            name.symlink_to(folder)
            return name
    raise LabError(
        "Für den Zustandsordner lässt sich kein kurzer Name anlegen.",
        why=f"{folder} ist zu lang oder enthält Zeichen, mit denen Server nicht umgehen können, und /tmp ist nicht beschreibbar.",
        next_step="Setze XDG_STATE_HOME auf einen Ordner mit kurzem Namen ohne Leer- und Sonderzeichen.",
    )


@contextmanager
def plain(folder: Path, room: int = 0) -> Iterator[Path]:
    """``folder`` itself when it is plain, else a nickname for the time of the block."""
    if is_plain(folder, room):
        yield folder
        return
    name = give(folder, room)
    try:
        yield name
    finally:
        drop(name)


def keep(name: Path) -> None:
    """Make the nickname look new, for those who clear /tmp of what is old."""
    os.utime(name, follow_symlinks=False)
    os.utime(name.parent)


def drop(name: Path) -> None:
    """Remove a nickname; a name that is none stays as it is."""
    if name.is_symlink():
        shutil.rmtree(name.parent, ignore_errors=True)


def _is_safe(base: Path) -> bool:
    """Nobody else can replace what this user puts there: a folder of the user's own, or one with the sticky bit."""
    try:
        found = base.stat()
    except OSError:
        return False
    own = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return os.access(base, os.W_OK | os.X_OK) and (own or bool(found.st_mode & stat.S_ISVTX))
