"""The graph of a decision while it grows: hints appear when something asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from labs.rspamd.decision.question import Question
from labs.rspamd.decision.value import POINTS, Column, Edge, Node, State
from labs.rspamd.verdict import Symbol, Verdict, number

SHOWN = 5
"""Symbols whose points are shown one by one."""
FEW = 0.5
"""Points below which a symbol is only counted, with the others."""
ROUNDING = 0.005


@dataclass
class Graph:
    """``nodes`` by their key. ``verdict``: whose symbols are the hints."""

    verdict: Verdict
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def composite(self, name: str, question: Question, state: State, note: str, description: str) -> None:
        key, points = f"composite:{name}", shown_points(self.verdict.points(name))
        self.nodes[key] = Node(key, Column.COMPOSITE, name, state, note, description, points)
        self._link(key, question, state)

    def rule(self, name: str, question: Question, state: State, note: str, description: str) -> str:
        key = f"rule:{name}"
        self.nodes[key] = Node(key, Column.RULE, name, state, note, description)
        self._link(key, question, state)
        return key

    def source(self, hit: Symbol) -> str:
        """The key of the node of a symbol; a hint gets its node now."""
        key = f"composite:{hit.name}"
        if key not in self.nodes:
            key = f"hint:{hit.name}"
            seen = self.verdict.symbol(hit.name) or hit
            points = shown_points(seen.score)
            self.nodes.setdefault(key, Node(key, Column.HINT, hit.name, description=seen.explanation, points=points))
        return key

    def points(self) -> None:
        """Where the points come from: the symbols with most of them one by one, the others together."""
        scored = sorted(
            (hit for hit in self.verdict.hits if abs(hit.score) >= ROUNDING), key=lambda hit: -abs(hit.score)
        )
        shown = [hit for hit in scored if abs(hit.score) >= FEW][:SHOWN]
        rest = scored[len(shown) :]
        if len(rest) == 1:
            shown, rest = scored, []
        self.edges += [Edge(self.source(hit), POINTS) for hit in shown]
        if rest:
            key, name = "hint:*", f"{len(rest)} {'weitere ' if shown else ''}Symbole"
            total = number(sum(hit.score for hit in rest), sign=True)
            names = ", ".join(f"{hit.name} {number(hit.score, sign=True)}" for hit in rest)
            self.nodes[key] = Node(key, Column.HINT, name, description=names, points=total)
            self.edges.append(Edge(key, POINTS))

    def _link(self, key: str, question: Question, state: State) -> None:
        """An edge from each symbol that speaks for ``key``, and where it is held back from each that speaks against it."""
        for leaf in question.carriers:
            for hit in leaf.hits:
                source = self.source(hit)
                there = self.nodes[source].state in (State.ACTIVE, State.VOID)
                self.edges.append(Edge(source, key, leaf.node.name if leaf.node.group else "", there))
        for leaf in question.holders if state is State.HELD else ():
            group = leaf.node.name if leaf.node.group else ""
            self.edges += [Edge(self.source(hit), key, group, negated=True) for hit in leaf.hits]


def shown_points(score: float) -> str:
    """+6,5, or nothing for none."""
    return number(score, sign=True) if abs(score) >= ROUNDING else ""
