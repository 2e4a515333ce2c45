"""An expression and what a mail answers: which atoms carry it, which hold it back, which it would still need. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from labs.rspamd.composites.tree import Atom, Valued, atoms, evaluate, negated
from labs.rspamd.verdict import Symbol

_ANY = (Symbol("", 1.0, 1.0, (), "", (), 0.0),)
"""What an atom finds in the thought "if it were there"."""


@dataclass(frozen=True)
class Question:
    """``result``: the expression with what its atoms found; ``enough``: from which worth on it counts as true."""

    result: Valued
    enough: Callable[[Valued], bool]

    @property
    def true(self) -> bool:
        return self.enough(self.result)

    @cached_property
    def negated(self) -> frozenset[Atom]:
        """The atoms that must be absent: those below an odd number of "!"."""
        atoms_of = atoms(self.result.node)
        return frozenset(atom for atom, absent in zip(atoms_of, negated(self.result.node), strict=True) if absent)

    @cached_property
    def carriers(self) -> list[Valued]:
        """The atoms that are there and speak for it."""
        return [leaf for leaf in self._leaves if leaf.hits and leaf.node not in self.negated]

    @cached_property
    def holders(self) -> list[Valued]:
        """The atoms that are there and speak against it."""
        return [leaf for leaf in self._leaves if leaf.hits and leaf.node in self.negated]

    @property
    def held(self) -> bool:
        """Whether it is false only because of atoms that should be absent."""
        return not self.true and self.would()

    @property
    def missing(self) -> tuple[list[str], bool]:
        """The atoms that it lacks, and whether each alone would be enough."""
        absent = [leaf.node for leaf in self._leaves if not leaf.hits and leaf.node not in self.negated]
        alone = [atom for atom in absent if self.would([atom])]
        return [atom.text for atom in alone or absent], bool(alone)

    def would(self, there: Collection[Atom] = ()) -> bool:
        """Whether it would be true if nothing spoke against it and the atoms ``there`` were there."""
        found = {leaf.node: leaf.hits for leaf in self._leaves}

        def find(atom: Atom) -> tuple[Symbol, ...]:
            return () if atom in self.negated else found[atom] or (_ANY if atom in there else ())

        return self.enough(evaluate(self.result.node, find))

    @property
    def _leaves(self) -> list[Valued]:
        return [leaf for leaf in self.result.leaves() if isinstance(leaf.node, Atom)]
