"""Which rules ran: one square a rule, by family, for several runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from matplotlib.figure import Figure

from labs.plots.canvas import INNER, MARGIN, WIDTH, Canvas
from labs.plots.colours import SECONDARY, SKY, VERMILLION, of_action
from labs.plots.text import clean, count, fit, width, wrap
from labs.rspamd.inquiry.run import FIRED, NEVER, SILENT, Run, RunComparison

SIDE, STEP = 5.4, 7.4
"""Points: a square, and the distance from one to the next."""
BETWEEN, FAMILY_GAP = 22.0, 6.0
LABEL = 8.5


def run_grid(found: RunComparison) -> Figure:
    """Draw ``found``: a column for each run, a block of squares for each family; the same place is the same rule."""
    rules = found.rules
    left = MARGIN + max([0.0, *(width(_family(label, names), LABEL) for label, names in rules.items())]) + 9
    space = (WIDTH - MARGIN - left - BETWEEN * (len(found.runs) - 1)) / len(found.runs)
    columns = [left + number * (space + BETWEEN) for number in range(len(found.runs))]
    across = max(int(space // STEP), 1)
    top = 78.0
    bottom = top + sum(ceil(len(names) / across) * STEP + FAMILY_GAP for names in rules.values())
    words = wrap(_words(found), INNER, 8)
    canvas = Canvas(bottom + 24 + 11 * len(words) + MARGIN)
    canvas.text(MARGIN, 13, "Welche Regeln liefen? Ein Kästchen je Regel", 11, bold=True)
    for (title, run), x in zip(found.runs.items(), columns, strict=True):
        _head(canvas, title, run, x, space)
    y = top
    for label, names in rules.items():
        canvas.text(left - 9, y + SIDE / 2, _family(label, names), LABEL, align="right")
        for run, x in zip(found.runs.values(), columns, strict=True):
            _block(canvas, run, names, x, y, across)
        y += ceil(len(names) / across) * STEP + FAMILY_GAP
    _legend(canvas, bottom + 8)
    for number, line in enumerate(words):
        canvas.text(MARGIN, bottom + 25 + 11 * number, line, 8, colour=SECONDARY)
    return canvas.figure


def alternative_text_runs(found: RunComparison) -> str:
    """The picture in German sentences: for each run how many rules ran, fired, never ran, and where most are missing."""
    total = sum(map(len, found.rules.values()))
    sentences = [f"{count(total, 'Regel', 'Regeln')} in {count(len(found.rules), 'Familie', 'Familien')}."]
    for title, run in found.runs.items():
        sentences.append(f"{title}: {run}; {len(found.never(title))} liefen nie.")
    return clean(" ".join(sentences))


def tooltips_runs(found: RunComparison) -> dict[str, str]:
    """For each rule that fired: its symbols with what they mean."""
    tips = {}
    for run in found.runs.values():
        for rule, names in run.fired.items():
            hits = (run.verdict.symbol(name) for name in names)
            lines = (f"{hit.name}: {hit.explanation}" for hit in hits if hit)
            tips[rule] = "\n".join([f"Regel {rule}", *lines])
    return tips


def _head(canvas: Canvas, title: str, run: Run, x: float, space: float) -> None:
    action, hits = clean(run.verdict.action)[:24], len(run.verdict.hits)
    head = f"{clean(title)}: {action}"
    canvas.text(x, 36, fit(head, space, 10, bold=True), 10, bold=True, colour=of_action(run.verdict.action))
    facts = f"{count(len(run.rules), 'Regel', 'Regeln')} · {count(hits, 'Symbol', 'Symbole')}"
    canvas.text(x, 50, fit(facts, space, 9), 9)
    canvas.text(x, 63, fit(f"{run.questions} DNS-Fragen", space, 9), 9, colour=SECONDARY)


def _block(canvas: Canvas, run: Run, names: Sequence[str], left: float, top: float, across: int) -> None:
    """The squares of one family in one run; all squares that say nothing by themselves are drawn as one."""
    places = {name: (left + number % across * STEP, top + number // across * STEP) for number, name in enumerate(names)}
    silent = [(x, y + SIDE / 2, x + SIDE, y + SIDE / 2) for x, y in _of(run, places, SILENT)]
    canvas.lines(silent, colour=SKY, thickness=SIDE)
    canvas.lines(_outlines(_of(run, places, NEVER)), thickness=0.5)
    for name, (x, y) in places.items():
        if run.state(name) == FIRED:
            canvas.rectangle(x, x + SIDE, y + SIDE / 2, SIDE, VERMILLION, tip=name)


def _of(run: Run, places: dict[str, tuple[float, float]], state: str) -> list[tuple[float, float]]:
    return [place for name, place in places.items() if run.state(name) == state]


def _outlines(corners: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float, float, float]]:
    """The four sides of each square, by its upper left corner."""
    for x, y in corners:
        yield from ((x, y, x + SIDE, y), (x + SIDE, y, x + SIDE, y + SIDE))
        yield from ((x + SIDE, y + SIDE, x, y + SIDE), (x, y + SIDE, x, y))


def _legend(canvas: Canvas, y: float) -> None:
    x = MARGIN
    for state in (FIRED, SILENT, NEVER):
        corner = (x, y - SIDE / 2)
        if state == FIRED:
            canvas.rectangle(x, x + SIDE, y, SIDE, VERMILLION)
        elif state == SILENT:
            canvas.lines([(x, y, x + SIDE, y)], colour=SKY, thickness=SIDE)
        else:
            canvas.lines(_outlines([corner]), thickness=0.5)
        canvas.text(x + SIDE + 5, y, state, LABEL)
        x += SIDE + 5 + width(state, LABEL) + 18


def _words(found: RunComparison) -> list[str]:
    """Who ended which run."""
    ends = [
        f"{clean(title)}: {clean(run.ended_by)} hat die Prüfung beendet."
        for title, run in found.runs.items()
        if run.ended_by
    ]
    return " ".join(ends).split()


def _family(label: str, names: Sequence[str]) -> str:
    return f"{label} ({len(names)})"
