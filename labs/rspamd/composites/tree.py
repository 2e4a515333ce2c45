"""The expression of a composite as a tree, and what it is worth for the symbols of one mail.

Source: https://docs.rspamd.com/configuration/composites, and Rspamd itself, against which the tests hold it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labs.rspamd.verdict import Symbol

FAINT = 16e-5
"""What a symbol without points is worth, so that it is not nothing."""
ZERO = 1e-5
"""A whole expression must be worth more than this, or the composite does not fire."""


@dataclass(frozen=True)
class Option:
    """What stands in the brackets behind a symbol: a text that an option must equal, or a regular expression."""

    text: str
    pattern: re.Pattern[str] | None = None

    def matches(self, option: str) -> bool:
        return bool(self.pattern.search(option)) if self.pattern else option == self.text


@dataclass(frozen=True)
class Atom:
    """A symbol or a group. ``text``: as written, at ``start``; ``merged``: it was added to a chain that was there before."""

    name: str
    prefixes: str
    options: tuple[Option, ...]
    text: str
    start: int
    merged: bool = False

    @property
    def group(self) -> str:
        """The group that ``g:``, ``g+:`` or ``g-:`` asks for, or nothing."""
        return self.name.partition(":")[2] if self.name.startswith(("g:", "g+:", "g-:")) else ""

    def asks_for(self, name: str, weight: float, groups: Collection[str]) -> bool:
        """Whether a symbol of that name is meant, or belongs to the group (``+`` and ``-`` ask for its static weight)."""
        if not self.group:
            return name == self.name
        sign = {"+": weight > 0, "-": weight < 0}.get(self.name[1], True)
        return sign and self.group in groups

    def admits(self, symbol: Symbol) -> bool:
        """Whether the symbol is meant, with all options."""
        meant = self.asks_for(symbol.name, symbol.weight, symbol.groups)
        return meant and all(any(map(option.matches, symbol.options)) for option in self.options)


@dataclass(frozen=True)
class Number:
    value: float
    text: str


@dataclass(frozen=True)
class Operation:
    """``operator``: & | + * with two operands or more, - / > >= < <= = != with two, ! with one."""

    operator: str
    operands: tuple[Node, ...]


Node = Atom | Number | Operation


@dataclass(frozen=True)
class Valued:
    """A node with its worth for one mail. ``hits``: the symbols that made an atom true; ``parts``: its operands."""

    node: Node
    value: float
    hits: tuple[Symbol, ...] = ()
    parts: tuple[Valued, ...] = ()

    @property
    def true(self) -> bool:
        return _true(self.value)

    def leaves(self) -> Iterator[Valued]:
        """The atoms and numbers, from left to right."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def atoms(node: Node) -> list[Atom]:
    """The symbols and groups of a tree, from left to right."""
    if isinstance(node, Operation):
        return [atom for operand in node.operands for atom in atoms(operand)]
    return [node] if isinstance(node, Atom) else []


def negated(node: Node, below_not: bool = False) -> list[bool]:
    """For each of ``atoms(node)``: whether an odd number of "!" stands above it, so that it must not be there."""
    if isinstance(node, Operation):
        inside = below_not != (node.operator == "!")
        return [one for operand in node.operands for one in negated(operand, inside)]
    return [below_not] if isinstance(node, Atom) else []


def protected(node: Node, below_not: bool = False) -> list[bool]:
    """For each of ``atoms(node)``: whether a "!" above it keeps Rspamd from removing its symbols.

    Rspamd looks upwards from the atom, and atoms that were added to a chain know no way up: in !(A & B & C) it is only
    B and C that are protected.
    """
    if isinstance(node, Operation):
        inside = below_not or node.operator == "!"
        return [one for operand in node.operands for one in protected(operand, inside)]
    return [below_not and not node.merged] if isinstance(node, Atom) else []


def evaluate(node: Node, find: Callable[[Atom], Sequence[Symbol]]) -> Valued:
    """What a tree is worth; ``find`` gives the symbols of the mail that an atom means. Symbols count with their points."""
    if isinstance(node, Number):
        return Valued(node, node.value)
    if isinstance(node, Atom):
        hits = tuple(find(node))
        points = [hit.score or FAINT for hit in hits]
        return Valued(node, max(map(abs, points), default=0.0) if node.group else sum(points), hits)
    parts = tuple(evaluate(operand, find) for operand in node.operands)
    return Valued(node, _apply(node.operator, [part.value for part in parts]), parts=parts)


def _true(value: float) -> bool:
    return abs(value) > 2.3e-16


def _apply(operator: str, values: Sequence[float]) -> float:
    first, last = values[0], values[-1]
    results: Mapping[str, Callable[[], float]] = {
        "!": lambda: not _true(first), "&": lambda: all(map(_true, values)), "|": lambda: any(map(_true, values)),
        "+": lambda: sum(values), "*": lambda: math.prod(values), "-": lambda: first - last,
        "/": lambda: first / last if last else (math.copysign(math.inf, first) if first else math.nan),
        ">": lambda: first > last, ">=": lambda: first >= last, "<": lambda: first < last,
        "<=": lambda: first <= last, "=": lambda: first == last, "!=": lambda: first != last,
    }  # fmt: skip
    return float(results[operator]())
