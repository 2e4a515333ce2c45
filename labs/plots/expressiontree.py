"""The expression of a composite as a tree: at the right its symbols, at the left what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from labs.plots.canvas import INNER, MARGIN, WIDTH, Canvas
from labs.plots.colours import GREEN, GREY, PAPER, SECONDARY, TEXT, VERMILLION
from labs.plots.text import clean, count, fit, listed, width
from labs.rspamd.composites.tree import Atom, Number, Operation, Valued
from labs.rspamd.dialect.passes import Fate, fires
from labs.rspamd.verdict import number

WORDS = {"&": "UND", "|": "ODER", "!": "NICHT"}
NAME, SMALL = 9.0, 8.0
ROW, LEAF, BOX = 38.0, 32.0, 26.0
"""Points: distance of two leaves, height of a leaf and of an operator."""
STEP, LEAF_WIDTH = 70.0, 250.0
"""Points: distance of two levels at most; width of a leaf at least, unless the tree is very deep."""
GAP = 18.0
"""Points between the box of an operator and its operands."""


@dataclass(frozen=True)
class _Place:
    """Where a node is drawn: its left and right edge and its middle."""

    result: Valued
    left: float
    right: float
    y: float
    parts: tuple[_Place, ...] = ()

    def all(self) -> Iterator[_Place]:
        yield self
        for part in self.parts:
            yield from part.all()


def expression_tree(
    result: Valued, name: str, caption: str, fates: Mapping[str, Fate], unknown: Collection[Atom]
) -> Figure:
    """Draw the tree of the composite ``name``; ``caption``: for which mail; ``fates``: what becomes of the symbols."""
    leaves = list(result.leaves())
    top = 44.0
    step = min(STEP, (INNER - LEAF_WIDTH) / max(_depth(result), 1))
    root = _place(result, MARGIN, step, iter(range(len(leaves))), top, MARGIN + step * _depth(result))
    bottom = top + ROW * len(leaves)
    canvas = Canvas(bottom + 18 + MARGIN)
    canvas.text(MARGIN, 13, fit(headline(result, name), INNER, 11, bold=True), 11, bold=True)
    canvas.text(MARGIN, 30, fit(caption, INNER, NAME), NAME, colour=SECONDARY)
    _connect(canvas, root)
    fired = fires(result)
    for place in root.all():
        if isinstance(place.result.node, Operation):
            _operator(canvas, place)
        else:
            _leaf(canvas, place, _note(place.result, fired, fates, unknown), place.result.node in unknown)
    _legend(canvas, bottom + 8)
    return canvas.figure


def headline(result: Valued, name: str) -> str:
    return f"{clean(name)} schlägt {'' if fires(result) else 'nicht '}an"


def alternative_text_tree(result: Valued, name: str, caption: str, unknown: Collection[Atom]) -> str:
    """The picture in words: whether it fires, which symbols are true, false or unknown."""
    atoms = [leaf for leaf in result.leaves() if isinstance(leaf.node, Atom)]
    kinds = {
        "Wahr": [leaf.node.text for leaf in atoms if leaf.true],
        "Falsch": [leaf.node.text for leaf in atoms if not leaf.true and leaf.node not in unknown],
        "Unbekannt": [atom.text for atom in unknown],
    }
    told = [f"{kind}: {' '.join(listed([text[:60] for text in texts]))}." for kind, texts in kinds.items() if texts]
    return clean(" ".join([f"{headline(result, name)} ({caption}).", *told]))


def tooltips_tree(result: Valued) -> dict[str, str]:
    """Under each symbol or group: what hit, with points and explanation."""
    return {
        leaf.node.text: "\n".join(
            f"{hit.name} {number(hit.score, sign=True)} {hit.explanation}".strip() for hit in leaf.hits
        )
        for leaf in result.leaves()
        if leaf.hits
    }


def _depth(result: Valued) -> int:
    return 1 + max(map(_depth, result.parts)) if result.parts else 0


def _place(result: Valued, x: float, step: float, rows: Iterator[int], top: float, leaf_left: float) -> _Place:
    """A node and all below it: leaves under each other in the right column, an operator beside the middle of its operands."""
    if not result.parts:
        return _Place(result, leaf_left, WIDTH - MARGIN, top + ROW * (next(rows) + 0.5))
    parts = tuple(_place(part, x + step, step, rows, top, leaf_left) for part in result.parts)
    return _Place(result, x, x + step - min(GAP, step / 2), (parts[0].y + parts[-1].y) / 2, parts)


def _connect(canvas: Canvas, root: _Place) -> None:
    """Lines from each operator to its operands; those to true ones are thick and lie on top."""
    links = [(place, part) for place in root.all() for part in place.parts]
    for true in (False, True):
        for place, part in links:
            if part.result.true == true:
                middle = place.right + 7
                canvas.lines(
                    [(place.right, place.y, middle, place.y), (middle, place.y, middle, part.y), (middle, part.y, part.left, part.y)],
                    colour=GREEN if true else GREY, thickness=1.8 if true else 0.9, dashed=not true,
                )  # fmt: skip


def _operator(canvas: Canvas, place: _Place) -> None:
    result, middle = place.result, (place.left + place.right) / 2
    operator = result.node.operator
    space = place.right - place.left - 4
    word = WORDS.get(operator, operator)
    _box(canvas, place, BOX, result.true)
    canvas.text(middle, place.y - 5.5, word if width(word, NAME, bold=True) <= space else operator, NAME, bold=True, align="center")  # fmt: skip
    told = number(result.value) if operator in ("+", "-", "*", "/") else _truth(result)
    if width(told, SMALL) <= space:
        canvas.text(middle, place.y + 6.5, told, SMALL, colour=SECONDARY, align="center")


def _leaf(canvas: Canvas, place: _Place, note: str, unknown: bool) -> None:
    node, space = place.result.node, place.right - place.left - 30
    tip = node.text
    _box(canvas, place, LEAF, place.result.true, VERMILLION if unknown else "")
    x, y = place.left + 12, place.y
    _mark(canvas, x, y, "unknown" if unknown else place.result.true)
    canvas.text(x + 11, y - 7, fit(clean(node.text), space, NAME, bold=True), NAME, bold=place.result.true, tip=tip)
    canvas.text(x + 11, y + 7, fit(note, space, SMALL), SMALL, colour=SECONDARY, tip=tip)


def _box(canvas: Canvas, place: _Place, height: float, true: bool, edge: str = "") -> None:
    canvas.panel(
        place.left, place.y - height / 2, place.right, place.y + height / 2, fill=PAPER,
        edge=edge or (GREEN if true else GREY), thickness=1.6 if true else 0.9, dashed=not true,
    )  # fmt: skip


def _mark(canvas: Canvas, x: float, y: float, kind: bool | str) -> None:
    """A disc for true, a dash for false, a question mark for a name that nothing has."""
    if kind == "unknown":
        canvas.text(x, y, "?", 11, bold=True, colour=TEXT, align="center")
    elif kind:
        canvas.disc(x, y, 4, GREEN)
    else:
        canvas.lines([(x - 4, y, x + 4, y)], colour=GREY, thickness=2)


def _note(result: Valued, fired: bool, fates: Mapping[str, Fate], unknown: Collection[Atom]) -> str:
    """What the second line of a leaf says."""
    node, hits = result.node, result.hits
    if isinstance(node, Number):
        return "eine Zahl"
    if node in unknown:
        return f"falsch: {'Eine Gruppe' if node.group else 'Ein Symbol'} dieses Namens gibt es nicht."
    if not hits:
        option = "mit dieser Option " if node.options else ""
        return f"falsch: {f'Kein Symbol der Gruppe hat {option}' if node.group else f'Das Symbol hat {option}nicht '}angeschlagen."
    total = sum(hit.score for hit in hits)
    points = f"{number(total, sign=True)} Punkte" if total else "ohne Punkte"
    known = f"wahr: {count(len(hits), 'Symbol', 'Symbole')}, {points}" if node.group else f"wahr: {points}"
    told = {fate_words(fates[hit.name]) for hit in hits} if fired else set()
    return f"{known}; {told.pop()}" if len(told) == 1 else known


def fate_words(fate: Fate) -> str:
    """Symbol bleibt, Punkte fallen weg."""
    if fate.stays == fate.keeps_points:
        return f"Symbol und Punkte {'bleiben' if fate.stays else 'fallen weg'}"
    return "Symbol bleibt, Punkte fallen weg" if fate.stays else "Symbol fällt weg, Punkte bleiben"


def _truth(result: Valued) -> str:
    return "wahr" if result.true else "falsch"


def _legend(canvas: Canvas, y: float) -> None:
    x = MARGIN + 5
    for kind, word in ((True, "wahr"), (False, "falsch"), ("unknown", "unbekannter Name, also falsch")):
        _mark(canvas, x, y, kind)
        canvas.text(x + 9, y, word, SMALL, colour=SECONDARY)
        x += 9 + width(word, SMALL) + 22
