"""The line of an entry in a TOML file; tomllib itself keeps no positions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) on which the statement begins that gives ``path`` its value, such as ("mail", 0, "via").

    ``text`` is valid TOML. A statement that is cut anywhere but at its end does not parse, so the shortest beginning
    of the file that parses and holds the entry ends with its statement, and the one that parsed before ends where the
    statement begins. 0 when there is no such entry.
    """
    lines, begin = text.split("\n"), 1
    for end in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        if _holds(document, path):
            return begin
        begin = end + 1
    return 0


def _holds(value: Any, path: Sequence[str | int]) -> bool:
    for key in path:
        if isinstance(value, list) and isinstance(key, int):
            if key >= len(value):
                return False
        elif not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
