"""The picture of an expression: every atom with its truth in words, nothing overlaps, hostile text stays text."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from labs.plots.expressiontree import alternative_text_tree, expression_tree, tooltips_tree
from labs.plots.svg import svg
from labs.rspamd.composites.parser import parse
from labs.rspamd.dialect.passes import Composite, run, unknown
from labs.rspamd.verdict import Symbol

HITS = [
    Symbol("DBL_SPAM", 6.5, 6.5, ("spamhaus",), "<b>Domain</b> & mehr", ("x.test",), 0.0),
    Symbol("RBL_SPAMHAUS_XBL", 4.0, 4.0, ("spamhaus",), "", (), 0.0),
]
EXPRESSIONS = [
    "DBL_SPAM",
    "DBL_SPAM[/<script>alert(1)</script>/] | !(A & B[]) | g-:rbl",
    "-g:spamhaus & ~RBL_SPAMHAUS_XBL & !MAILLIST",
    "A | !(B & (C | !(D & (E | !(F & (G | !(H & (I | !(J & K)))))))))",
    "DBL_SPAM + RBL_SPAMHAUS_XBL * 2 > 10 & g+:keine",
    " | ".join(f"EIN_SEHR_LANGER_NAME_EINES_SYMBOLS_DER_NIE_IN_DAS_BILD_PASST_{number}" for number in range(25)),
]


def parts(expression):
    tree = parse(expression)
    outcome = run([Composite("MEIN", tree, weight=1.0)], HITS, 10.5)
    names = {hit.name for hit in HITS} | {"MAILLIST"}
    return outcome.results["MEIN"], outcome.fates, unknown(tree, names, {"spamhaus", "rbl"})


def texts(figure):
    FigureCanvasAgg(figure)
    return [
        (artist.get_text(), artist.get_window_extent()) for artist in figure.findobj(Text) if artist.get_text().strip()
    ]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_text_overlaps_another_or_leaves_the_picture(expression):
    result, fates, names = parts(expression)
    figure = expression_tree(result, "MEIN", "Betreff", fates, names)
    found = texts(figure)
    assert len(found) > 5
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height, text
    assert not [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_valid_svg_with_alternative_text(expression):
    result, fates, names = parts(expression)
    alt = alternative_text_tree(result, "MEIN", "Betreff <b>", names)
    root = ElementTree.fromstring(svg(expression_tree(result, "MEIN", "<b>", fates, names), alt, tooltips_tree(result)))
    assert root.get("role") == "img" and root.get("aria-label") == alt
    assert not [element for element in root.iter() if element.tag.rpartition("}")[2] in ("script", "b")]


def test_truth_and_fate_stand_in_words():
    result, fates, names = parts("-g:spamhaus & ~RBL_SPAMHAUS_XBL & !MAILLIST | FEHLT")
    said = [text for text, _ in texts(expression_tree(result, "MEIN", "", fates, names))]
    assert "MEIN schlägt an" in said and {"UND", "ODER", "NICHT"} <= set(said)
    assert "wahr: 2 Symbole, +10,5 Punkte" in said[said.index("-g:spamhaus") + 1]
    assert said[said.index("~RBL_SPAMHAUS_XBL") + 1] == "wahr: +4,0 Punkte; Symbol und Punkte bleiben"
    assert said[said.index("MAILLIST") + 1] == "falsch: Das Symbol hat nicht angeschlagen."
    assert said[said.index("FEHLT") + 1] == "falsch: Ein Symbol dieses Namens gibt es nicht."


def test_alternative_text_names_true_false_and_unknown_atoms():
    result, _, names = parts("DBL_SPAM & MAILLIST & FEHLT")
    alt = alternative_text_tree(result, "MEIN", "Betreff", names)
    assert alt == "MEIN schlägt nicht an (Betreff). Wahr: DBL_SPAM. Falsch: MAILLIST. Unbekannt: FEHLT."


def test_the_mouse_shows_what_hit():
    result, _, _ = parts("g:spamhaus")
    assert "DBL_SPAM +6,5" in tooltips_tree(result)["g:spamhaus"]
