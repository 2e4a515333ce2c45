"""Two verdicts compared: what each symbol that came, went or changed does to the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from labs.plots.canvas import INNER, MARGIN, WIDTH, Canvas
from labs.plots.colours import BLUE, ORANGE, SECONDARY, TEXT, VERMILLION, of_action
from labs.plots.flags import PAD, Flag, draw, flags, height, in_sight, room
from labs.plots.reading import NO_POINTS, headline, thresholds, thresholds_text
from labs.plots.scale import Scale
from labs.plots.text import clean, count, fit, listed, width, wrap
from labs.rspamd.verdict import Comparison, Verdict, number

CAME, WENT, CHANGED = "neu", "weg", "geändert"
COLOURS = {CAME: VERMILLION, WENT: BLUE, CHANGED: ORANGE}
MAX_ROWS = 20
MAX_NAME = 205.0
"""Points for the name of a symbol."""
NAME, TOTAL = 8.5, 9.5
"""Font sizes of symbols and of the two totals."""
ROW, THICK, AXIS = 15.5, 11.0, 30.0
"""Points: distance of rows, height of a bar, room of an axis with its labels."""


@dataclass(frozen=True)
class Change:
    """What one symbol does to the score: ``kind`` is CAME, WENT or CHANGED."""

    name: str
    kind: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        return self.after - self.before

    @property
    def text(self) -> str:
        """The label of its bar: +6,5 neu, or with both scores where it changed."""
        if abs(self.difference) < NO_POINTS:
            return f"ohne Punkte {self.kind}"
        both = f" ({number(self.before, sign=True)} → {number(self.after, sign=True)})" if self.kind == CHANGED else ""
        return f"{number(self.difference, sign=True)} {self.kind}{both}"


def comparison(c: Comparison) -> Figure:
    """Draw ``c``: both totals and the thresholds, then the differences, the largest first. Any text may be hostile."""
    drawn, rest, silent = _parts(changes(c))
    names = [fit(clean(change.name), MAX_NAME, NAME) for change in drawn]
    left = MARGIN + max([width("Unterschied", 8), *(width(name, NAME) for name in names)]) + 7
    shared = thresholds(c.after) if thresholds(c.before) == thresholds(c.after) else ()
    limits, _ = in_sight(shared, [c.before.score, c.after.score])
    totals = _scale(left, _results(c), limits)
    steps = _scale(left, [(change.difference, width(change.text, NAME)) for change in drawn])
    flagged = flags(limits, totals)
    top = 44 + height(flagged)
    middle = top + 2 * ROW + 6
    bottom = middle + AXIS + ROW * max(len(drawn), 1) + 6
    foot = bottom + (AXIS - 2 if drawn else 4)
    words = [line for sentence in _sentences(c, rest, silent) for line in wrap(sentence, INNER, 8)]
    canvas = Canvas(foot + 11 * len(words))

    _head(canvas, c)
    _totals(canvas, c, totals, flagged, top, middle)
    y = middle + AXIS + 3 + ROW / 2
    if drawn:
        canvas.lines([(steps.x(0), middle + AXIS, steps.x(0), bottom)])
        canvas.axis(steps, bottom, "Unterschied")
    else:
        canvas.text(left, y, _nothing(c), 9, colour=SECONDARY)
    for change, name in zip(drawn, names, strict=True):
        canvas.text(left - 7, y, name, NAME, align="right", tip=change.name)
        canvas.rectangle(steps.x(0), steps.x(change.difference), y, THICK, COLOURS[change.kind], tip=change.name)
        canvas.text(steps.x(max(change.difference, 0)) + PAD + 1, y, change.text, NAME, tip=change.name)
        y += ROW
    for i, line in enumerate(words):
        canvas.text(MARGIN, foot + 11 * i, line, 8, colour=SECONDARY)
    return canvas.figure


def changes(c: Comparison) -> tuple[Change, ...]:
    """All symbols that differ, the largest difference first."""
    found = [Change(hit.name, CAME, 0.0, hit.score) for hit in c.came]
    found += [Change(hit.name, WENT, hit.score, 0.0) for hit in c.went]
    found += [Change(new.name, CHANGED, old.score, new.score) for old, new in c.changed]
    return tuple(sorted(found, key=lambda change: (-abs(change.difference), change.name)))


def alternative_text_comparison(c: Comparison) -> str:
    """The picture in German sentences: both results, and what came, went or changed."""
    head = f"Vorher {headline(c.before)}; nachher {headline(c.after)}: {_step(c)}."
    found = changes(c)
    if not found:
        return clean(f"{head} {_nothing(c)}")
    named = ", ".join(f"{change.name[:60]} {change.text}" for change in found[:4])
    more = f" und {len(found) - 4} weitere" if len(found) > 4 else ""
    return clean(f"{head} {count(len(found), 'Symbol ist', 'Symbole sind')} anders: {named}{more}.")


def _parts(found: Sequence[Change]) -> tuple[list[Change], list[Change], list[Change]]:
    """Split into what is drawn, what is too much to draw, what came or went without points."""
    scored = [change for change in found if abs(change.difference) >= NO_POINTS]
    return scored[:MAX_ROWS], scored[MAX_ROWS:], [change for change in found if change not in scored]


def _scale(left: float, labels: Sequence[tuple[float, float]], limits: Sequence[tuple[str, float]] = ()) -> Scale:
    """A scale for bars of the scores in ``labels`` with texts of that width, and for the thresholds ``limits``."""
    spans = [(score, 0.0) for score, _ in labels] + [(max(score, 0.0), PAD + 2 + text) for score, text in labels]
    return Scale.fit(left, WIDTH - 2 * MARGIN, [*spans, *((value, room(action, value)) for action, value in limits)])


def _results(c: Comparison) -> list[tuple[float, float]]:
    """Both scores with the width of their labels."""
    return [(verdict.score, width(_result(verdict), TOTAL, bold=True)) for verdict in (c.before, c.after)]


def _totals(canvas: Canvas, c: Comparison, scale: Scale, names: Sequence[Flag], top: float, bottom: float) -> None:
    """The upper part: both scores as bars, across the thresholds."""
    rows = [top + 3 + ROW / 2, top + 3 + ROW * 1.5]
    labels = [(scale.x(max(score, 0.0)), size) for score, size in _results(c)]
    holes = [(x, y - ROW / 2, x + 2 * PAD + size, y + ROW / 2) for (x, size), y in zip(labels, rows, strict=True)]
    draw(canvas, names, c.after.action, top, bottom, holes)
    canvas.lines([(scale.x(0), top, scale.x(0), bottom)])
    canvas.axis(scale, bottom, "Punkte")
    parts = [("vorher", c.before, SECONDARY), ("nachher", c.after, TEXT)]
    for (label, verdict, colour), (x, _), y in zip(parts, labels, rows, strict=True):
        canvas.text(scale.left - 7, y, label, TOTAL, bold=True, align="right")
        canvas.rectangle(scale.x(0), scale.x(verdict.score), y, THICK, colour)
        canvas.text(x + PAD + 1, y, _result(verdict), TOTAL, bold=True, colour=of_action(verdict.action))


def _head(canvas: Canvas, c: Comparison) -> None:
    before, after = (clean(verdict.action)[:24].upper() for verdict in (c.before, c.after))
    actions = f"Weiterhin {after}" if c.before.action == c.after.action else f"{before} → {after}"
    title = f"{actions} · {_step(c)}"
    canvas.text(MARGIN, 13, fit(title, INNER, 11, bold=True), 11, bold=True)
    facts = [f"{len(hits)} {kind}" for kind, hits in ((CAME, c.came), (WENT, c.went), (CHANGED, c.changed)) if hits]
    old, new = clean(c.before.subject), clean(c.after.subject)
    if old != new:
        facts.append(f"„{old[:30]}“ → „{new[:30]}“")
    elif new:
        facts.append(f"„{new[:60]}“")
    canvas.text(MARGIN, 30, fit(" · ".join(facts), INNER, 9), 9, colour=SECONDARY)


def _sentences(c: Comparison, rest: Sequence[Change], silent: Sequence[Change]) -> list[list[str]]:
    """What is not drawn: sentences, word by word."""
    sentences: list[list[str]] = []
    if rest:
        together = number(sum(change.difference for change in rest), sign=True)
        more = count(len(rest), "weiteres Symbol", "weitere Symbole")
        sentences.append(f"Nicht gezeichnet: {more}, zusammen {together} Punkte".split())
    for kind in (CAME, WENT):
        if names := [fit(clean(change.name), MAX_NAME, 8) for change in silent if change.kind == kind]:
            sentences.append(["Ohne", "Punkte", f"{kind}:", *listed(names)])
    if thresholds(c.before) != thresholds(c.after):
        parts = (("vorher", c.before), ("nachher", c.after))
        sentences += [f"Schwellen {when}: {thresholds_text(verdict)}".split() for when, verdict in parts]
    return sentences


def _result(verdict: Verdict) -> str:
    return f"{number(verdict.score)} · {clean(verdict.action)[:24]}"


def _step(c: Comparison) -> str:
    step = c.after.score - c.before.score
    return f"{number(step, sign=True)} Punkte" if abs(step) >= NO_POINTS else "gleich viele Punkte"


def _nothing(c: Comparison) -> str:
    return "Beide Male dieselben Symbole mit denselben Punkten." if c.same else "Kein Symbol hat andere Punkte."
