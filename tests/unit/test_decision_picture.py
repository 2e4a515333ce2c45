"""The picture of a decision: every node once, nothing overlaps, hostile text stays text, few and many hints."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from labs.plots.decision import alternative_text_decision, decision_picture, tooltips_decision
from labs.plots.decisionplaces import places
from labs.plots.svg import svg
from labs.rspamd.decision.value import ACTION, POINTS, Column, Decision, Edge, Node, State

EVIL = "<script>alert('$x^2$')</script>\x07\u202e"


def made(nodes, edges, **more):
    """A decision by points, if nothing else is said."""
    final = (
        Node(POINTS, Column.RULE, "Punkte", note="1,0 (reject ab 15)"),
        Node(ACTION, Column.ACTION, "no action", note="nach Punkten"),
    )
    about = {"action": "no action", "forced_by": "", "module": "", "message": "", "points": "1,0", "others": 3}
    return Decision(nodes=(*nodes, *final), edges=(*edges, Edge(POINTS, ACTION)), **(about | more))


def forced():
    """An exception that holds a composite back, a rule that decides, one that is barred."""
    return made(
        [
            Node("hint:A", Column.HINT, "A", description="ein Hinweis", points="+2,0"),
            Node("hint:B", Column.HINT, "B"),
            Node("composite:E", Column.COMPOSITE, "E", description="Ausnahme"),
            Node("composite:P", Column.COMPOSITE, "P", State.HELD, "zurückgehalten von E", "verboten"),
            Node("composite:Q", Column.COMPOSITE, "Q", description="auch verboten"),
            Node("rule:R", Column.RULE, "R", note="erzwingt reject", description="reject"),
            Node("rule:S", Column.RULE, "S", State.BARRED, "gesperrt: reject (nach Punkten) fehlt in require_action"),
        ],
        [
            Edge("hint:A", "composite:P", "g:av"),
            Edge("hint:B", "composite:E"),
            Edge("composite:E", "composite:P", negated=True),
            Edge("hint:A", "composite:Q", "g:av"),
            Edge("composite:Q", "rule:R"),
            Edge("hint:B", "rule:S"),
            Edge("hint:A", POINTS),
            Edge("rule:R", ACTION),
        ],
        action="reject",
        forced_by="R",
        message="Nein (Kennung …)",
        subject="Betreff",
    )


def crowd(count):
    """``count`` hints, each for a composite of its own and for the points."""
    hints = [
        Node(f"hint:{n}", Column.HINT, f"SYMBOL_{n}", description="Satz " * 20, points="+1,0") for n in range(count)
    ]
    composites = [
        Node(f"composite:{n}", Column.COMPOSITE, f"POLICY_{n}", State.MISSING, "es fehlt X") for n in range(count)
    ]
    edges = [Edge(f"hint:{n}", f"composite:{n}", f"g:gruppe_{n}") for n in range(count)]
    return made([*hints, *composites], [*edges, *(Edge(f"hint:{n}", POINTS) for n in range(count))])


def hostile():
    name = EVIL + "LANG_" * 40
    return made(
        [
            Node(f"hint:{name}", Column.HINT, name, description=EVIL * 9, points="+6,5"),
            Node(f"composite:{name}", Column.COMPOSITE, name, State.HELD, f"zurückgehalten von {name}", EVIL),
            Node(f"rule:{name}", Column.RULE, name, State.VOID, EVIL * 9, EVIL),
        ],
        [
            Edge(f"hint:{name}", f"composite:{name}", f"g:{name}"),
            Edge(f"composite:{name}", f"rule:{name}"),
            Edge(f"hint:{name}", f"composite:{name}", negated=True),
        ],
        action=EVIL,
        forced_by=name,
        message=EVIL * 9,
        subject=EVIL * 30,
    )


DECISIONS = {"empty": made([], [], others=0), "forced": forced(), "hostile": hostile()} | {
    f"{count} hints": crowd(count) for count in (1, 5, 12, 40)
}


def texts(figure):
    FigureCanvasAgg(figure)
    return [
        (artist.get_text(), artist.get_window_extent()) for artist in figure.findobj(Text) if artist.get_text().strip()
    ]


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_no_text_overlaps_another_or_leaves_the_picture(decision):
    figure = decision_picture(decision)
    found = texts(figure)
    assert len(found) > 10
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height, text
    assert not [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_every_node_has_a_box_and_boxes_do_not_overlap(decision):
    plan = places(decision, 62.0)
    assert set(plan.boxes) == {node.key for node in decision.nodes}
    for one, other in combinations([*plan.boxes.values(), *plan.lanes.values()], 2):
        apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
        assert apart, (one, other)


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_it_is_valid_svg_with_alternative_text_and_tooltips(decision):
    alt = alternative_text_decision(decision)
    root = ElementTree.fromstring(svg(decision_picture(decision), alt, tooltips_decision(decision)))
    assert root.get("role") == "img" and root.get("aria-label") == alt
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert "script" not in tags and "title" in tags


def test_what_holds_back_and_what_bars_stands_in_words():
    said = " ".join(text for text, _ in texts(decision_picture(forced())))
    for words in (
        "zurückgehalten von E",
        "erzwingt reject",
        "g:av",
        "+2,0",
        "3 weitere Regeln betreffen diese Mail nicht.",
    ):
        assert words in said
    alt = alternative_text_decision(forced())
    assert alt.startswith("reject, erzwungen von R: „Nein (Kennung …)“. E: wahr, durch B.")
    assert "P: zurückgehalten von E, trotz A (g:av)." in alt


def test_the_text_tells_each_way_once():
    assert str(forced()).splitlines() == [
        "reject, erzwungen von R: „Nein (Kennung …)“",
        "  A → g:av → Q → R",
        "  B → S: gesperrt: reject (nach Punkten) fehlt in require_action",
        "  B → E",
        "  A → g:av → P: zurückgehalten von E",
        "  A +2,0 → Punkte: 1,0 (reject ab 15)",
        "  3 weitere Regeln betreffen diese Mail nicht.",
    ]


def test_the_way_to_the_action_is_known():
    assert forced().decisive == {"hint:A", "composite:Q", "rule:R", POINTS, ACTION}
    assert forced().composites == {"E", "Q"}
