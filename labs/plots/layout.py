"""Where everything stands in the picture of the cluster: the zones of the mail as columns, the others as bands below.

Nothing here knows a node by its name: rows follow from who sends mail to whom, so a new node finds its place.
All positions in points, from the top left corner down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from labs.cluster.topology import Link, Node
from labs.plots.bundles import Arrow, bundle, groups, mail_zones
from labs.plots.canvas import MARGIN

WIDTH = 610.0
GUTTER, GAP, PAD = 40.0, 22.0, 7.0
"""Between columns; between boxes of a column; between a zone's edge and its boxes."""
HEAD = 20.0
"""Height of a zone's name."""
FALL = 44.0
"""Between the columns and the first band: room for the arrows' words."""
PER_BAND, SIDE, CLOSE = 4, 26.0, 8.0
"""Boxes side by side in a band; their distance, which holds an arrow; their distance within a group."""


@dataclass(frozen=True)
class Rect:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        return (self.top + self.bottom) / 2

    def grown(self, by: float) -> Rect:
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True)
class Layout:
    """``zones`` and ``boxes`` (nodes) by name, ``groups`` by their members; ``bottom``: where the picture goes on."""

    zones: Mapping[str, Rect]
    boxes: Mapping[str, Rect]
    groups: Mapping[tuple[str, ...], Rect]
    columns: tuple[str, ...]
    bottom: float


def layout(nodes: Mapping[str, Node], links: Sequence[Link], heights: Mapping[str, float], top: float) -> Layout:
    """Place ``nodes`` (visible ones) below ``top``; ``heights``: of each box."""
    arrows, columns = bundle(links, nodes), mail_zones(links, nodes)
    members = {zone: [node.name for node in nodes.values() if node.zone == zone] for zone in _zones(nodes)}
    zones: dict[str, Rect] = {}
    boxes: dict[str, Rect] = {}
    bottom = top
    if columns:
        bottom = _columns({zone: members[zone] for zone in columns}, arrows, heights, top, zones, boxes)
    families = groups(links, nodes)
    for zone in (zone for zone in members if zone not in columns):
        start = bottom + (FALL if columns and bottom == zones[columns[0]].bottom else GAP / 2 if zones else 0)
        bottom = _band(zone, members[zone], families, heights, start, zones, boxes)
    frames = {family: _around([boxes[name] for name in family]).grown(5) for family in families}
    return Layout(zones, boxes, frames, tuple(columns), bottom)


def _zones(nodes: Mapping[str, Node]) -> list[str]:
    return list(dict.fromkeys(node.zone for node in nodes.values()))


def _columns(
    members: Mapping[str, list[str]], arrows: Sequence[Arrow], heights: Mapping[str, float], top: float,
    zones: dict[str, Rect], boxes: dict[str, Rect],
) -> float:  # fmt: skip
    rows = _rows(members, arrows)
    count = 1 + max(rows.values())
    tall = [max([0.0, *(heights[name] for name in rows if rows[name] == row)]) for row in range(count)]
    tops = [top + HEAD + sum(tall[:row]) + row * GAP for row in range(count)]
    bottom = tops[-1] + tall[-1] + PAD
    wide = (WIDTH - 2 * MARGIN - (len(members) - 1) * GUTTER) / len(members)
    for number, (zone, names) in enumerate(members.items()):
        left = MARGIN + number * (wide + GUTTER)
        zones[zone] = Rect(left, top, left + wide, bottom)
        for name in names:
            y = tops[rows[name]] + tall[rows[name]] / 2
            boxes[name] = Rect(left + PAD, y - heights[name] / 2, left + wide - PAD, y + heights[name] / 2)
    return bottom


def _rows(members: Mapping[str, list[str]], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The row of each node: the zone with the most neighbours as listed, then the others, each node near its partners."""
    zone_of = {name: zone for zone, names in members.items() for name in names}
    mail = [arrow for arrow in arrows if arrow.mail]
    crossings = [{zone_of[arrow.source.names[0]], zone_of[arrow.target.names[0]]} for arrow in mail]
    busy = {zone: sum(zone in pair and len(pair) > 1 for pair in crossings) for zone in members}
    pairs = [(arrow.source.names[0], arrow.target.names[0]) for arrow in mail if arrow.source.kind == "node"]
    count = max(map(len, members.values()))
    rows: dict[str, int] = {}
    for zone in sorted(members, key=lambda zone: -busy[zone]):
        names = members[zone]
        near = {
            name: [rows[other] for pair in pairs for other in _other(pair, name) if other in rows] for name in names
        }
        wanted = {name: fmean(rows) for name, rows in near.items() if rows}
        free = list(range(count))
        for name in sorted(names, key=lambda name: (name not in wanted, wanted.get(name, 0))):
            row = min(free, key=lambda row: abs(row - wanted[name])) if name in wanted else free[0]
            free.remove(row)
            rows[name] = row
    return rows


def _other(pair: tuple[str, str], name: str) -> list[str]:
    return [other for other in pair if other != name] if name in pair else []


def _band(
    zone: str, names: Sequence[str], families: Sequence[tuple[str, ...]], heights: Mapping[str, float], top: float,
    zones: dict[str, Rect], boxes: dict[str, Rect],
) -> float:  # fmt: skip
    together = {name: family for family in families for name in family}
    ordered = sorted(names, key=lambda name: names.index(together.get(name, (name,))[0]))
    lines = [ordered[start : start + PER_BAND] for start in range(0, len(ordered), PER_BAND)]
    gaps = [[CLOSE if together.get(a, a) == together.get(b, b) else SIDE for a, b in pairwise(line)] for line in lines]
    room = WIDTH - 2 * MARGIN - 2 * PAD
    wide = min(
        (room - sum(gap) - SIDE * (PER_BAND - len(line))) / PER_BAND for line, gap in zip(lines, gaps, strict=True)
    )
    y = top + HEAD + 4
    for line, gap in zip(lines, gaps, strict=True):
        x, tall = MARGIN + PAD, max(heights[name] for name in line)
        for name, space in zip(line, [*gap, 0.0], strict=True):
            boxes[name] = Rect(x, y, x + wide, y + tall)
            x += wide + space
        y += tall + GAP
    zones[zone] = Rect(MARGIN, top, WIDTH - MARGIN, y - GAP + PAD + 3)
    return zones[zone].bottom


def _around(rects: Sequence[Rect]) -> Rect:
    return Rect(
        min(rect.left for rect in rects), min(rect.top for rect in rects),
        max(rect.right for rect in rects), max(rect.bottom for rect in rects),
    )  # fmt: skip
