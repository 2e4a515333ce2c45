"""Files of the reader's state: private, whole or not there, and never a reason for a start to fail."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labs import paths


def replace(path: Path, text: str) -> None:
    """Put ``text`` into a file of mode 0600 in one rename. Raises OSError (a full disk): the old content then stays."""
    paths.make_state()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path, kind: type) -> Any:
    """The JSON value in a file; None when it is missing. One that is damaged or no ``kind`` counts as missing, and is noted."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        note(f"{path} ist nicht lesbar und zählt als leer ({error}).")
        return None
    if not isinstance(value, kind):
        note(f"{path} enthält etwas anderes als erwartet und zählt als leer.")
        return None
    return value


def note(text: str) -> None:
    """Add a line to the log of the state folder."""
    with (paths.make_state() / "arbeitsbuch.log").open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock ``path``; when somebody else does, ``waiting`` is called once before the wait for it."""
    import filelock  # not above: the launcher's first steps run on the standard library alone

    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
