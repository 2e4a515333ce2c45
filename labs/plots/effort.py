"""What one mail costs under several roles, as bars: rules, questions to the DNS, time."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import BLUE, ORANGE, PURPLE, SECONDARY
from labs.plots.text import clean, fit, width
from labs.policy.effort import Effort, Efforts
from labs.rspamd.verdict import number

WIDTH = 640.0
NAME, SMALL = 8.5, 8.0
ROW, THICK, TOP = 20.0, 12.0, 66.0
PANELS: tuple[tuple[str, str, Callable[[Effort], float], Callable[[float], str]], ...] = (
    ("Regeln mit eigenem Code", BLUE, lambda row: row.rules, lambda value: f"{value:.0f}"),
    ("Fragen ans DNS", ORANGE, lambda row: row.questions, lambda value: f"{value:.0f}"),
    ("Zeit (ms, Median)", PURPLE, lambda row: row.milliseconds, number),
)


def effort(found: Efforts) -> Figure:
    """Draw ``found``: a row for each role, a panel for each quantity, labelled with the value and its share of the longest."""
    left = MARGIN + max(width(clean(row.role), NAME) for row in found.rows) + 10
    space = (WIDTH - MARGIN - left) / len(PANELS)
    bottom = TOP + ROW * len(found.rows)
    canvas = Canvas(bottom + 22, WIDTH)
    title = f"Was „{clean(found.mail)}“ je Rolle kostet"
    canvas.text(MARGIN, 13, fit(title, WIDTH - 2 * MARGIN, 11, bold=True), 11, bold=True)
    canvas.text(MARGIN, 30, "In Klammern: Anteil am längsten Balken", NAME, colour=SECONDARY)
    for row, one in enumerate(found.rows):
        canvas.text(left - 10, TOP + ROW * (row + 0.5), clean(one.role), NAME, align="right")
    canvas.text(left - 10, TOP - 12, "Rolle", SMALL, colour=SECONDARY, align="right")
    for panel, (name, colour, value, shown) in enumerate(PANELS):
        x = left + space * panel
        most = max(max(value(one) for one in found.rows), 1e-9)
        label = max(width(_label(value(one), most, shown), NAME) for one in found.rows)
        canvas.text(x, TOP - 12, name, NAME, bold=True)
        canvas.lines([(x, TOP, x, bottom)])
        for row, one in enumerate(found.rows):
            y = TOP + ROW * (row + 0.5)
            end = x + (space - label - 16) * value(one) / most
            canvas.rectangle(x, end, y, THICK, colour)
            canvas.text(end + 4, y, _label(value(one), most, shown), NAME)
    canvas.text(
        MARGIN,
        bottom + 12,
        "Im Labor antwortet das DNS sofort; im Internet wiegt jede Frage mehr.",
        SMALL,
        colour=SECONDARY,
    )
    return canvas.figure


def alternative_text_effort(found: Efforts) -> str:
    """The picture in one German sentence for each role."""
    rows = [
        f"{row.role}: {row.rules} Regeln, {row.questions} DNS-Fragen, {number(row.milliseconds)} ms"
        for row in found.rows
    ]
    return clean(f"Was „{found.mail}“ je Rolle kostet. {'; '.join(rows)}.")


def _label(value: float, most: float, shown: Callable[[float], str]) -> str:
    return f"{shown(value)} ({100 * value / most:.0f} %)"
