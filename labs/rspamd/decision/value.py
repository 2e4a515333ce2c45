"""How a policy of hints, composites and force_actions decided on one mail, as a value: columns of nodes, and edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

POINTS, ACTION = "points", "action"
"""Keys of the two nodes that are always there."""
PRE_RESULT = "Pre-Result"
"""Stands for the module where Rspamd does not name it: it does not where a pre-result says least."""


class Column(Enum):
    """The four steps; the value is the German heading."""

    HINT = "Hinweise"
    COMPOSITE = "Feststellungen"
    RULE = "Folgen"
    ACTION = "Action"


class State(Enum):
    """What a node is for this mail; the value is the German word for it.

    ACTIVE: a hint that is there, a composite that is true, a rule that fired. VOID: fired, or counted, without effect.
    """

    ACTIVE = "wahr"
    HELD = "zurückgehalten"
    MISSING = "unvollständig"
    BARRED = "gesperrt"
    VOID = "ohne Wirkung"


@dataclass(frozen=True)
class Node:
    """``key``: its own name in the graph; ``note``: what is special for this mail; ``description``: what it means.

    ``points``: what a symbol adds, such as +6,5, or "".
    """

    key: str
    column: Column
    name: str
    state: State = State.ACTIVE
    note: str = ""
    description: str = ""
    points: str = ""


@dataclass(frozen=True)
class Edge:
    """``source`` speaks for ``target``, or against it (``negated``). ``group``: through which it does (g:NAME), or "".

    ``true``: whether the source holds.
    """

    source: str
    target: str
    group: str = ""
    true: bool = True
    negated: bool = False


@dataclass(frozen=True)
class Decision:
    """``nodes`` of each column in the order in which they are drawn. ``forced_by``: the rule of force_actions, or "";

    ``module``: another module that set the action, or ""; ``message``: for the sender, variable parts as "…".
    ``others``: how many of the house's composites and rules do not concern this mail.
    ``doubts``: where the configuration in force says something else than the verdict, as German sentences.
    """

    action: str
    forced_by: str
    module: str
    message: str
    points: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    others: int
    doubts: tuple[str, ...] = ()
    subject: str = field(default="", repr=False)

    @property
    def headline(self) -> str:
        """reject, erzwungen von MALWARE: „Schadcode gefunden (Kennung …)“."""
        said = f": „{self.message}“" if self.message else ""
        if self.forced_by:
            return f"{self.action}, erzwungen von {self.forced_by}{said}"
        if self.module == PRE_RESULT:
            return f"{self.action}, gesetzt von einem Pre-Result mit least"
        if self.module:
            return f"{self.action}, gesetzt vom Modul {self.module}{said}"
        return f"{self.action} nach Punkten: {self.points}"

    @property
    def rest(self) -> str:
        """How many rules are not shown; "" when all are."""
        if not self.others:
            return ""
        return f"{self.others} weitere Regeln betreffen diese Mail nicht." if self.others > 1 else (
            "1 weitere Regel betrifft diese Mail nicht."
        )  # fmt: skip

    @property
    def composites(self) -> frozenset[str]:
        """The names of the composites that are true."""
        return frozenset(
            node.name for node in self.nodes if node.column is Column.COMPOSITE and node.state is State.ACTIVE
        )

    @property
    def decisive(self) -> frozenset[str]:
        """The keys of the nodes along which the action came: from the hints to the action."""
        found, todo = set(), [ACTION]
        while todo:
            key = todo.pop()
            found.add(key)
            todo += [edge.source for edge in self.edges if edge.target == key and edge.true and not edge.negated]
        return frozenset(found)

    def of(self, column: Column) -> list[Node]:
        return [node for node in self.nodes if node.column is column]

    def into(self, key: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.target == key]

    def paths(self) -> list[str]:
        """Each way from hints to a consequence as one line: CLAM_VIRUS → g:av_malware → POLICY_MALWARE → MALWARE."""
        told: set[str] = set()
        last = sorted([*self.of(Column.RULE), *self.of(Column.COMPOSITE)], key=lambda node: node.key == POINTS)
        return [
            f"{self._path(node, told)}{f': {node.note}' if self._remarkable(node) else ''}"
            for node in last
            if node.key not in told
        ]

    def _remarkable(self, node: Node) -> bool:
        return bool(node.note) and (node.key == POINTS or node.state is not State.ACTIVE)

    def _path(self, node: Node, told: set[str]) -> str:
        """The way to ``node``; a composite that another line has told already stands there by its name only."""
        if node.column is Column.HINT or node.key in told:
            return node.name
        told.add(node.key)
        by_key = {node.key: node for node in self.nodes}
        groups: dict[str, list[str]] = {}
        for edge in self.into(node.key):
            source = by_key[edge.source]
            if node.key == POINTS:
                groups.setdefault("", []).append(f"{source.name} {source.points}".rstrip())
            elif not edge.negated:
                held = f" ({source.note})" if self._remarkable(source) else ""
                groups.setdefault(edge.group or edge.source, []).append(f"{self._path(source, told)}{held}")
        parts = [", ".join(names) + (f" → {key}" if key and key not in by_key else "") for key, names in groups.items()]
        return " → ".join(filter(None, (" + ".join(parts), node.name)))

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {path}" for path in self.paths())]
        lines += [f"  {self.rest}"] if self.rest else []
        return "\n".join([*lines, *(f"  Achtung: {doubt}" for doubt in self.doubts)])

    __repr__ = __str__
