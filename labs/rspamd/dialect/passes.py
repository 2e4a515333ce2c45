"""What all composites together do to the symbols of one mail: which fire, what they remove, what score remains.

Rspamd looks at every composite once, after the filters and before the postfilters, and removes at the very end.
Source: https://docs.rspamd.com/configuration/composites; src/libserver/composites, held against the server by the tests.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labs.errors import LabError
from labs.rspamd.composites.parser import parse
from labs.rspamd.composites.tree import ZERO, Atom, Node, Valued, atoms, evaluate, protected
from labs.rspamd.verdict import Symbol

POLICIES = {
    "remove_all": (True, True),
    "remove_symbol": (True, False),
    "remove_weight": (False, True),
    "leave": (False, False),
}
"""Policy -> whether symbols go, whether their points go."""
DEFAULT = "remove_all"
_OTHER_NAMES = {"": DEFAULT, "remove": DEFAULT, "default": DEFAULT, "remove_none": "leave"}


@dataclass(frozen=True)
class Composite:
    """One composite of the configuration. ``weight``: the points it brings; ``policy``: one of POLICIES."""

    name: str
    tree: Node
    policy: str = DEFAULT
    weight: float = 0.0
    groups: tuple[str, ...] = ("composite",)

    @classmethod
    def configured(
        cls, section: Mapping[str, Any], weights: Mapping[str, float], groups: Mapping[str, Sequence[str]]
    ) -> list[Composite]:
        """The section "composites" of ``rspamadm configdump -j``, without what is switched off or not understood."""
        found = []
        for name, rule in section.items():
            policy = _OTHER_NAMES.get(rule.get("policy", ""), rule.get("policy", ""))
            try:
                tree = parse(str(rule.get("expression", "")))
            except LabError:
                continue
            if rule.get("enabled", True) and policy in POLICIES:
                found.append(cls(name, tree, policy, weights.get(name, 0.0), tuple(groups.get(name, ()))))
        return found


@dataclass(frozen=True)
class Request:
    """What a composite that fired wants for a symbol because of one ``atom``. ``forced``: whatever others want."""

    composite: str
    atom: Atom
    removes_symbol: bool
    removes_points: bool
    forced: bool

    @classmethod
    def of(cls, composite: Composite, atom: Atom) -> Request:
        symbol, points = POLICIES[composite.policy]
        symbol = symbol and not set(atom.prefixes) & {"~", "-"}
        return cls(composite.name, atom, symbol, points and "-" not in atom.prefixes, "^" in atom.prefixes)


@dataclass(frozen=True)
class Fate:
    """What becomes of a symbol; ``requests``: the wishes that decided it."""

    symbol: Symbol
    requests: tuple[Request, ...] = ()

    @property
    def forced(self) -> bool:
        return any(request.forced for request in self.requests)

    @property
    def stays(self) -> bool:
        """One wish to keep it is enough, unless another forces its removal."""
        return not self.requests or not (self.forced or all(request.removes_symbol for request in self.requests))

    @property
    def keeps_points(self) -> bool:
        return not self.requests or not (self.forced or all(request.removes_points for request in self.requests))


@dataclass(frozen=True)
class Outcome:
    """After the composites. ``results``: composite -> its expression with its worth; ``fates``: symbol -> its fate."""

    results: Mapping[str, Valued]
    fates: Mapping[str, Fate]
    score: float

    @property
    def fired(self) -> tuple[str, ...]:
        return tuple(name for name, result in self.results.items() if fires(result))

    @property
    def visible(self) -> dict[str, float]:
        """The symbols that Rspamd reports, with their points."""
        return {
            name: fate.symbol.score if fate.keeps_points else 0.0 for name, fate in self.fates.items() if fate.stays
        }


def fires(result: Valued) -> bool:
    """Whether a composite with this worth becomes a symbol."""
    return abs(result.value) > ZERO


def run(composites: Sequence[Composite], symbols: Iterable[Symbol], score: float) -> Outcome:
    """Let ``composites`` (in the configuration's order) see ``symbols``; ``score``: their sum, by Rspamd itself."""
    state = _Pass({composite.name: composite for composite in composites}, {hit.name: hit for hit in symbols})
    for composite in composites:
        state.look_at(composite)
    requests: dict[str, list[Request]] = {}
    for name, result in state.results.items():
        if fires(result):
            _collect(state.composites[name], result, requests)
    fates = {name: Fate(symbol, tuple(requests.get(name, ()))) for name, symbol in state.present.items()}
    added = sum(state.present[name].score for name, result in state.results.items() if fires(result))
    removed = sum(fate.symbol.score for fate in fates.values() if not fate.keeps_points)
    return Outcome(state.results, fates, round(score + added - removed, 3) + 0.0)


def _collect(composite: Composite, result: Valued, requests: dict[str, list[Request]]) -> None:
    leaves = [leaf for leaf in result.leaves() if isinstance(leaf.node, Atom)]
    for leaf, spared in zip(leaves, protected(composite.tree), strict=True):
        for hit in () if spared else leaf.hits:
            requests.setdefault(hit.name, []).append(Request.of(composite, leaf.node))


@dataclass
class _Pass:
    """How far Rspamd has come: ``present`` grows by each composite that fires."""

    composites: Mapping[str, Composite]
    present: dict[str, Symbol]
    results: dict[str, Valued] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)

    def look_at(self, composite: Composite) -> None:
        """Evaluate once; a composite that asks for itself, or in a circle, gets "not there"."""
        if composite.name in self.begun:
            return
        self.begun.add(composite.name)
        result = evaluate(composite.tree, self.find)
        self.results[composite.name] = result
        if fires(result):
            weight = composite.weight
            self.present[composite.name] = Symbol(composite.name, weight, weight, composite.groups, "", (), 0.0)

    def find(self, atom: Atom) -> list[Symbol]:
        """The symbols that an atom means; composites that it names, or that belong to its group, are looked at first."""
        for name, composite in self.composites.items():
            if name not in self.present and atom.asks_for(name, composite.weight, composite.groups):
                self.look_at(composite)
        return [symbol for symbol in self.present.values() if atom.admits(symbol)]


def unknown(tree: Node, names: Container[str], groups: Container[str]) -> list[Atom]:
    """The atoms whose name nothing has; Rspamd takes them for false and says nothing."""
    return [atom for atom in atoms(tree) if (atom.group not in groups if atom.group else atom.name not in names)]


def written(name: str, expression: str, policy: str, weight: float) -> str:
    """The lines for local.d/composites.conf. In double quotes a backslash would need another one."""
    if re.search(r'[\\"]', expression) and "'" not in expression:
        quoted = f"'{expression}'"
    else:
        quoted = '"' + expression.replace("\\", "\\\\").replace('"', '\\"') + '"'
    chosen = f'  policy = "{policy}";\n' if policy else ""
    return f"{name} {{\n  expression = {quoted};\n  score = {weight:g};\n{chosen}}}\n"
