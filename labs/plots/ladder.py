"""Thresholds as a ladder: which action applies from how many points, and where a mail lies on it."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from labs.plots.canvas import MARGIN, WIDTH, Canvas
from labs.plots.colours import ALERT, BLUE, GREEN, GREY, ORANGE, PURPLE, SECONDARY, SKY, TEXT, YELLOW
from labs.plots.scale import Scale
from labs.plots.text import clean, fit, points, width
from labs.rspamd.verdict import ACTIONS, number

BANDS = {
    "no action": GREEN, "greylist": SKY, "add header": YELLOW, "rewrite subject": ORANGE,
    "reject": ALERT, "discard": GREY, "quarantine": PURPLE,
}  # fmt: skip
TOP, BAND, ROW = 40.0, 26.0, 14.0
"""Points: where the band begins, its height, the distance of the lines below it."""


def ladder(thresholds: Mapping[str, float], score: float, action: str, low: float = -5, high: float = 25) -> Figure:
    """Draw the axis from ``low`` to ``high`` points with a band for each action, and the mail as a mark at ``score``.

    ``action``: what Rspamd decided, in the heading; with greylisting it may differ from the band.
    """
    steps = rungs(thresholds, low, high)
    names = [name for name, _, _ in steps]
    canvas = Canvas(TOP + BAND + 34 + ROW * len(names) + MARGIN)
    canvas.text(MARGIN, 12, f"{clean(action).upper()} · {number(score)} Punkte", 12, bold=True)
    left, right = MARGIN + 46, WIDTH - MARGIN - 8
    scale = Scale(left, right, low, (right - left) / (high - low), 0.0)
    for name, start, end in steps:
        canvas.rectangle(scale.x(start), scale.x(end), TOP + BAND / 2, BAND, BANDS.get(name, BLUE), tip=name)
    place = scale.x(min(max(score, low), high))
    canvas.lines([(place, TOP - 8, place, TOP + BAND + 4)], colour=TEXT, thickness=2.2)
    side = "left" if place < left + 30 else "right" if place > right - 30 else "center"
    canvas.text(place, TOP - 14, "diese Mail", 8, align=side)
    canvas.axis(scale, TOP + BAND + 4, "Punkte")
    for number_, (name, start, _) in enumerate(steps):
        y = TOP + BAND + 34 + ROW * number_
        canvas.rectangle(MARGIN, MARGIN + 10, y, 9, BANDS.get(name, BLUE))
        limit = f"ab {points(start)}" if start > low else "darunter"
        label = f"{clean(name)[:30]} {limit}"
        canvas.text(MARGIN + 16, y, label, 8.5, bold=True)
        meaning = ACTIONS.get(name, "eigene Action")
        canvas.text(MARGIN + 26 + width(label, 8.5, bold=True), y, fit(meaning, 260, 8.5), 8.5, colour=SECONDARY)
    return canvas.figure


def alternative_text_ladder(thresholds: Mapping[str, float], score: float, action: str) -> str:
    """The picture in two German sentences."""
    limits = ", ".join(f"{clean(name)} ab {points(start)}" for name, start, _ in rungs(thresholds, -1e9, 1e9)[1:])
    return f"{clean(action)} bei {number(score)} Punkten. Schwellen: {limits or 'keine'}."


def rungs(thresholds: Mapping[str, float], low: float, high: float) -> list[tuple[str, float, float]]:
    """(action, from, to) for each action that some score between ``low`` and ``high`` leads to, lowest first."""
    limits = sorted(
        ((value, name) for name, value in thresholds.items() if name != "no action" and low < value < high),
        key=lambda limit: limit[0],
    )
    starts = [(low, "no action"), *limits]
    ends = [*(value for value, _ in limits), high]
    return [(name, start, end) for (start, name), end in zip(starts, ends, strict=True) if end > start]
