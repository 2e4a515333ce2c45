"""The parts of the cluster's picture: zones, arrows, a node's box, a state as symbol, colour and word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.cluster import watch
from labs.cluster.topology import Link, Node, topology
from labs.plots.bundles import Arrow
from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import BLUE, GREEN, GREY, ORANGE, PAPER, SECONDARY, SKY, TEXT, VERMILLION
from labs.plots.layout import PAD, WIDTH, Layout, Rect
from labs.plots.routes import Route
from labs.plots.text import clean, fit, width, wrap

NONE, UNKNOWN = "none", "unknown"
STATES = watch.STATES | {NONE: "kein Dienst", UNKNOWN: "unbekannt"}
COLOURS = {"up": GREEN, "down": VERMILLION, "frozen": SKY, NONE: GREY, UNKNOWN: GREY}
LOUD = ("down", "frozen")
"""What catches the eye: an edge in colour and bold words."""
TINTS = (VERMILLION, ORANGE, GREEN, BLUE)
"""Of the zones, in the topology's order."""

INNER = WIDTH - 2 * MARGIN
NAME, SMALL, TINY = 9.5, 8.5, 8.0
"""Font sizes: a node's name; its facts; its address and the words beside arrows."""
BOX, LINE, INDENT = 48.0, 13.5, 8.0
"""Points: height of a box with three lines; distance of two lines; from a box's edge to its text."""
MAIL, SERVICE = (1.7, 6.5), (0.8, 5.0)
"""Thickness and length of the head of the two kinds of arrows."""


def zone_title(name: str) -> str:
    return topology()["zones"].get(name, name)


def arrow_tip(arrow: Arrow) -> str:
    """The name under which an arrow's tooltip is known."""
    kind = "mail" if arrow.mail else "service"
    return f"{'+'.join(arrow.source.names)} > {'+'.join(arrow.target.names)} {kind}"


def draw_zones(canvas: Canvas, plan: Layout) -> None:
    order = list(topology()["zones"])
    for zone, rect in plan.zones.items():
        tint = TINTS[order.index(zone) % len(TINTS)] if zone in order else GREY
        canvas.panel(rect.left, rect.top, rect.right, rect.bottom, fill=(tint, 0.13))
        title = fit(clean(zone_title(zone)), rect.right - rect.left - 2 * PAD, NAME, bold=True)
        canvas.text(rect.left + PAD, rect.top + 11, title, NAME, bold=True)
    for frame in plan.groups.values():
        canvas.panel(frame.left, frame.top, frame.right, frame.bottom, edge=SECONDARY, dashed=True)


def draw_arrows(
    canvas: Canvas, arrows: Sequence[Arrow], ways: Sequence[Route], plan: Layout, *, opacity: float = 1.0
) -> None:
    """The arrows; a service that is asked from a zone above has its words beside it."""
    for arrow, way in zip(arrows, ways, strict=True):
        tip = arrow_tip(arrow)
        thickness, head = MAIL if arrow.mail else SERVICE
        colour = TEXT if arrow.mail else SECONDARY
        canvas.arrow(way.points, colour=colour, thickness=thickness, head=head, opacity=opacity, tip=tip)
        (x, y), (_, end) = way.points[0], way.points[-1]
        if arrow.source.kind == "zone" and not arrow.mail and end > y:
            right = min(
                rect.right for rect in plan.zones.values() if rect.left <= x < rect.right and rect.bottom <= y + 1
            )
            for number, title in enumerate(arrow.titles[:3]):
                words = fit(clean(title), right - x - 6, TINY)
                canvas.text(x + 6, y + 10 + 10.5 * number, words, TINY, colour=SECONDARY, tip=tip)


def draw_box(canvas: Canvas, box: Rect, node: Node, state: str, *, faint: bool = False, edge: str = "") -> bool:
    """The box with the name, and the address where it fits (else False); its edge shows what does not run."""
    loud = state in LOUD
    canvas.panel(
        box.left, box.top, box.right, box.bottom, fill=PAPER, edge=COLOURS[state] if loud else edge or SECONDARY,
        thickness=2.0 if loud or edge else 0.7, dashed=state == "down", tip=node.name,
    )  # fmt: skip
    name, address, space = clean(node.name), clean(node.address), box.right - box.left - 2 * INDENT
    beside = width(name, NAME, bold=True) + 6 + width(address, TINY) <= space
    colour = SECONDARY if faint else TEXT
    shown = fit(name, space, NAME, bold=True)
    canvas.text(box.left + INDENT, box.top + 11, shown, NAME, bold=True, colour=colour, tip=node.name)
    if beside:
        draw_right(canvas, box, box.top + 11, address, TINY, tip=node.name)
    return beside


def draw_right(
    canvas: Canvas, box: Rect, y: float, text: str, size: float, *, bold: bool = False, tip: str = "", colour: str = ""
) -> None:
    """Text at the right edge of a box."""
    colour = colour or (TEXT if bold else SECONDARY)
    canvas.text(box.right - INDENT, y, text, size, bold=bold, colour=colour, align="right", tip=tip)


def draw_title(canvas: Canvas, box: Rect, node: Node, *, faint: bool = False) -> None:
    """The second line of a box: the title, or only what stands behind its comma, as it fits."""
    space, title = box.right - box.left - 2 * INDENT, clean(node.title)
    if width(title, SMALL) > space and ", " in title:
        title = title.partition(", ")[2]
        title = title[:1].upper() + title[1:]
    colour = SECONDARY if faint else TEXT
    canvas.text(box.left + INDENT, box.top + 11 + LINE, fit(title, space, SMALL), SMALL, colour=colour, tip=node.name)


def draw_state(canvas: Canvas, x: float, y: float, state: str, tip: str = "") -> float:
    """Symbol and word of a state, beginning at ``x``; where they end."""
    draw_mark(canvas, x + 4, y, state, tip)
    bold = state in LOUD
    canvas.text(x + 12, y, STATES[state], SMALL, bold=bold, colour=TEXT if bold else SECONDARY, tip=tip)
    return x + 12 + width(STATES[state], SMALL, bold=bold)


def draw_mark(canvas: Canvas, x: float, y: float, state: str, tip: str = "") -> None:
    """The symbol of a state around (x, y): a disc, a cross, two bars, a dash."""
    strokes = {
        "down": ([(x - 3.2, y - 3.2, x + 3.2, y + 3.2), (x - 3.2, y + 3.2, x + 3.2, y - 3.2)], 2.0),
        "frozen": ([(x - 1.9, y - 3.8, x - 1.9, y + 3.8), (x + 1.9, y - 3.8, x + 1.9, y + 3.8)], 2.4),
    }
    if state == "up":
        canvas.disc(x, y, 3.6, COLOURS[state], tip=tip)
    else:
        segments, thickness = strokes.get(state, ([(x - 3, y, x + 3, y)], 1.5))
        canvas.lines(segments, colour=COLOURS[state], thickness=thickness)


def omitted(links: Sequence[Link], nodes: Mapping[str, Node]) -> list[str]:
    """The words below the picture about links without an arrow, as lines."""
    found = [link for link in links if not link.drawn and {link.source, link.target} <= set(nodes)]
    titles = dict.fromkeys(clean(link.title).partition(",")[0] for link in found)
    space = 0.94 * INNER  # long lines of small letters become wider in a browser than they are measured
    return wrap(f"Erlaubt und nicht gezeichnet: {'; '.join(titles)}.".split(), space, TINY) if titles else []
