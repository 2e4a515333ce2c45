"""One mail under several settings profiles: a grid of symbols and profiles, the points as colour."""

from __future__ import annotations

from matplotlib.figure import Figure

from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import BLUE, GREY, SECONDARY, VERMILLION, of_action
from labs.plots.reading import NO_POINTS, force
from labs.plots.text import clean, count, fit, width
from labs.rspamd.settings.scans import ProfileScans, Scan, State
from labs.rspamd.verdict import number

WIDTH = 640.0
MAX_NAME = 190.0
NAME, HEAD, SMALL = 8.5, 9.0, 8.0
ROW, TOP = 15.0, 94.0
FULL = 7.0
"""So many points give a cell its full colour."""
LEGEND = {
    State.HIT: "Treffer mit Punkten (0: ohne)",
    State.DISCARDED: "Treffer, aber das Profil verwirft das Symbol",
    State.RAN: "lief, kein Treffer",
    State.NOT_RUN: "lief nicht",
}


def heatmap(found: ProfileScans) -> Figure:
    """Draw ``found``: a row for each symbol that hit, a column for each profile, action and sum above. Text may be hostile."""
    symbols = found.symbols
    names = [fit(clean(name), MAX_NAME, NAME) for name in symbols]
    left = MARGIN + max([width("Symbol", NAME), *(width(name, NAME) for name in names)]) + 8
    step = (WIDTH - MARGIN - left) / len(found.scans)
    bottom = TOP + ROW * len(symbols)
    canvas = Canvas(bottom + 34 + MARGIN, WIDTH)
    title = f"„{clean(found.subject)}“ unter {count(len(found.scans), 'Profil', 'Profilen')}"
    canvas.text(MARGIN, 13, fit(title, WIDTH - 2 * MARGIN, 11, bold=True), 11, bold=True)
    canvas.text(MARGIN, 30, "Zeilen: Symbole, Spalten: Profile, Zahlen: Punkte", HEAD, colour=SECONDARY)
    for column, scan in enumerate(found.scans):
        _head(canvas, scan, left + step * (column + 0.5), step)
    canvas.text(left - 8, TOP - 12, "Symbol", NAME, colour=SECONDARY, align="right")
    canvas.lines([(MARGIN, TOP - 3, WIDTH - MARGIN, TOP - 3)])
    for row, (symbol, name) in enumerate(zip(symbols, names, strict=True)):
        y = TOP + ROW * (row + 0.5)
        canvas.text(left - 8, y, name, NAME, align="right", tip=symbol)
        for column, scan in enumerate(found.scans):
            _cell(canvas, found, symbol, scan, left + step * column, left + step * (column + 1), y)
    _legend(canvas, bottom + 14)
    return canvas.figure


def alternative_text_heatmap(found: ProfileScans) -> str:
    """The picture in German sentences: action and points of each profile, and how much did not run."""
    parts = []
    for scan in found.scans:
        off = sum(found.state(name, scan) is State.NOT_RUN for name in found.symbols)
        quiet = f", {count(off, 'Symbol lief', 'Symbole liefen')} nicht" if off else ""
        parts.append(f"{scan.role}: {scan.verdict.action} mit {number(scan.verdict.score)} Punkten{quiet}")
    return clean(f"„{found.subject}“ unter {count(len(parts), 'Profil', 'Profilen')}. {'; '.join(parts)}.")


def tooltips_heatmap(found: ProfileScans) -> dict[str, str]:
    """Under each name what the symbol means, under each cell what became of it."""
    tips: dict[str, str] = {}
    for symbol in found.symbols:
        known = next((hit for scan in found.scans if (hit := scan.verdict.symbol(symbol))), None)
        tips[symbol] = f"{symbol}\n{known.explanation if known else ''}".strip()
        for scan in found.scans:
            hit, state = scan.verdict.symbol(symbol), found.state(symbol, scan)
            told = f"{number(hit.score, sign=True)} Punkte" if hit else state.value
            options = f"\nOptionen: {hit.details}" if hit and hit.options else ""
            tips[f"{scan.role} {symbol}"] = f"{symbol}, {scan.role}: {told}{options}"
    return tips


def _head(canvas: Canvas, scan: Scan, x: float, step: float) -> None:
    """Name of the role in two lines, then action and sum."""
    first, _, rest = clean(scan.role).partition("_")
    verdict = scan.verdict
    for y, text in ((48.0, first), (59.0, rest)):
        canvas.text(x, y, fit(text, step - 4, SMALL), SMALL, align="center")
    action = clean(verdict.action)[:24]
    mark = "!" if force(verdict) else ""
    canvas.text(
        x, 72, fit(action + mark, step - 4, HEAD, bold=True), HEAD, bold=True, align="center", colour=of_action(action)
    )
    canvas.text(x, 84, number(verdict.score), HEAD, align="center")


def _cell(canvas: Canvas, found: ProfileScans, symbol: str, scan: Scan, left: float, right: float, y: float) -> None:
    state, hit, tip = found.state(symbol, scan), scan.verdict.symbol(symbol), f"{scan.role} {symbol}"
    score = hit.score if hit else 0.0
    text = number(score, sign=True) if abs(score) >= NO_POINTS else "0"
    _mark(canvas, state, score, text, (left + 1, y - ROW / 2 + 1, right - 1, y + ROW / 2 - 1), tip)


def _mark(
    canvas: Canvas, state: State, score: float, text: str, box: tuple[float, float, float, float], tip: str = ""
) -> None:
    """What stands for a state: told apart by form as well as by colour."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    if state is State.HIT:
        strength = 0.2 + 0.6 * min(abs(score) / FULL, 1)
        fill = "none" if abs(score) < NO_POINTS else (VERMILLION if score > 0 else BLUE, strength)
        canvas.panel(left, top, right, bottom, fill=fill, edge=SECONDARY, thickness=0.5, tip=tip)
        canvas.text(x, y, text, SMALL, align="center", tip=tip)
    elif state is State.DISCARDED:
        canvas.panel(left, top, right, bottom, edge=SECONDARY, thickness=0.5, dashed=True, tip=tip)
        canvas.text(x, y, "✗", SMALL, align="center", tip=tip)
    elif state is State.RAN:
        canvas.disc(x, y, 1.4, SECONDARY, tip=tip)
    else:
        canvas.panel(left, top, right, bottom, fill=(GREY, 0.38), tip=tip)


def _legend(canvas: Canvas, y: float) -> None:
    x = MARGIN
    for state, text in LEGEND.items():
        _mark(canvas, state, 4.0, "+4", (x, y - 6, x + 24, y + 6))
        canvas.text(x + 28, y, text, SMALL)
        x += 28 + width(text, SMALL) + 12
    canvas.text(MARGIN, y + 15, "! Action erzwungen, nicht durch Punkte", SMALL, colour=SECONDARY)
