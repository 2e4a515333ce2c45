"""A matplotlib figure used like a sheet of paper: positions in points, from the top left corner down.

Without Axes: their ticks and spines cost more time than the whole picture, and hostile text would need escaping in
every one of them. Here all text goes through ``Canvas.text``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import hypot, nan

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
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
    """A figure of ``width`` x ``height`` points without Axes. All text is cleaned and never parsed as mathtext."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
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

    def panel(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        fill: str | tuple[str, float] = "none",
        edge: str = "none",
        thickness: float = 0.7,
        dashed: bool = False,
        tip: str = "",
    ) -> None:
        """A box with round corners. ``fill``: a colour, or a colour with its opacity."""
        style, line = "round,pad=0,rounding_size=4", (0, (4, 2.5)) if dashed else "-"
        self._add(
            FancyBboxPatch(
                (left, top), right - left, bottom - top, style, mutation_aspect=1,
                facecolor=fill, edgecolor=edge, linewidth=thickness, linestyle=line,
            ),
            tip,
        )  # fmt: skip

    def disc(self, x: float, y: float, radius: float, colour: str, *, tip: str = "") -> None:
        self._add(Circle((x, y), radius, facecolor=colour, edgecolor="none"), tip)

    def arrow(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str,
        thickness: float,
        head: float,
        opacity: float = 1.0,
        dashed: bool = False,
        tip: str = "",
    ) -> None:
        """Cubic Bézier curves through ``points`` (one, then three for each curve) with a head of length ``head``."""
        (x0, y0), (x, y) = points[-2:]
        length = hypot(x - x0, y - y0) or 1.0
        dx, dy = (x - x0) / length, (y - y0) / length
        ends = (*points[:-1], (x - dx * head * 0.8, y - dy * head * 0.8))
        path = Path(ends, [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1))
        line = (0, (3, 2)) if dashed else "-"
        self._add(
            PathPatch(
                path,
                facecolor="none",
                edgecolor=(colour, opacity),
                linewidth=thickness,
                linestyle=line,
                capstyle="butt",
            ),
            tip,
        )
        if tip:  # a thin line is hard to hit
            self._add(PathPatch(path, facecolor="none", edgecolor=(colour, 0.003), linewidth=10, capstyle="butt"), tip)
        base = x - dx * head, y - dy * head
        corners = [(x, y), (base[0] - dy * head * 0.45, base[1] + dx * head * 0.45)]
        corners.append((base[0] + dy * head * 0.45, base[1] - dx * head * 0.45))
        self._add(Polygon(corners, closed=True, facecolor=(colour, opacity), edgecolor="none"), tip)

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
