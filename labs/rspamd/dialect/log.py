"""Read Rspamd's log: the last lines, or the lines of one scan."""

from __future__ import annotations

import re
from pathlib import Path

from labs.visible import visible

_TAIL = 512 * 1024


class Text(str):
    """Text of several lines that a notebook shows as such, not as a Python string."""

    __slots__ = ()

    def __new__(cls, text: str) -> Text:
        return super().__new__(cls, visible(text))

    __repr__ = str.__str__


def tail(path: Path, lines: int, containing: str = "") -> Text:
    """The last ``lines`` lines (that contain a word); an empty string when there is no log yet."""
    return Text("\n".join([line for line in _last(path) if containing in line][-lines:]))


def lines_of(path: Path, queue_id: str, containing: str = "") -> Text:
    """The lines of the task that carries ``queue_id`` (and contain a word), without date and process number.

    Rspamd marks each line of a task with the same short tag: ``<a1b2c3>``.
    """
    recent = _last(path)
    tags = {match[1] for line in recent if f"<{queue_id}>" in line and (match := re.search(r"<(\w{6})>;", line))}
    own = [_short(line) for line in recent if any(f"<{tag}>;" in line for tag in tags)]
    return Text("\n".join(line for line in own if containing in line))


def _last(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read().decode(errors="replace").removesuffix("\n").split("\n")
    except FileNotFoundError:
        return []


def _short(line: str) -> str:
    return re.sub(r"^(?:\S+ ){2}#\d+", "", line, count=1)
