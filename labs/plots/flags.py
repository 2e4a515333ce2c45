"""The names of the thresholds above a waterfall: none covers another, however close the thresholds are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labs.plots.canvas import Canvas
from labs.plots.colours import SECONDARY, of_action
from labs.plots.scale import Scale
from labs.plots.text import clean, points, width

SIZE = 8.0
PAD = 3.0
"""Points between a line and its name."""
HEIGHT = 11.0
"""Points of one level of names."""


@dataclass(frozen=True)
class Flag:
    """The name of a threshold, to the right of its line at ``x``; ``level`` 0 is next to the bars, 1 above it."""

    action: str
    value: float
    x: float
    level: int

    @property
    def text(self) -> str:
        return _text(self.action, self.value)

    @property
    def right(self) -> float:
        return self.x + room(self.action, self.value)


def room(action: str, value: float) -> float:
    """Points that the name of a threshold needs to the right of its line."""
    return PAD + width(_text(action, value), SIZE, bold=True)


def in_sight(
    limits: Iterable[tuple[str, float]], scores: Iterable[float]
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Split thresholds: those to draw, and those so far from all ``scores`` (reject ab 999) that bars became hairs."""
    reach = max([20.0, *(4 * abs(score) for score in scores)])
    near, far = [], []
    for limit in limits:
        (near if abs(limit[1]) <= reach else far).append(limit)
    return near, far


def flags(limits: Iterable[tuple[str, float]], scale: Scale) -> tuple[Flag, ...]:
    """Place the names of ``limits`` (action, score), lowest first.

    From right to left, each above all that its text reaches into: so no text lies on another text, nor on a line that
    rises to a higher one.
    """
    placed: list[Flag] = []
    for action, value in sorted(limits, key=lambda limit: -limit[1]):
        x = scale.x(value)
        end = x + room(action, value) + PAD
        level = 1 + max((flag.level for flag in placed if flag.x < end), default=-1)
        placed.append(Flag(action, value, x, level))
    return tuple(reversed(placed))


def height(names: Iterable[Flag]) -> float:
    """Points that the names need above the bars."""
    return HEIGHT * (1 + max((flag.level for flag in names), default=-1))


def draw(
    canvas: Canvas,
    names: Iterable[Flag],
    chosen: str,
    top: float,
    bottom: float,
    holes: Sequence[tuple[float, float, float, float]],
) -> None:
    """Lines from ``bottom`` up to the names above ``top``; that of the action ``chosen`` in bold. See ``broken``."""
    for flag in names:
        colour = of_action(flag.action, SECONDARY)
        y = top - HEIGHT * (flag.level + 0.5)
        canvas.text(flag.x + PAD, y, flag.text, SIZE, colour=colour, bold=flag.action == chosen)
        segments = broken(flag.x, y - HEIGHT / 2 + 1, bottom, holes)
        canvas.lines(segments, colour=colour, thickness=1.0, dashed=True)


def broken(
    x: float, top: float, bottom: float, holes: Sequence[tuple[float, float, float, float]]
) -> list[tuple[float, float, float, float]]:
    """The segments of a vertical line that spares texts. ``holes``: their (x0, y0, x1, y1), from top to bottom."""
    ends = [top]
    for x0, y0, x1, y1 in holes:
        if x0 < x < x1:
            ends += [y0, y1]
    ends.append(bottom)
    return [(x, upper, x, lower) for upper, lower in zip(ends[::2], ends[1::2], strict=True) if lower > upper]


def _text(action: str, value: float) -> str:
    return f"{clean(action)[:30]} ab {points(value)}"
