"""Where in a file of expectations something stands, and the error that says so."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, replace

from labs.errors import LabError
from labs.policy.lines import line_of


class SchemaError(LabError):
    """A file of expectations that cannot be used: nothing has run yet."""


@dataclass(frozen=True)
class Place:
    """One entry of a TOML text: ``path`` leads to it, such as ("mail", 0, "expect")."""

    file: str
    text: str
    path: tuple[str | int, ...] = ()

    def __truediv__(self, key: str | int) -> Place:
        return replace(self, path=(*self.path, key))

    def error(self, what: str, next_step: str) -> SchemaError:
        """The error with file, line and entry."""
        line = line_of(self.text, self.path)
        kind = f", [[{self.path[0]}]] {self.path[1] + 1}" if len(self.path) > 1 else ""
        return SchemaError(f"{self.file}, Zeile {line}{kind}: {what}", next_step=next_step)

    def one_of(self, word: str, known: Collection[str], what: str, advice: str = "") -> None:
        """Raise SchemaError with the nearest valid word (else ``advice``) when ``word`` is none of ``known``."""
        if word not in known:
            nearest = difflib.get_close_matches(word.lower(), known, 1) or difflib.get_close_matches(word, known, 1)
            hint = f"Meintest du „{nearest[0]}“?" if nearest else advice or f"Erlaubt sind: {', '.join(known)}."
            raise self.error(f"{what} „{word}“ gibt es nicht.", hint)
