"""The end of a server's log, as it may be shown."""

from __future__ import annotations

from pathlib import Path

from labs.visible import Text

_TAIL = 512 * 1024


def tail(path: Path, lines: int, containing: str = "") -> Text:
    """The last ``lines`` lines (that contain a word); an empty string when there is no log yet."""
    return Text("\n".join([line for line in last_lines(path) if containing in line][-lines:]))


def last_lines(path: Path) -> list[str]:
    """The lines in the last 512 KB of a log, the first of them perhaps cut; none when there is no log yet."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read().decode(errors="replace").removesuffix("\n").split("\n")
    except FileNotFoundError:
        return []
