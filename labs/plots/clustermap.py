"""The picture of the whole cluster: zones, nodes with their state, and who may speak to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from labs.cluster.topology import Link, Node
from labs.plots.bundles import bundle, drawable
from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import SECONDARY, TEXT
from labs.plots.layout import WIDTH, Rect, layout
from labs.plots.parts import (
    BOX,
    INDENT,
    INNER,
    LINE,
    LOUD,
    MAIL,
    NONE,
    SERVICE,
    SMALL,
    STATES,
    TINY,
    UNKNOWN,
    arrow_tip,
    draw_arrows,
    draw_box,
    draw_right,
    draw_state,
    draw_title,
    draw_zones,
    omitted,
    zone_title,
)
from labs.plots.routes import routes
from labs.plots.text import clean, count, fit, width


@dataclass(frozen=True)
class Live:
    """What is known of the nodes now, by name. ``states``: up, down, frozen; ``rates``: mails in the last minute;
    ``memory``: MB."""

    states: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)

    def state(self, node: Node) -> str:
        """One of ``STATES``."""
        return self.states.get(node.name, UNKNOWN) if node.services else NONE


def clustermap(nodes: Mapping[str, Node], links: Sequence[Link], live: Live) -> Figure:
    """Draw ``nodes`` with the arrows for ``links``. Every node gets a place, also one that nobody knows yet."""
    drawn = drawable(links, nodes)
    words = omitted(links, nodes)
    plan = layout(nodes, drawn, dict.fromkeys(nodes, BOX), 40)
    arrows = bundle(drawn, nodes)
    ways = routes([(arrow.source, arrow.target) for arrow in arrows], plan)
    canvas = Canvas(plan.bottom + 22 + 11 * len(words) + MARGIN, WIDTH)

    canvas.text(MARGIN, 12, fit(_headline(nodes, live), INNER, 11, bold=True), 11, bold=True)
    canvas.text(MARGIN, 28, fit(_troubles(nodes, live), INNER, 9), 9, colour=SECONDARY)
    draw_zones(canvas, plan)
    draw_arrows(canvas, arrows, ways, plan)
    for name, node in nodes.items():
        _node(canvas, plan.boxes[name], node, live)
    _legend(canvas, plan.bottom + 13, [*dict.fromkeys(["up", *LOUD, *map(live.state, nodes.values())])])
    for number, line in enumerate(words):
        canvas.text(MARGIN, plan.bottom + 27 + 11 * number, line, TINY, colour=SECONDARY)
    return canvas.figure


def alternative_text(nodes: Mapping[str, Node], live: Live) -> str:
    """The picture in German sentences: what runs, what does not, and how many mails go through."""
    sentences = [f"{_headline(nodes, live)}."]
    sentences += [f"{text[0].upper()}{text[1:]}." for text in _not_running(nodes, live)]
    zones: dict[str, list[str]] = {}
    for node in nodes.values():
        zones.setdefault(node.zone, []).append(node.name)
    by_zone = [f"{zone_title(zone)} mit {', '.join(names)}" for zone, names in zones.items()]
    sentences.append(f"Zonen: {'; '.join(by_zone)}.")
    busy = [f"{name} {rate}" for name, rate in live.rates.items() if rate and name in nodes]
    if busy:
        sentences.append(f"Mails in der letzten Minute: {', '.join(busy)}.")
    return clean(" ".join(sentences))


def tooltips(nodes: Mapping[str, Node], links: Sequence[Link], live: Live) -> dict[str, str]:
    """What shows over a node (address, ports, memory, whom it may reach) and over an arrow (what it stands for)."""
    tips = {
        arrow_tip(arrow): "\n".join(
            f"{link.title}: {link.source} → {link.target}, Port {nodes[link.target].ports[link.port]}/{link.protocol}"
            for link in arrow.links
        )
        for arrow in bundle(drawable(links, nodes), nodes)
    }
    for node in nodes.values():
        lines = [f"{node.name}: {node.title}", f"{node.address} · {STATES[live.state(node)]}"]
        for service in node.services.values():
            ports = ", ".join(f"{name} {port}" for name, port in service.ports.items())
            lines.append(f"{service.role}: {ports or 'ohne Port'}")
        if node.name in live.memory:
            lines.append(f"Speicher: {live.memory[node.name]} MB")
        reach = dict.fromkeys(f"{link.target} ({link.port})" for link in links if link.source == node.name)
        tips[node.name] = "\n".join([*lines, f"darf erreichen: {', '.join(reach) or 'niemanden'}"])
    return tips


def _node(canvas: Canvas, box: Rect, node: Node, live: Live) -> None:
    """Name and address, title, state and mails per minute."""
    has_address = draw_box(canvas, box, node, live.state(node))
    draw_title(canvas, box, node)
    y = box.top + 11 + 2 * LINE
    end = draw_state(canvas, box.left + INDENT, y, live.state(node), node.name)
    rate = live.rates.get(node.name)
    if rate is None:
        text, size, bold = ("" if has_address else clean(node.address)), TINY, False
    else:
        text, size, bold = count(rate, "Mail/min", "Mails/min"), SMALL, rate > 0
    if text and end + 6 + width(text, size, bold=bold) <= box.right - INDENT:
        draw_right(canvas, box, y, text, size, bold=bold, tip=node.name)


def _legend(canvas: Canvas, y: float, states: Sequence[str]) -> None:
    x = MARGIN + 2
    for state in states:
        x = draw_state(canvas, x, y, state) + 14
    for title, (thickness, head), colour in (("Post", MAIL, TEXT), ("Dienst", SERVICE, SECONDARY)):
        canvas.arrow([(x, y), (x + 8, y), (x + 14, y), (x + 22, y)], colour=colour, thickness=thickness, head=head)
        canvas.text(x + 27, y, title, SMALL, colour=SECONDARY)
        x += 27 + width(title, SMALL) + 14


def _headline(nodes: Mapping[str, Node], live: Live) -> str:
    states = [live.state(node) for node in nodes.values() if node.services]
    running = states.count("up")
    if running == len(states) > 1:
        return f"Alle {running} Knoten mit Diensten laufen"
    return f"{running} von {len(states)} Knoten mit Diensten {'läuft' if running == 1 else 'laufen'}"


def _not_running(nodes: Mapping[str, Node], live: Live) -> list[str]:
    names = {state: [node.name for node in nodes.values() if live.state(node) == state] for state in LOUD}
    return [f"{STATES[state]}: {', '.join(several)}" for state, several in names.items() if several]


def _troubles(nodes: Mapping[str, Node], live: Live) -> str:
    rate, name = max(((rate, name) for name, rate in live.rates.items()), default=(0, ""))
    busiest = f"am meisten zu tun hat {name}: {count(rate, 'Mail', 'Mails')} in der letzten Minute"
    return " · ".join([*_not_running(nodes, live), busiest if rate else "keine Mail in der letzten Minute"])
