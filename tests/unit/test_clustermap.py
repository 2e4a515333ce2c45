"""The picture of the cluster: every node has a place, every state a symbol and a word, and nothing lies on another."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.patches import Circle

from labs.cluster.topology import Node, Service, links, place
from labs.plots.bundles import bundle, drawable, groups
from labs.plots.clustermap import Live, alternative_text, clustermap, tooltips
from labs.plots.layout import layout
from labs.plots.parts import BOX
from labs.plots.routes import routes
from labs.plots.svg import svg
from tests.unit.test_plots import HOSTILE, SVG, boxes, check_legible, parsed, texts

CLUSTER, CORE = (place(178, Path("/lab"), profile) for profile in ("cluster", "core"))
RUNNING = Live({name: "up" for name in CLUSTER}, {"mx1": 12, "rspamd2": 1020, "mx2": 1}, {"mx1": 16})
BROKEN = replace(RUNNING, states=RUNNING.states | {"rspamd1": "frozen", "mx2": "down"})


def more(name: str, zone: str, role: str, **ports: int) -> Node:
    service = Service(role, name, "127.178.100.1", ports, Path("/lab"), True)
    return Node(name, f"{name}, ein Neuling", zone, "127.178.100.1", {role: service})


NEW = [
    more("mx3", "dmz", "postfix-mx", smtp=2525), more("mailout2", "dmz", "postfix-mailout", smtp=2525),
    more("peekaboo1", "filter", "peekaboo", http=8100), more("olefy1", "filter", "olefy", olefy=10050),
    more("neu", "verwaltung", "prometheus", http=9090),
]  # fmt: skip
GROWN = CLUSTER | {node.name: node for node in NEW}
EVIL = CLUSTER | {HOSTILE: replace(CLUSTER["mx1"], name=HOSTILE, title=HOSTILE * 3, address=HOSTILE[:15])}
PICTURES = {
    "running": (CLUSTER, RUNNING), "broken": (CLUSTER, BROKEN), "unknown": (CLUSTER, Live()), "core": (CORE, RUNNING),
    "grown": (GROWN, BROKEN), "hostile": (EVIL, RUNNING), "one": ({"dns": CORE["dns"]}, RUNNING),
}  # fmt: skip
each = pytest.mark.parametrize(("nodes", "live"), PICTURES.values(), ids=PICTURES)


def draw(nodes, live):
    return clustermap(nodes, links(CLUSTER), live)


def rendered(nodes, live) -> str:
    allowed = links(CLUSTER)
    return svg(draw(nodes, live), alternative_text(nodes, live), tooltips(nodes, allowed, live))


@each
def test_no_text_overlaps_another_or_is_cut_off(nodes, live):
    figure = draw(nodes, live)
    found = boxes(figure)
    assert len(found) > 5
    check_legible(figure, found)


@each
def test_every_node_is_shown(nodes, live):
    text = rendered(nodes, live)
    root = parsed(text)
    shown = [element.text for element in root.iter(f"{SVG}text")]
    for node in nodes.values():
        if node.name.isalnum():
            assert node.name in shown
    assert text == rendered(nodes, live)
    assert root.get("role") == "img" and len(root.get("aria-label")) > 40


@each
def test_boxes_lie_in_their_zone_and_on_no_other(nodes, live):
    plan = layout(nodes, drawable(links(CLUSTER), nodes), dict.fromkeys(nodes, BOX), 40)
    assert set(plan.boxes) == set(nodes)
    for name, box in plan.boxes.items():
        zone = plan.zones[nodes[name].zone]
        assert zone.left < box.left < box.right < zone.right and zone.top < box.top < box.bottom < zone.bottom
    for kind in (plan.boxes, plan.zones):
        for one, other in combinations(kind.values(), 2):
            assert (
                one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
            )


@each
def test_no_arrow_runs_through_a_box(nodes, live):
    drawn = drawable(links(CLUSTER), nodes)
    plan = layout(nodes, drawn, dict.fromkeys(nodes, BOX), 40)
    arrows = bundle(drawn, nodes)
    for arrow, way in zip(arrows, routes([(arrow.source, arrow.target) for arrow in arrows], plan), strict=True):
        for start in range(0, len(way.points) - 1, 3):
            for step in range(1, 20):
                x, y = point(way.points[start : start + 4], step / 20)
                inside = [
                    name for name, box in plan.boxes.items() if box.left < x < box.right and box.top < y < box.bottom
                ]
                assert not set(inside) - set(arrow.source.names) - set(arrow.target.names), arrow


def point(curve, t):
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    return tuple(sum(w * p[axis] for w, p in zip(weights, curve, strict=True)) for axis in (0, 1))


def test_few_arrows_stand_for_many_links():
    drawn = drawable(links(CLUSTER), CLUSTER)
    arrows = bundle(drawn, CLUSTER)
    assert sum(len(arrow.links) for arrow in arrows) == len(drawn) >= 30 and len(arrows) < 15
    assert groups(drawn, CLUSTER) == [("rspamd1", "rspamd2")]
    [post] = [arrow for arrow in arrows if arrow.target.names == ("mx1",)]
    assert post.source.kind == "zone" and set(post.source.names) == {"client", "internet1", "altmodisch", "dns"}


def test_what_does_not_run_has_a_symbol_a_word_and_a_colour():
    running, broken = draw(CLUSTER, RUNNING), draw(CLUSTER, BROKEN)
    assert texts(running).count("läuft") == 12 and texts(running).count("eingefroren") == 1, "the legend explains all"
    assert texts(broken).count("läuft") == 10
    assert texts(broken).count("eingefroren") == texts(broken).count("antwortet nicht") == 2
    assert len(running.findobj(Circle)) - len(broken.findobj(Circle)) == 2
    assert (
        "antwortet nicht: mx2 · eingefroren: rspamd1 · am meisten zu tun hat rspamd2: 1020 Mails in der letzten Minute"
        in texts(broken)
    )


def test_mails_per_minute_stand_in_the_box():
    shown = texts(draw(CLUSTER, RUNNING))
    assert "12 Mails/min" in shown and "1 Mail/min" in shown


def test_alternative_text_says_what_runs_and_what_does_not():
    text = alternative_text(CLUSTER, BROKEN)
    assert text.startswith("9 von 11 Knoten mit Diensten laufen. Antwortet nicht: mx2. Eingefroren: rspamd1.")
    assert "DMZ mit mx1, mx2, mailout1" in text and "Mails in der letzten Minute: mx1 12" in text
    assert alternative_text(CLUSTER, RUNNING).startswith("Alle 11 Knoten mit Diensten laufen. Zonen:")


def test_tooltips_tell_address_ports_memory_and_reach():
    tips = tooltips(CLUSTER, links(CLUSTER), RUNNING)
    assert tips["mx1"].split("\n")[:3] == ["mx1: MX 1", "127.178.1.1 · läuft", "postfix-mx: smtp 2525"]
    assert "Speicher: 16 MB" in tips["mx1"] and "hub1 (from_mx)" in tips["mx1"] and "rspamd2 (worker)" in tips["mx1"]
    root = parsed(rendered(CLUSTER, RUNNING))
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert tips["hub1"] in titles
    assert any("Mails prüfen lassen: mailout1 → rspamd1, Port 11333/tcp" in title for title in titles)


def test_links_without_an_arrow_are_named():
    assert any(
        "nicht gezeichnet" in text and "Unzustellbarkeitsmeldungen" in text for text in texts(draw(CLUSTER, RUNNING))
    )
