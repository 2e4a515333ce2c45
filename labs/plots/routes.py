"""How the arrows of the cluster's picture run: from side to side of boxes, as smooth curves that share no port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labs.plots.bundles import End
from labs.plots.layout import GAP, GUTTER, Layout, Rect

Point = tuple[float, float]
STEP, INSET = 13.0, 10.0
"""Distance of the ports of one side; distance of a port from the corner of a zone."""
OUT = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}


@dataclass(frozen=True)
class Route:
    """A chain of cubic Bézier curves: the first point, then three more for each curve."""

    points: tuple[Point, ...]

    @property
    def middle(self) -> Point:
        """The point halfway through the middle curve: where a number finds room."""
        at = (len(self.points) // 3 // 2) * 3 if len(self.points) > 4 else 0
        p0, p1, p2, p3 = self.points[at : at + 4]
        return tuple((a + 3 * b + 3 * c + d) / 8 for a, b, c, d in zip(p0, p1, p2, p3, strict=True))


def routes(pairs: Sequence[tuple[End, End]], plan: Layout) -> list[Route]:
    """One route for each pair of ends, in their order."""
    rects = [(_rect(source, plan), _rect(target, plan)) for source, target in pairs]
    sides = [_sides(source, target, plan) for source, target in pairs]
    ports: dict[tuple[End, str], list[tuple[float, int, int]]] = {}
    for index, (pair, (start, end)) in enumerate(zip(rects, sides, strict=True)):
        if pairs[index][0] == pairs[index][1]:  # a loop has a place of its own
            continue
        for which, side in enumerate((start, end)):
            other = pair[1 - which]
            along = other.y if side in ("left", "right") else other.x
            ports.setdefault((pairs[index][which], side), []).append((along, index, which))
    placed: dict[tuple[int, int], Point] = {}
    for (end, side), uses in ports.items():
        for number, (_, index, which) in enumerate(sorted(uses)):
            shift = (number - (len(uses) - 1) / 2) * STEP
            placed[index, which] = _port(_rect(end, plan), side, shift)
    found = []
    for index, (source, target) in enumerate(pairs):
        if source == target:
            found.append(_loop(rects[index][0]))
            continue
        start, end = _straightened(placed[index, 0], placed[index, 1], source, target, rects[index], sides[index])
        found.append(_route(start, end, sides[index], rects[index]))
    return found


def _rect(end: End, plan: Layout) -> Rect:
    if end.kind == "group":
        return plan.groups[end.names]
    box = plan.boxes[end.names[0]]
    if end.kind == "node":
        return box
    return next(
        rect for rect in plan.zones.values() if rect.left <= box.x <= rect.right and rect.top <= box.y <= rect.bottom
    )


def _sides(source: End, target: End, plan: Layout) -> tuple[str, str]:
    one, other = _rect(source, plan), _rect(target, plan)
    if one.bottom <= other.top or other.bottom <= one.top:
        same_column = one.left < other.right and other.left < one.right
        in_columns = [plan.zones[zone].bottom for zone in plan.columns]
        leaves_columns = bool(in_columns) and (
            one.bottom <= in_columns[0] <= other.top or other.bottom <= in_columns[0] <= one.top
        )
        if same_column and not leaves_columns and _between(one, other, plan):
            return (
                ("left", "left") if one.right > max(map(_right, plan.zones.values())) - GUTTER else ("right", "right")
            )
        if same_column or leaves_columns or not in_columns:
            return ("bottom", "top") if one.bottom <= other.top else ("top", "bottom")
    return ("right", "left") if one.x < other.x else ("left", "right")


def _right(rect: Rect) -> float:
    return rect.right


def _between(one: Rect, other: Rect, plan: Layout) -> bool:
    """Whether a box stands in the way of a vertical arrow."""
    low, high = min(one.bottom, other.bottom), max(one.top, other.top)
    return any(low <= box.top and box.bottom <= high and box.left <= one.x <= box.right for box in plan.boxes.values())


def _port(rect: Rect, side: str, shift: float) -> Point:
    if side in ("left", "right"):
        return (getattr(rect, side), rect.y + shift)
    return (rect.x + shift, getattr(rect, side))


def _straightened(
    start: Point, end: Point, source: End, target: End, rects: tuple[Rect, Rect], sides: tuple[str, str]
) -> tuple[Point, Point]:
    """A zone or a group is long enough to be left anywhere: opposite of the other end."""
    one, other = rects
    if sides[0] in ("left", "right"):
        if source.kind == "zone":
            start = (start[0], _clamped(end[1], one.top, one.bottom))
        return start, end
    if target.kind == "group":
        end = (_clamped(start[0], other.left, other.right), end[1])
    if source.kind == "zone":
        start = (_clamped(end[0], one.left, one.right), start[1])
    return start, end


def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low + INSET), high - INSET)


def _route(start: Point, end: Point, sides: tuple[str, str], rects: tuple[Rect, Rect]) -> Route:
    if sides[0] == sides[1]:  # around the boxes between
        bulge = GUTTER * 0.7 * OUT[sides[0]][0]
        return Route((start, (start[0] + bulge, start[1]), (end[0] + bulge, end[1]), end))
    if sides[0] in ("left", "right") and abs(end[0] - start[0]) > 2.5 * GUTTER:
        return _through_the_gap(start, end, rects[0])
    reach = max(abs(end[0] - start[0]), abs(end[1] - start[1])) / 2
    first, last = OUT[sides[0]], OUT[sides[1]]
    bend = (
        (start[0] + first[0] * reach, start[1] + first[1] * reach),
        (end[0] + last[0] * reach, end[1] + last[1] * reach),
    )
    return Route((start, *bend, end))


def _loop(box: Rect) -> Route:
    """Out and in again at the bottom."""
    x, y = box.right - 30, box.bottom
    return Route(((x - 11, y), (x - 14, y + 17), (x + 14, y + 17), (x + 11, y)))


def _through_the_gap(start: Point, end: Point, box: Rect) -> Route:
    """Past a whole column: along the gap below the row where the arrow begins."""
    step = GUTTER * 0.8 if end[0] > start[0] else -GUTTER * 0.8
    y = box.bottom + GAP / 2
    one, other = (start[0] + step, y), (end[0] - step, y)
    return Route(
        (
            start, ((start[0] + one[0]) / 2, start[1]), ((start[0] + one[0]) / 2, y), one,
            one, other, other,
            ((end[0] + other[0]) / 2, y), ((end[0] + other[0]) / 2, end[1]), end,
        )
    )  # fmt: skip
