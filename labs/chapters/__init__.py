"""The chapters: one folder each, with all that belongs to a chapter besides its notebook (and slides) of the same name.

chapter.toml   what the chapter is, see ``Chapter``
config/ROLE/   configuration that it adds
exercises/     its exercises, see labs/exercises/engine.py
claims.py      what its text says of its cells' outputs, see tests/notebooks/claims.py
test_*.py      what its text says in passing
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labs.errors import LabError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Chapter:
    """What chapter.toml says, in German where readers see it.

    ``title``: its heading; ``summary``: its line in the README; ``promise``: what it gives the reader.
    ``minutes``: how long it takes; ``needs``: chapters that come before it; ``knows``: what else a reader should know.
    ``nodes``: the nodes that it needs, or names of groups of them (topology.toml).
    ``builds_on``: the chapter whose configuration it begins with; without one it is the roles' own (labs/config).
    ``policy``: files of the recommended policy that it adds to that.
    """

    name: str
    title: str
    summary: str
    promise: str
    minutes: int
    nodes: tuple[str, ...]
    needs: tuple[str, ...] = ()
    knows: str = ""
    builds_on: str = ""
    policy: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """Such as "05"."""
        return self.name.partition("-")[0]

    @property
    def label(self) -> str:
        """How other chapters call it: "05 Actions"."""
        return f"{self.number} {self.title.partition(':')[0]}"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def chain(self) -> list[Chapter]:
        """The chapters whose configuration it has, the first one first and itself last."""
        return [*(find(self.builds_on).chain if self.builds_on else ()), self]


def chapters() -> dict[str, Chapter]:
    """All chapters by name, in their order."""
    return {path.parent.name: _read(path) for path in sorted(FOLDER.glob("*/chapter.toml"))}


def find(name: str) -> Chapter:
    """The chapter of that name. Raises LabError that lists all of them."""
    path = FOLDER / name / "chapter.toml"
    if not name or not path.is_file():
        known = ", ".join(chapters())
        raise LabError(f"Ein Kapitel „{name}“ gibt es nicht.", next_step=f"Vorhanden sind: {known}.")
    return _read(path)


@cache
def _read(path: Path) -> Chapter:
    said: Mapping[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Chapter(path.parent.name, **{key: tuple(v) if isinstance(v, list) else v for key, v in said.items()})
