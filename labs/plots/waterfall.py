"""The score of a mail as a waterfall: from 0 over every symbol to the total."""

from __future__ import annotations

from matplotlib.figure import Figure

from labs.plots.bars import bars
from labs.plots.canvas import INNER, MARGIN, Canvas
from labs.plots.colours import SECONDARY
from labs.plots.flags import PAD, flags
from labs.plots.reading import force, thresholds
from labs.plots.text import clean, width, wrap
from labs.rspamd.verdict import Verdict

MAX_NAMES = 8
"""Symbols without points that are named in words."""
MAX_SUBJECT = 60
MAX_NAME = 205.0
"""Points for the name of a symbol; HFILTER_FROMHOST_NORES_A_OR_MX needs 166."""
NAME, TOTAL = 8.5, 10.0
"""Font sizes of symbols and of the sum."""
ROW, THICK, GAP, LEVEL = 15.5, 11.0, 4.0, 11.0
"""Points: distance of rows, height of a bar, extra distance between families, height of a threshold's name."""


def waterfall(verdict: Verdict) -> Figure:
    """Draw ``verdict``: bars by family, thresholds as lines, the total at the end. Any text may be hostile."""
    steps = bars(verdict)
    near, far = _in_sight(thresholds(verdict), verdict, steps)
    left = MARGIN + max(min(width(clean(bar.label), NAME), MAX_NAME) for bar in [*steps, SUM]) + 7
    scale = _scale(left, verdict, steps, near)
    names = flags(near, scale)
    note = force(verdict)
    top = (62 if note else 46) + LEVEL * (1 + max((flag.level for flag in names), default=-1))
    rows = _rows(steps, top + 3)
    bottom = rows[-1] + ROW / 2 + 3
    legend = _legend(steps)
    words = wrap(_silence(verdict), INNER, 8)
    canvas = Canvas(bottom + 24 + 14 * len(legend) + 11 * len(words) + MARGIN)

    _head(canvas, verdict, note, far)
    _lines(canvas, names, verdict, top, bottom, _holes(verdict, steps, rows, scale))
    canvas.lines([(scale.x(0), top, scale.x(0), bottom)])
    canvas.axis(scale, bottom, "Punkte")
    _steps(canvas, steps, rows, scale)
    if not steps:
        canvas.text(scale.x(0) + PAD + 2, rows[0], _nothing(verdict), 9, colour=SECONDARY)
    _total(canvas, verdict.score, rows[-1], scale)
    _foot(canvas, legend, words, bottom + 30)
    return canvas.figure
