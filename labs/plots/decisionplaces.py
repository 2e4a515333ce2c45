"""Where everything stands in the picture of a decision: four columns, each box near what leads to it.

What goes from a hint straight to a rule gets a lane of its own between the composites. All positions in points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from labs.plots.canvas import MARGIN
from labs.plots.layout import Rect
from labs.plots.text import clean, wrap
from labs.rspamd.decision.value import POINTS, Column, Decision, Edge, Node, State

WIDTH = 688.0
COLUMNS = {
    Column.HINT: (0.0, 156.0), Column.COMPOSITE: (236.0, 388.0), Column.RULE: (422.0, 560.0), Column.ACTION: (588.0, 676.0),
}  # fmt: skip
"""From where to where each column goes, right of the margin."""
HEAD, LINE, PAD, GAP = 15.0, 10.5, 8.0, 11.0
"""Height of a box's name, of a line below it; from the edge to the text; between two boxes."""
LANE = 6.0
SMALL = 8.0
LINES = 3
"""Lines below a name at most."""


@dataclass(frozen=True)
class Places:
    """``boxes`` by the node's key; ``lanes``: target -> where its lane crosses the composites; ``notes``: lines by key."""

    boxes: Mapping[str, Rect]
    lanes: Mapping[str, Rect]
    notes: Mapping[str, Sequence[str]]
    bottom: float


def places(decision: Decision, top: float) -> Places:
    """Place all nodes of ``decision`` below ``top``."""
    nodes = {node.key: node for node in decision.nodes}
    notes = {key: note_lines(node) for key, node in nodes.items()}
    heights = {key: HEAD + LINE * max(len(lines), 1) + 4 for key, lines in notes.items()}
    straight = [edge for edge in decision.edges if _spans(edge, nodes)]
    composites = _composites(decision)
    rules = _by_sources(decision, decision.of(Column.RULE), composites)
    lanes = [key for key in rules if any(edge.target == key for edge in straight)]
    middle = _woven(composites, lanes, rules, decision)
    hints = _hints(decision, middle)
    centres: dict[str, float] = {}
    boxes: dict[str, Rect] = {}
    crossings: dict[str, Rect] = {}
    y = top
    for key in hints:
        boxes[key], y = _box(Column.HINT, y, heights[key]), y + heights[key] + GAP
        centres[key] = boxes[key].y
    y = top
    for kind, key in middle:
        sources = [edge for edge in (straight if kind == "lane" else decision.edges) if edge.target == key]
        height = LANE if kind == "lane" else heights[key]
        y = max(
            y, _mean((centres[edge.source] for edge in sources if edge.source in centres), y + height / 2) - height / 2
        )
        box = _box(Column.COMPOSITE, y, height)
        y += height + GAP
        if kind == "lane":
            crossings[key] = box
        else:
            boxes[key], centres[key] = box, box.y
    y = top
    for key in rules:
        sources = [crossings[key].y] if key in crossings else []
        sources += [centres[edge.source] for edge in decision.into(key) if edge not in straight]
        y = max(y, _mean(sources, y + heights[key] / 2) - heights[key] / 2)
        boxes[key], y = _box(Column.RULE, y, heights[key]), y + heights[key] + GAP
    for node in decision.of(Column.ACTION):
        height = heights[node.key] + 6
        middle_y = _mean((boxes[edge.source].y for edge in decision.into(node.key)), top + height / 2)
        boxes[node.key] = _box(Column.ACTION, max(top, middle_y - height / 2), height)
    return Places(boxes, crossings, notes, max(box.bottom for box in boxes.values()))


def note_lines(node: Node) -> list[str]:
    """What stands below a node's name: what is special for this mail, else what it means."""
    left, right = COLUMNS[node.column]
    space = right - left - 2 * PAD
    if node.column is Column.HINT or (node.column is Column.COMPOSITE and not node.note):
        return [clean(node.description)]
    lines = wrap(clean(node.note).split(), space, SMALL)
    return [*lines[: LINES - 1], " ".join(lines[LINES - 1 :])] if len(lines) > LINES else lines


def _spans(edge: Edge, nodes: Mapping[str, Node]) -> bool:
    return nodes[edge.source].column is Column.HINT and nodes[edge.target].column is Column.RULE


def _composites(decision: Decision) -> list[str]:
    """The composites: on the way to the action first, then held back, true, incomplete; those that give only points last.

    Each exception stands before what it holds back, and what only sums up another behind that one.
    """
    order = (State.HELD, State.ACTIVE, State.VOID, State.MISSING)

    def place(node: Node) -> tuple[bool, bool, int]:
        targets = {edge.target for edge in decision.edges if edge.source == node.key}
        return targets == {POINTS}, node.key not in decision.decisive, order.index(node.state)

    nodes = sorted(decision.of(Column.COMPOSITE), key=place)
    keys = [node.key for node in nodes]
    for edge in decision.edges:
        if edge.source in keys and edge.target in keys and edge.source != edge.target:
            moved, beside = (edge.source, edge.target) if _leads(edge.target, decision) else (edge.target, edge.source)
            keys.remove(moved)
            keys.insert(keys.index(beside) + (moved == edge.target), moved)
    return keys


def _leads(key: str, decision: Decision) -> bool:
    return any(edge.source == key for edge in decision.edges)


def _by_sources(decision: Decision, nodes: Sequence[Node], before: Sequence[str]) -> list[str]:
    """Rules in the order of what they ask; the points come last."""
    rank = {key: index for index, key in enumerate(before)}

    def place(node: Node) -> tuple[bool, bool, float]:
        ranks = [rank[edge.source] for edge in decision.into(node.key) if edge.source in rank]
        return node.key == POINTS, node.key not in decision.decisive, _mean(ranks, len(before))

    return [node.key for node in sorted(nodes, key=place)]


def _woven(
    composites: Sequence[str], lanes: Sequence[str], rules: Sequence[str], decision: Decision
) -> list[tuple[str, str]]:
    """Composites and lanes in one column: a lane comes before the first that only a later rule asks.

    What leads nowhere and follows from no other comes last.
    """
    asked = {
        key: min((rules.index(edge.target) for edge in decision.edges if edge.source == key and edge.target in rules), default=None)
        for key in composites
    }  # fmt: skip
    beside = {edge.target for edge in decision.edges if edge.source in composites}
    dead = [key for key in composites if key not in beside and not _leads(key, decision)]
    woven = [("composite", key) for key in composites if key not in dead]
    for lane in lanes:
        later = [
            index
            for index, (_, key) in enumerate(woven)
            if asked.get(key) is not None and asked[key] > rules.index(lane)
        ]
        woven.insert(later[0] if later else len(woven), ("lane", lane))
    return [*woven, *(("composite", key) for key in dead)]


def _hints(decision: Decision, middle: Sequence[tuple[str, str]]) -> list[str]:
    """Hints in the order of what they lead to."""
    rank = {key: index for index, (_, key) in enumerate(middle)}

    def place(node: Node) -> float:
        ranks = [rank.get(edge.target, len(rank)) for edge in decision.edges if edge.source == node.key]
        return _mean(ranks, len(rank))

    return [node.key for node in sorted(decision.of(Column.HINT), key=place)]


def _box(column: Column, top: float, height: float) -> Rect:
    left, right = COLUMNS[column]
    return Rect(MARGIN + left, top, MARGIN + right, top + height)


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return fmean(found) if found else otherwise
