"""The score of a mail as a waterfall: from 0 over every symbol to the total."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.figure import Figure

from labs.plots.bars import Bar, bars, totals
from labs.plots.canvas import INNER, MARGIN, WIDTH, Canvas
from labs.plots.colours import SECONDARY, TEXT, of_action, of_family
from labs.plots.flags import PAD, broken, draw, flags, height, in_sight, room
from labs.plots.reading import force, headline, scoring, silent, thresholds, thresholds_text
from labs.plots.scale import Scale
from labs.plots.text import clean, count, fit, listed, points, width, wrap
from labs.rspamd.verdict import Verdict, number

MAX_SUBJECT = 60
MAX_NAME = 205.0
"""Points for the name of a symbol; HFILTER_FROMHOST_NORES_A_OR_MX needs 166."""
NAME, TOTAL = 8.5, 10.0
"""Font sizes of symbols and of the sum."""
ROW, THICK, GAP = 15.5, 11.0, 4.0
"""Points: distance of rows, height of a bar, extra distance between families."""


def waterfall(verdict: Verdict) -> Figure:
    """Draw ``verdict``: bars by family, thresholds as lines, the total at the end. Any text may be hostile."""
    steps = bars(verdict)
    near, far = in_sight(thresholds(verdict), [verdict.score, *(bar.end for bar in steps)])
    left = MARGIN + max([width("Summe", TOTAL, bold=True), *(width(_name(bar), NAME) for bar in steps)]) + 7
    scale = _scale(left, verdict, steps, near)
    names = flags(near, scale)
    note = force(verdict)
    top = (62 if note else 46) + height(names)
    rows = _rows(steps, top + 3)
    bottom = rows[-1] + ROW / 2 + 3
    legend = _legend(steps)
    words = wrap(_silence(verdict), INNER, 8)
    canvas = Canvas(bottom + 24 + 14 * len(legend) + 11 * len(words) + MARGIN)

    _head(canvas, verdict, note, far)
    holes = _holes(verdict, steps, rows, scale)
    draw(canvas, names, verdict.action, top, bottom, holes)
    canvas.lines(broken(scale.x(0), top, bottom, holes))
    canvas.axis(scale, bottom, "Punkte")
    _steps(canvas, steps, rows, scale)
    if not steps:
        canvas.text(scale.x(0) + PAD + 2, rows[0], _nothing(verdict), 9, colour=SECONDARY)
    _total(canvas, verdict.score, rows[-1], scale)
    _foot(canvas, legend, words, bottom + 30)
    return canvas.figure


def alternative_text(verdict: Verdict) -> str:
    """The picture in one to three German sentences: action and score, thresholds, strongest symbols."""
    note = force(verdict)
    sentences = [f"{headline(verdict)}{f' ({note})' if note else ''}."]
    if thresholds(verdict):
        sentences.append(f"Schwellen: {thresholds_text(verdict)}.")
    strongest = sorted(scoring(verdict), key=lambda hit: (-abs(hit.score), hit.name))
    if strongest:
        named = ", ".join(f"{hit.name[:60]} {number(hit.score, sign=True)}" for hit in strongest[:3])
        sentences.append(f"{count(len(strongest), 'Symbol', 'Symbole')} mit Punkten, am stärksten {named}.")
    else:
        sentences.append(_nothing(verdict))
    return clean(" ".join(sentences))


def _scale(left: float, verdict: Verdict, steps: Sequence[Bar], limits: Sequence[tuple[str, float]]) -> Scale:
    """The scale on which all bars, their labels and all thresholds with their names fit."""
    spans = [(bar.low, 0.0) for bar in steps]
    spans += [(bar.high, PAD + 1 + width(_signed(bar), NAME)) for bar in steps]
    spans += [(value, room(action, value)) for action, value in limits]
    spans += [(verdict.score, 0.0), (max(verdict.score, 0.0), PAD + 2 + width(number(verdict.score), TOTAL, bold=True))]
    return Scale.fit(left, WIDTH - 2 * MARGIN, spans)


def _rows(steps: Sequence[Bar], top: float) -> list[float]:
    """The vertical centre of each bar, then of the sum. Without bars, the first row is for a sentence."""
    rows = [top + ROW / 2]
    for bar, following in pairwise(steps):
        rows.append(rows[-1] + ROW + (GAP if bar.family != following.family else 0))
    return [*rows, rows[-1] + ROW + GAP]


def _holes(
    verdict: Verdict, steps: Sequence[Bar], rows: Sequence[float], scale: Scale
) -> list[tuple[float, float, float, float]]:
    """Where text stands right of a bar: threshold lines spare it."""
    texts = [(bar.high, width(_signed(bar), NAME)) for bar in steps] or [(0.0, width(_nothing(verdict), 9))]
    texts.append((max(verdict.score, 0.0), width(number(verdict.score), TOTAL, bold=True)))
    return [
        (scale.x(at), y - ROW / 2, scale.x(at) + 2 * PAD + size, y + ROW / 2)
        for (at, size), y in zip(texts, rows, strict=True)
    ]


def _head(canvas: Canvas, verdict: Verdict, note: str, far: Sequence[tuple[str, float]]) -> None:
    title = headline(verdict)
    subject = clean(verdict.subject)
    if len(subject) > MAX_SUBJECT:
        subject = subject[: MAX_SUBJECT - 1].rstrip() + "…"
    if subject:
        space = INNER - width(f"{title} · „“", 11, bold=True)
        title += f" · „{fit(subject, space, 11, bold=True)}“"
    canvas.text(MARGIN, 13, title, 11, bold=True, colour=of_action(verdict.action))
    quiet = len(silent(verdict))
    part = "" if not quiet else " ohne Punkte" if quiet == len(verdict.hits) else f", davon {quiet} ohne Punkte"
    facts = [count(len(verdict.hits), "Symbol", "Symbole") + part, f"{max(verdict.time_ms, 1):.0f} ms"]
    facts += [f"{clean(action)[:30]} erst ab {points(value)}" for action, value in far]
    canvas.text(MARGIN, 30, fit(" · ".join(facts), INNER, 9), 9, colour=SECONDARY)
    if note:
        canvas.text(MARGIN, 46, fit(note, INNER, 9, bold=True), 9, bold=True)


def _steps(canvas: Canvas, steps: Sequence[Bar], rows: Sequence[float], scale: Scale) -> None:
    canvas.lines(
        (scale.x(bar.end), y + THICK / 2, scale.x(bar.end), below - THICK / 2)
        for bar, y, below in zip(steps, rows, rows[1:], strict=False)
    )
    for bar, y in zip(steps, rows, strict=False):
        colour = of_family(bar.family) if bar.family else SECONDARY
        canvas.text(scale.left - 7, y, _name(bar), NAME, align="right", tip=bar.key)
        canvas.rectangle(scale.x(bar.start), scale.x(bar.end), y, THICK, colour, tip=bar.key)
        canvas.text(scale.x(bar.high) + PAD + 1, y, _signed(bar), NAME, tip=bar.key)


def _total(canvas: Canvas, score: float, y: float, scale: Scale) -> None:
    canvas.text(scale.left - 7, y, "Summe", TOTAL, bold=True, align="right")
    canvas.rectangle(scale.x(0), scale.x(score), y, THICK, TEXT)
    canvas.text(scale.x(max(score, 0.0)) + PAD + 2, y, number(score), TOTAL, bold=True)


def _legend(steps: Sequence[Bar]) -> list[list[tuple[float, str, str]]]:
    """Lines of (x, family, text): each family with its points."""
    lines: list[list[tuple[float, str, str]]] = []
    x = MARGIN
    for family, score in totals(steps).items():
        text = f"{family} {number(score, sign=True)}"
        space = 14 + width(text, NAME) + 16
        if not lines or x + space - 16 > WIDTH - MARGIN:
            lines.append([])
            x = MARGIN
        lines[-1].append((x, family, text))
        x += space
    return lines


def _foot(canvas: Canvas, legend: Sequence[Sequence[tuple[float, str, str]]], words: Sequence[str], y: float) -> None:
    for line in legend:
        for x, family, text in line:
            canvas.rectangle(x, x + 9, y, 8, of_family(family))
            canvas.text(x + 13, y, text, NAME)
        y += 14
    for line in words:
        canvas.text(MARGIN, y, line, 8, colour=SECONDARY)
        y += 11


def _silence(verdict: Verdict) -> list[str]:
    """The words about symbols without points, few of them by name."""
    names = [fit(clean(hit.name), MAX_NAME, 8) for hit in silent(verdict)]
    if not names:
        return []
    return ["Ohne", "Punkte:", *listed(names)]


def _nothing(verdict: Verdict) -> str:
    return "Kein Symbol hat Punkte gegeben oder abgezogen." if verdict.hits else "Keine Regel hat angeschlagen."


def _name(bar: Bar) -> str:
    return fit(clean(bar.label), MAX_NAME, NAME)


def _signed(bar: Bar) -> str:
    return number(bar.score, sign=True)
