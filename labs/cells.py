"""The first line of a cell that writes a configuration file, and the file that it means: "%%postfix mx" is postfix-mx/main.cf."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Magic:
    """``writes``: the file, each {} a word of the line; ``default``: the last word where it is missing.

    ``title``: who checks and takes the file into use, in German; ``usage``: an example.
    """

    name: str
    title: str
    writes: str
    usage: str
    default: str = ""

    def file(self, words: Sequence[str]) -> str:
        """The file that a line with these words means; "" when there are too few or too many."""
        missing = self.writes.count("{}") - len(words)
        if missing < 0 or missing > bool(self.default):
            return ""
        return self.writes.format(*words, self.default)

    def line(self, file: str) -> str:
        """The line that means ``file``; "" when this magic does not write it."""
        match = re.fullmatch(re.escape(self.writes).replace(r"\{\}", "(.+?)"), file)
        if not match:
            return ""
        words = [word for word in match.groups() if word != self.default]
        return " ".join([f"%%{self.name}", *words])
