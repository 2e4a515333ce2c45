"""One mail's way through the cluster: the picture of the cluster with the hops numbered along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from labs.cluster.topology import Link
from labs.plots.bundles import Arrow, End, bundle, drawable
from labs.plots.canvas import MARGIN, Canvas
from labs.plots.colours import ALERT, BLUE, SECONDARY, TEXT, VERMILLION, of_action
from labs.plots.layout import WIDTH, Rect, layout
from labs.plots.parts import (
    BOX,
    INDENT,
    INNER,
    LINE,
    SMALL,
    TINY,
    UNKNOWN,
    draw_arrows,
    draw_box,
    draw_right,
    draw_title,
    draw_zones,
)
from labs.plots.routes import Route, routes
from labs.plots.text import clean, fit, width, wrap
from labs.rspamd.verdict import number
from labs.smtp.trace import Hop, Trace

HOP, HEAD = 26.5, 21.5
"""Points in a box: for one hop; for the node's name above."""
LIT, TIP = 2.6, 9.0
"""Thickness of the mail's arrow and length of its head."""
FAINT = 0.3

OUTCOMES = {
    "sent": "weitergegeben", "deferred": "wartet", "bounced": "unzustellbar", "rejected": "abgewiesen",
    "discarded": "verworfen", "held": "angehalten", "expired": "aufgegeben", "": "in der Queue",
}  # fmt: skip
FAILED = ("bounced", "rejected", "discarded", "expired")


@dataclass(frozen=True)
class Stage:
    """One numbered step: ``source`` hands the mail to ``node``. ``hop`` is missing when the mail got no queue id."""

    number: int
    source: str
    node: str
    hop: Hop | None

    @property
    def failed(self) -> bool:
        return self.hop is None or self.hop.status in FAILED


def stages(trace: Trace) -> list[Stage]:
    """The steps of the mail, in order; a mail refused before it was sent has one."""
    if not trace.hops and trace.entry and trace.refused_at_the_door:
        return [Stage(1, trace.entry.source, trace.entry.node, None)]
    return [Stage(number, trace.before(hop), hop.node, hop) for number, hop in enumerate(trace.hops, 1)]


def outcome(hop: Hop) -> str:
    """What became of the mail on this hop, in a German word."""
    return "zugestellt" if hop.status == "sent" and hop.relay == "virtual" else OUTCOMES.get(hop.status, hop.status)


def seconds(value: float) -> str:
    """1,10 s; Postfix rounds to hundredths."""
    return f"{value:.2f} s".replace(".", ",") if value >= 0.01 else "< 0,01 s"


def journey(trace: Trace, links: Sequence[Link]) -> Figure:
    """Draw the way of ``trace`` over the picture of its nodes. Replies and symbols may be hostile."""
    nodes, steps = trace.nodes, stages(trace)
    at = {name: [step for step in steps if step.node == name] for name in nodes}
    heights = {name: max(BOX, HEAD + HOP * len(own)) for name, own in at.items()}
    summary = wrap(clean(result(trace)).split(), INNER, 9)[:3]
    drawn = drawable(links, nodes)
    plan = layout(nodes, drawn, heights, 26 + 12 * len(summary))
    base, lit = _arrows(bundle(drawn, nodes), [step for step in steps if step.source in nodes and step.node in nodes])
    pairs = list(dict.fromkeys([*((arrow.source, arrow.target) for arrow in base), *lit]))
    # one arrow of each pair: the services between two nodes of the way would only push it aside
    ways = dict(zip(pairs, routes(pairs, plan), strict=True))
    canvas = Canvas(plan.bottom + 24 + MARGIN, WIDTH)

    canvas.text(MARGIN, 12, fit(title(trace), INNER, 11, bold=True), 11, bold=True)
    for index, line in enumerate(summary):
        canvas.text(MARGIN, 28 + 12 * index, line, 9, colour=SECONDARY)
    draw_zones(canvas, plan)
    plain = [arrow for arrow in base if (arrow.source, arrow.target) not in lit]
    draw_arrows(canvas, plain, [ways[arrow.source, arrow.target] for arrow in plain], plan, opacity=FAINT)
    for name, node in nodes.items():
        scanned = [step for step in steps if step.hop and step.hop.scanner == name]
        edge = VERMILLION if any(step.failed for step in at[name]) else BLUE if at[name] else ""
        draw_box(canvas, plan.boxes[name], node, UNKNOWN, faint=not at[name] and not scanned, edge=edge)
        if not at[name]:
            draw_title(canvas, plan.boxes[name], node, faint=True)
        if scanned:
            _scans(canvas, plan.boxes[name], scanned)
        for index, step in enumerate(at[name]):
            _hop(canvas, plan.boxes[name], index, step, trace)
    for pair, several in lit.items():
        _lit(canvas, ways[pair], several)
    words = (
        "Zeit am Knoten: vom ersten Byte bis zur Übergabe an den nächsten. "
        "In Millisekunden: nur die Prüfung durch Rspamd, ohne Übergabe."
    )
    canvas.text(MARGIN, plan.bottom + 13, words, TINY, colour=SECONDARY)
    return canvas.figure


def title(trace: Trace) -> str:
    """client → mx1 → hub1 → imap1; with several recipients also the ways that branch off."""
    ways: list[list[str]] = []
    for step in stages(trace):
        if not ways or step.source != ways[-1][-1]:
            ways.append([step.source] if step.source else [])
        ways[-1].append(step.node)
    text = " und ".join(" → ".join(map(clean, way)) for way in ways)
    if not text and not trace.entry:
        return "Der Weg einer Mail durch das Labor"
    return f"Weg der Mail: {text}" if text else "Diese Mail kennt noch kein Knoten"


def result(trace: Trace) -> str:
    """Where the mail ended, and why, in one sentence."""
    if trace.entry and trace.refused_at_the_door:
        return f"{trace.entry.node} hat die Mail nicht angenommen: {trace.entry.code} {trace.entry.reply}"
    stuck = next((hop for hop in trace.hops if hop.status not in ("sent", "")), None)
    if stuck:
        return f"{stuck.node}: {outcome(stuck)}{f' ({stuck.reply})' if stuck.reply else ''}"
    there = [hop.node for hop in trace.hops if hop.relay == "virtual"]
    if there and trace.finished:
        return f"Zugestellt auf {' und '.join(there)}."
    if not trace.hops:
        return "Noch steht in keinem Log etwas von ihr." if trace.entry else "Noch ist keine Mail unterwegs."
    return f"Unterwegs, zuletzt auf {trace.hops[-1].node}."


def alternative_text(trace: Trace) -> str:
    """The way in German sentences: one for the whole, one for each hop."""
    sentences = [f"{title(trace)}.", f"{result(trace).removesuffix('.')}."]
    for step in stages(trace):
        if step.hop:
            verdict = f", {_verdict(step.hop)}" if step.hop.action else ""
            time = f", {seconds(step.hop.delay)}" if step.hop.handovers else ""
            sentences.append(
                f"{step.number}. {step.node}: Queue-ID {step.hop.queue_id}{verdict}, {outcome(step.hop)}{time}."
            )
    return clean(" ".join(sentences))


def tooltips(trace: Trace) -> dict[str, str]:
    """For each node on the way: queue id, verdict with symbols, what became of the mail."""
    tips: dict[str, str] = {}
    for step in stages(trace):
        lines = [f"{step.number}. {step.node}"] if step.hop is None else _details(step.number, step.hop)
        tips[step.node] = "\n".join(filter(None, [tips.get(step.node, ""), *lines]))
    return {name: f"{node.name}: {node.title}\n{node.address}" for name, node in trace.nodes.items()} | tips


def _details(index: int, hop: Hop) -> list[str]:
    lines = [f"{index}. {hop.node}, Queue-ID {hop.queue_id}, {hop.clock} Uhr"]
    if hop.action:
        lines.append(f"Rspamd: {_verdict(hop)}, {1000 * (hop.scan_seconds or 0.0):.0f} ms auf {hop.scanner}")
        lines.append(", ".join(hop.symbols[:12]))
    lines += [f"{one.recipient}: {one.status} → {one.relay}, {seconds(one.delay)}" for one in hop.handovers[:5]]
    return [*lines, hop.refusal]


def _verdict(hop: Hop) -> str:
    return f"{hop.action} · {number(hop.score or 0.0)} Punkte"


def _arrows(arrows: Sequence[Arrow], steps: Sequence[Stage]) -> tuple[list[Arrow], dict[tuple[End, End], list[Stage]]]:
    """The other arrows, and the steps by their own; a step from one node replaces the arrow from its whole zone."""
    lit: dict[tuple[End, End], list[Stage]] = {}
    for step in steps:
        lit.setdefault((End("node", (step.source,)), End("node", (step.node,))), []).append(step)
    used = {(source.names[0], target.names[0]) for source, target in lit}
    base = [
        arrow
        for arrow in arrows
        if not (
            arrow.source.kind == "zone" and any((name, arrow.target.names[0]) in used for name in arrow.source.names)
        )
    ]
    return base, lit


def _lit(canvas: Canvas, way: Route, steps: Sequence[Stage]) -> None:
    colour = VERMILLION if any(step.failed for step in steps) else BLUE
    canvas.arrow(way.points, colour=colour, thickness=LIT, head=TIP, dashed=colour == VERMILLION)
    x, y = way.middle
    for index, step in enumerate(steps):
        _badge(canvas, x + 15 * (index - (len(steps) - 1) / 2), y, 7.0, step)


def _badge(canvas: Canvas, x: float, y: float, radius: float, step: Stage) -> None:
    canvas.disc(x, y, radius, VERMILLION if step.failed else BLUE)
    canvas.text(x, y, str(step.number), radius * 1.25, bold=True, colour="#ffffff", align="center")


def _scans(canvas: Canvas, box: Rect, steps: Sequence[Stage]) -> None:
    """On a worker: for which hops it was asked."""
    y, x = box.top + 11 + 2 * LINE, box.left + INDENT
    canvas.text(x, y, "hat geprüft", SMALL)
    for index, step in enumerate(steps[:5]):
        _badge(canvas, x + width("hat geprüft", SMALL) + 10 + 14 * index, y, 5.4, step)


def _hop(canvas: Canvas, box: Rect, index: int, step: Stage, trace: Trace) -> None:
    """Two lines in the box: queue id and time; verdict and outcome."""
    y, tip, hop = box.top + HEAD + 5 + HOP * index, step.node, step.hop
    below = y + 12.5
    _badge(canvas, box.left + INDENT + 4, y, 5.4, step)
    if hop is None:
        canvas.text(box.left + INDENT + 14, y, "keine Queue-ID", SMALL, tip=tip)
        words = fit(
            clean(f"abgewiesen: {trace.entry.code if trace.entry else ''}"), box.right - box.left - 30, SMALL, bold=True
        )
        canvas.text(box.left + INDENT + 14, below, words, SMALL, bold=True, colour=ALERT, tip=tip)
        return
    name, time = clean(hop.queue_id), seconds(hop.delay) if hop.handovers else ""
    if not time and hop.scan_seconds is not None:
        time = f"{1000 * hop.scan_seconds:.0f} ms"
    draw_right(canvas, box, y, time, SMALL, bold=bool(hop.handovers), tip=tip)
    space = box.right - box.left - 2 * INDENT - 20 - width(time, SMALL, bold=bool(hop.handovers))
    canvas.text(box.left + INDENT + 14, y, fit(name, space, SMALL), SMALL, colour=TEXT, tip=tip)
    word = outcome(hop) if hop.status != "sent" or hop.relay == "virtual" else ""
    colour = ALERT if step.failed else ""
    if word:
        draw_right(canvas, box, below, word, SMALL, bold=True, tip=tip, colour=colour)
    if hop.action:
        space = box.right - box.left - 2 * INDENT - 14 - (width(word, SMALL, bold=True) + 5 if word else 0)
        text = f"{clean(hop.action)} {number(hop.score or 0.0)}" if word else clean(_verdict(hop))
        canvas.text(
            box.left + INDENT + 14, below, fit(text, space, SMALL), SMALL, colour=of_action(hop.action), tip=tip
        )
