"""A matplotlib figure used like a sheet of paper: positions in points, from the top left corner down.

Without Axes: their ticks and spines cost more time than the whole picture, and hostile text would need escaping in
every one of them. Here all text goes through ``Canvas.text``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import nan

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from labs.plots.colours import SECONDARY, TEXT
from labs.plots.scale import Scale
from labs.plots.text import clean, points

WIDTH = 500.0
MARGIN = 6.0
INNER = WIDTH - 2 * MARGIN
"""Points that a line of text may be wide."""

TIP = "tip-"
"""Prefix of the gid of what shows a tooltip; ``labs.plots.svg`` reads it."""


class Canvas:
    """A figure of ``WIDTH`` x ``height`` points without Axes. All text is cleaned and never parsed as mathtext."""

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor="none")
        self._points = Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72) + self.figure.dpi_scale_trans

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: str = TEXT,
        bold: bool = False,
        align: str = "left",
        tip: str = "",
    ) -> None:
        """One line of text, vertically centred at ``y``."""
        artist = Text(
            x,
            y + 0.36 * size,  # half the height of capitals: places the baseline alike in every font
            clean(text),
            color=colour,
            horizontalalignment=align,
            fontproperties=_font(size, bold),
            parse_math=False,
            usetex=False,
        )
        self._add(artist, tip)

    def rectangle(self, left: float, right: float, y: float, height: float, colour: str, *, tip: str = "") -> None:
        """A bar between two x positions, vertically centred at ``y``; at least a hair wide."""
        left, right = min(left, right), max(left, right)
        corner, width = (left, y - height / 2), max(right - left, 0.8)
        # The outline is for the yellow, which is faint on white.
        self._add(Rectangle(corner, width, height, facecolor=colour, edgecolor=SECONDARY, linewidth=0.4), tip)

    def lines(
        self,
        segments: Iterable[tuple[float, float, float, float]],
        *,
        colour: str = SECONDARY,
        thickness: float = 0.7,
        dashed: bool = False,
    ) -> None:
        """Straight lines (x0, y0, x1, y1), as one artist."""
        xs, ys = [], []
        for x0, y0, x1, y1 in segments:
            xs += [x0, x1, nan]
            ys += [y0, y1, nan]
        style = (0, (4, 2.5)) if dashed else "-"
        self._add(Line2D(xs, ys, color=colour, linewidth=thickness, linestyle=style, solid_capstyle="butt"))

    def axis(self, scale: Scale, y: float, label: str) -> None:
        """The axis of ``scale`` at ``y`` with its ticks, named at the left."""
        ticks = [(scale.x(value), value) for value in scale.ticks()]
        self.lines([(scale.left, y, scale.right, y), *((x, y, x, y + 3) for x, _ in ticks)])
        for x, value in ticks:
            self.text(x, y + 10, points(value), 8, colour=SECONDARY, align="center")
        self.text(scale.left - 6, y + 10, label, 8, colour=SECONDARY, align="right")

    def _add(self, artist: Artist, tip: str = "") -> None:
        artist.set_transform(self._points)
        artist.set_zorder(1)  # drawn in the order of the calls
        if tip:
            artist.set_gid(TIP + clean(tip))
        self.figure.add_artist(artist)


@lru_cache
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="sans-serif", size=size, weight="bold" if bold else "normal")
