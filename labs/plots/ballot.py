"""What the composites of one mail want of each symbol, like a ballot: one vote to keep is enough, unless "^" forces."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from labs.plots.canvas import INNER, MARGIN, WIDTH, Canvas
from labs.plots.colours import GREEN, GREY, PAPER, SECONDARY, VERMILLION
from labs.plots.expressiontree import fate_words
from labs.plots.text import clean, count, fit, wrap
from labs.rspamd.dialect.passes import Fate, Outcome, Request
from labs.rspamd.verdict import number

NAME, SMALL = 9.0, 8.0
ROW, RESULT, GAP = 17.0, 22.0, 8.0
"""Points: height of a vote and of a result, distance of two symbols."""
SYMBOL, POINTS = 322.0, 410.0
"""Where the two columns begin."""
KEEPS, TAKES = "behalten", "wegnehmen"


def ballot(outcome: Outcome, caption: str) -> Figure:
    """Draw the wishes for each symbol that a composite names; ``caption``: for which mail. Any text may be hostile."""
    affected = touched(outcome)
    fired = wrap(_fired(outcome), INNER, SMALL) if outcome.fired else []
    top = 44 + 11 * len(fired) + 14
    canvas = Canvas(top + sum(RESULT + ROW * len(votes(fate)) + GAP for fate in affected) + 20)
    canvas.text(MARGIN, 13, headline(outcome), 11, bold=True)
    canvas.text(MARGIN, 30, fit(clean(caption), INNER - 14, NAME), NAME, colour=SECONDARY)
    for i, line in enumerate(fired):
        canvas.text(MARGIN, 44 + 11 * i, line, SMALL, colour=SECONDARY)
    if not affected:
        return canvas.figure
    for x, title in ((SYMBOL, "Symbol"), (POINTS, "Punkte")):
        canvas.text(x, top - 9, title, SMALL, colour=SECONDARY)
    y = top
    for fate in affected:
        y = _draw(canvas, fate, y)
    canvas.text(
        MARGIN, y + 6, "Ein Wunsch zu behalten genügt; nur ^ setzt sich darüber hinweg.", SMALL, colour=SECONDARY
    )
    return canvas.figure


def headline(outcome: Outcome) -> str:
    """4 Composites schlagen an und wollen etwas von 5 Symbolen."""
    if not outcome.fired:
        return "Kein Composite schlägt an"
    symbols = count(len(touched(outcome)), "Symbol", "Symbolen")
    fired = count(len(outcome.fired), "Composite schlägt an und will", "Composites schlagen an und wollen")
    return f"{fired} etwas von {symbols}" if touched(outcome) else f"{fired} nichts von anderen Symbolen"


def alternative_text_ballot(outcome: Outcome) -> str:
    """The picture in words: each symbol with its fate and who wants what."""
    told = [
        f"{fate.symbol.name}: {fate_words(fate)} ({', '.join(f'{vote.composite} {wish(vote)}' for vote in votes(fate))})."
        for fate in touched(outcome)
    ]
    return clean(f"{headline(outcome)}. {' '.join(told)}")


def touched(outcome: Outcome) -> list[Fate]:
    """The symbols that a composite which fired names, those with the most points first."""
    found = [fate for fate in outcome.fates.values() if fate.requests]
    return sorted(found, key=lambda fate: (-abs(fate.symbol.score), fate.symbol.name))


def votes(fate: Fate) -> list[Request]:
    """The wishes for a symbol; the same wish of the same composite only once."""
    alike = {(vote.composite, vote.removes_symbol, vote.removes_points, vote.forced): vote for vote in fate.requests}
    return list(alike.values())


def _fired(outcome: Outcome) -> Sequence[str]:
    named = [f"{name} {number(outcome.fates[name].symbol.score, sign=True)}" for name in outcome.fired]
    return ["Angeschlagen:", *(f"{clean(text)}," for text in named[:-1]), *map(clean, named[-1:])]


def _draw(canvas: Canvas, fate: Fate, y: float) -> float:
    """One symbol: its result in a box, below it the votes. Returns where the next one begins."""
    middle, before = y + RESULT / 2, fate.symbol.score
    canvas.panel(MARGIN, y, WIDTH - MARGIN, y + RESULT - 2, fill=PAPER, edge=GREY)
    name = fit(clean(fate.symbol.name), SYMBOL - MARGIN - 24, NAME, bold=True)
    canvas.text(MARGIN + 8, middle - 1, name, NAME, bold=True)
    canvas.text(SYMBOL, middle - 1, "bleibt" if fate.stays else "fällt weg", NAME, bold=True)
    points = number(before, sign=True)
    canvas.text(POINTS, middle - 1, points if fate.keeps_points or not before else f"{points} → 0", NAME, bold=True)
    y += RESULT
    for vote in votes(fate):
        canvas.text(MARGIN + 24, y + ROW / 2, fit(clean(vote.composite), SYMBOL - MARGIN - 34, SMALL), SMALL)
        for x, takes in ((SYMBOL, vote.removes_symbol), (POINTS, vote.removes_points)):
            _vote(canvas, x, y + ROW / 2, takes or vote.forced, vote.forced)
        y += ROW
    return y + GAP


def _vote(canvas: Canvas, x: float, y: float, takes: bool, forced: bool) -> None:
    """A disc for keep, a cross for take."""
    if takes:
        canvas.lines([(x + 1, y - 3, x + 7, y + 3), (x + 1, y + 3, x + 7, y - 3)], colour=VERMILLION, thickness=1.8)
    else:
        canvas.disc(x + 4, y, 3.5, GREEN)
    canvas.text(x + 12, y, f"^ {TAKES}" if forced else TAKES if takes else KEEPS, SMALL, colour=SECONDARY)


def wish(vote: Request) -> str:
    """What a composite wants of a symbol: nimmt die Punkte."""
    if vote.forced:
        return "nimmt beides mit ^"
    return {
        (True, True): "nimmt beides", (True, False): "nimmt das Symbol", (False, True): "nimmt die Punkte",
        (False, False): "lässt beides",
    }[vote.removes_symbol, vote.removes_points]  # fmt: skip
