"""How the policy decided on one mail: hints, composites, rules of force_actions and the action, from left to right."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import GREEN, GREY, ORANGE, PAPER, SECONDARY, TEXT, of_action
from labs.plots.decisionplaces import COLUMNS, HEAD, LINE, PAD, SMALL, WIDTH, Places, places
from labs.plots.layout import Rect
from labs.plots.text import clean, fit, width
from labs.rspamd.decision.value import ACTION, POINTS, Column, Decision, Edge, Node, State

INNER = WIDTH - 2 * MARGIN
NAME, TITLE = 8.5, 11.0
TOP = 62.0
HEADS = 7.0
LEGEND = (
    ("führt zur Action", GREEN, 2.4, False),
    ("wahr", GREEN, 1.1, False),
    ("ohne Wirkung", GREY, 1.1, True),
    ("hält zurück", ORANGE, 1.6, True),
)
"""What each kind of line says: words, colour, thickness, dashed."""
STRONG, TRUE, IDLE, HOLDS = ((colour, thickness, dashed) for _, colour, thickness, dashed in LEGEND)

Point = tuple[float, float]


def decision_picture(decision: Decision) -> Figure:
    """Draw ``decision``; names, descriptions and the subject may be hostile."""
    plan = places(decision, TOP)
    canvas = Canvas(plan.bottom + 40 + MARGIN, WIDTH)
    canvas.text(MARGIN, 12, fit(clean(decision.headline), INNER, TITLE, bold=True), TITLE, bold=True)
    if decision.subject:
        space = 0.94 * INNER  # long lines of small letters become wider than they are measured
        canvas.text(MARGIN, 28, fit(clean(f"„{decision.subject}“"), space, 9), 9, colour=SECONDARY)
    for column, (left, _) in COLUMNS.items():
        canvas.text(MARGIN + left, TOP - 14, column.value, 9, bold=True, colour=SECONDARY)
    _edges(canvas, decision, plan)
    for node in decision.nodes:
        _box(canvas, decision, node, plan)
    canvas.text(MARGIN, plan.bottom + 18, decision.rest, SMALL, colour=SECONDARY)
    _legend(canvas, plan.bottom + 34)
    return canvas.figure


def alternative_text_decision(decision: Decision) -> str:
    """The picture in German sentences: how the mail ended, and every way to it or past it."""
    nodes = {node.key: node for node in decision.nodes}
    told = [f"{decision.headline}."]
    for node in (*decision.of(Column.COMPOSITE), *decision.of(Column.RULE)):
        through = [
            f"{nodes[edge.source].name[:60]}{f' ({edge.group})' if edge.group else ''}"
            for edge in decision.into(node.key)
            if edge.true and not edge.negated
        ]
        how = "durch" if node.key == POINTS or node.state is State.ACTIVE else "trotz"
        asked = f", {how} {', '.join(through)}" if through else ""
        told.append(f"{node.name[:60]}: {node.note or node.state.value}{asked}.")
    return clean(" ".join(filter(None, [*told, decision.rest])))


def tooltips_decision(decision: Decision) -> dict[str, str]:
    """Under each box: its full name, what it means and what became of it."""
    return {
        node.key: "\n".join(filter(None, (f"{node.name} {node.points}".strip(), node.description, node.note)))
        for node in decision.nodes
    }


def _edges(canvas: Canvas, decision: Decision, plan: Places) -> None:
    """Faint lines first, so that the way to the action lies on top; then the groups beside them."""
    decisive = decision.decisive
    nodes = {node.key: node for node in decision.nodes}
    drawn = sorted(((_style(edge, nodes, decisive), edge) for edge in decision.edges), key=lambda pair: pair[0][1])
    last = {(edge.target, edge.negated): edge for _, edge in drawn if _crosses(edge, nodes)}
    for (colour, thickness, dashed), edge in drawn:
        for points, head in _routes(edge, nodes, plan, edge is last.get((edge.target, edge.negated))):
            canvas.arrow(points, colour=colour, thickness=thickness, head=head, dashed=dashed)
    taken: list[float] = []
    for edge in decision.edges:
        if edge.group and nodes[edge.source].column is Column.HINT:
            source, target = plan.boxes[edge.source], plan.boxes[edge.target]
            y = (source.y + target.y) / 2
            while any(abs(y - other) < 12 for other in taken):
                y += 3
            taken.append(y)
            x, space = (source.right + target.left) / 2 - 3, target.left - source.right - 12
            words = fit(clean(edge.group), space, SMALL)
            half = width(words, SMALL) / 2 + 2
            canvas.panel(x - half, y - 6, x + half, y + 6, fill=PAPER)
            canvas.text(x, y, words, SMALL, align="center")


def _style(edge: Edge, nodes: dict[str, Node], decisive: frozenset[str]) -> tuple[str, float, bool]:
    if edge.negated:
        return HOLDS
    if edge.source in decisive and edge.target in decisive:
        return STRONG
    return TRUE if edge.true and nodes[edge.target].state is State.ACTIVE else IDLE


def _crosses(edge: Edge, nodes: dict[str, Node]) -> bool:
    return nodes[edge.source].column is Column.HINT and nodes[edge.target].column is Column.RULE


def _routes(edge: Edge, nodes: dict[str, Node], plan: Places, last: bool) -> Iterator[tuple[list[Point], float]]:
    """Lines with the length of their heads: from box to box; a bow within the column; through the target's lane where

    composites stand between, and on from there only once (``last``): dashes over dashes would look solid.
    """
    source, target = plan.boxes[edge.source], plan.boxes[edge.target]
    start, end = (source.right, source.y), (target.left, target.y)
    if nodes[edge.source].column is nodes[edge.target].column:
        yield _bow(source, target), HEADS
    elif not _crosses(edge, nodes):
        yield [start, *_curve(start, end)], HEADS
    else:
        lane = plan.lanes[edge.target]
        a, b = (lane.left, lane.y), (lane.right, lane.y)
        yield [start, *_curve(start, a)], 0.0
        if last:
            yield [a, a, b, b, *_curve(b, end)], HEADS


def _curve(start: Point, end: Point) -> list[Point]:
    middle = (start[0] + end[0]) / 2
    return [(middle, start[1]), (middle, end[1]), end]


def _bow(source: Rect, target: Rect) -> list[Point]:
    """Down or up to a neighbour; past other boxes at the right."""
    gap = max(target.top - source.bottom, source.top - target.bottom)
    if gap < 20:
        x, down = (source.left + source.right) / 2, target.top > source.top
        start, end = (x, source.bottom if down else source.top), (x, target.top if down else target.bottom)
        return [start, end, start, end]
    start, end = (source.right, source.y), (target.right, target.y)
    return [start, (start[0] + 26, start[1]), (end[0] + 26, end[1]), end]


def _box(canvas: Canvas, decision: Decision, node: Node, plan: Places) -> None:
    box, final = plan.boxes[node.key], node.key == ACTION
    on_the_way, active = node.key in decision.decisive, node.state is State.ACTIVE
    edge = of_action(node.name, GREEN) if final else ORANGE if node.state is State.HELD else GREEN if active else GREY
    canvas.panel(
        box.left, box.top, box.right, box.bottom, fill=PAPER, edge=edge,
        thickness=2.2 if on_the_way else 1.1, dashed=not active, tip=node.key,
    )  # fmt: skip
    size, space = 10.0 if final else NAME, box.right - box.left - 2 * PAD
    down = 3 if final else 0
    name = fit(clean(node.name), space, size, bold=True)
    colour = TEXT if active else SECONDARY
    canvas.text(box.left + PAD, box.top + 11 + down, name, size, bold=True, colour=colour, tip=node.key)
    counted = any(one.source == node.key and one.target == POINTS for one in decision.edges)
    points = node.points if counted else ""
    for number, line in enumerate(plan.notes[node.key] or [""]):
        y = box.top + HEAD + LINE * number + 6 + down
        if points and not number:
            canvas.text(box.right - PAD, y, points, SMALL, bold=True, align="right", tip=node.key)
        shown = fit(line, space - (width(points, SMALL, bold=True) + 6 if points and not number else 0), SMALL)
        canvas.text(box.left + PAD, y, shown, SMALL, colour=SECONDARY, tip=node.key)


def _legend(canvas: Canvas, y: float) -> None:
    x = MARGIN
    for words, colour, thickness, dashed in LEGEND:
        canvas.lines([(x, y, x + 20, y)], colour=colour, thickness=thickness, dashed=dashed)
        canvas.text(x + 26, y, words, SMALL, colour=SECONDARY)
        x += 26 + width(words, SMALL) + 20
