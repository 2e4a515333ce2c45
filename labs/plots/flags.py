"""The names of the thresholds above a waterfall: none covers another, however close the thresholds are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labs.plots.scale import Scale
from labs.plots.text import clean, points, width

SIZE = 8.0
PAD = 3.0
"""Points between a line and its name."""


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


def flags(limits: Iterable[tuple[str, float]], scale: Scale) -> tuple[Flag, ...]:
    """Place the names of ``limits`` (action, score), lowest first.

    From right to left, each as low as it can be: what lies below a name starts right of its line, so that the line
    reaches the name without crossing another one.
    """
    placed: list[Flag] = []
    for action, value in sorted(limits, key=lambda limit: -limit[1]):
        x = scale.x(value)
        end = x + room(action, value) + PAD
        taken = {flag.level for flag in placed if flag.x < end}
        level = next(level for level in range(len(placed) + 1) if level not in taken)
        placed.append(Flag(action, value, x, level))
    return tuple(reversed(placed))


def _text(action: str, value: float) -> str:
    return f"{clean(action)[:30]} ab {points(value)}"
