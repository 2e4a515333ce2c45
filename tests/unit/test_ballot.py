"""The picture of what composites want: every wish and its result in words, nothing overlaps, hostile text stays text."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from labs.plots.ballot import alternative_text_ballot, ballot, touched, votes
from labs.plots.svg import svg
from labs.rspamd.composites.parser import parse
from labs.rspamd.dialect.passes import Composite, run
from labs.rspamd.verdict import Symbol

HITS = [
    Symbol("A", 2.0, 2.0, ("x",), "", (), 0.0),
    Symbol("B", 0.5, 0.5, ("x",), "<b>", (), 0.0),
    Symbol("LANG_" * 30, 1.0, 1.0, ("y",), "", (), 0.0),
]


def outcome(*rules):
    """Of composites (name, expression, policy)."""
    made = [Composite(name, parse(text), policy, 1.0, ("own",)) for name, text, policy in rules]
    return run(made, HITS, 3.5)


CONFLICT = [("NIMMT", "A & B", "remove_all"), ("PUNKTE", "A & A", "remove_weight"), ("LAESST", "A", "leave")]
OUTCOMES = {
    "conflict": CONFLICT,
    "nothing": [("NIE", "C", "leave")],
    "no wish": [("NUR_NICHT", "!C", "leave")],
    "forced": [("<script>", "^A", "leave"), ("LAESST", "A", "leave")],
    "long": [("NAME_" * 40, "g:y", "remove_symbol")],
}


def texts(figure):
    FigureCanvasAgg(figure)
    return [
        (artist.get_text(), artist.get_window_extent()) for artist in figure.findobj(Text) if artist.get_text().strip()
    ]


@pytest.mark.parametrize("rules", OUTCOMES.values(), ids=OUTCOMES)
def test_no_text_overlaps_another_or_leaves_the_picture(rules):
    figure = ballot(outcome(*rules), "Betreff " * 40)
    found = texts(figure)
    assert len(found) >= 2
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height, text
    assert not [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]


@pytest.mark.parametrize("rules", OUTCOMES.values(), ids=OUTCOMES)
def test_it_is_valid_svg_with_alternative_text(rules):
    result = outcome(*rules)
    alt = alternative_text_ballot(result)
    root = ElementTree.fromstring(svg(ballot(result, "<b>"), alt))
    assert root.get("role") == "img" and root.get("aria-label") == alt and alt
    assert not [element for element in root.iter() if element.tag.rpartition("}")[2] in ("script", "b")]


def test_one_wish_to_keep_is_enough_and_all_wishes_are_shown():
    result = outcome(*CONFLICT)
    said = [text for text, _ in texts(ballot(result, ""))]
    assert said[0] == "3 Composites schlagen an und wollen etwas von 2 Symbolen"
    begin = said.index("A")
    assert said[begin + 1 : begin + 3] == ["bleibt", "+2,0"]
    assert said[begin + 3 : begin + 6] == ["NIMMT", "wegnehmen", "wegnehmen"]
    assert said[begin + 6 : begin + 9] == ["PUNKTE", "behalten", "wegnehmen"]
    assert said[begin + 9 : begin + 12] == ["LAESST", "behalten", "behalten"]
    begin = said.index("B")
    assert said[begin + 1 : begin + 3] == ["fällt weg", "+0,5 → 0"]


def test_the_same_wish_is_shown_once():
    (fate,) = touched(outcome(("PUNKTE", "A & A", "remove_weight")))
    assert len(fate.requests) == 2 and len(votes(fate)) == 1


def test_force_is_marked():
    said = [text for text, _ in texts(ballot(outcome(*OUTCOMES["forced"]), ""))]
    assert said[said.index("A") + 1 :][:2] == ["fällt weg", "+2,0 → 0"] and said.count("^ wegnehmen") == 2


def test_alternative_text_names_who_wants_what():
    alt = alternative_text_ballot(outcome(*CONFLICT))
    assert "A: Symbol und Punkte bleiben (NIMMT nimmt beides, PUNKTE nimmt die Punkte, LAESST lässt beides)." in alt
    assert alternative_text_ballot(outcome(("NIE", "C", "leave"))).startswith("Kein Composite schlägt an")
