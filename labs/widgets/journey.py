"""A trace as HTML: the picture of the cluster with the mail's way, and all that the logs know in tables beneath."""

from __future__ import annotations

import html
from collections.abc import Mapping

from labs.cluster.topology import Node, links
from labs.plots.journey import alternative_text, journey, outcome, tooltips
from labs.plots.svg import svg
from labs.rspamd.verdict import number
from labs.smtp.trace import Hop, Trace

PARTS = ("Annahme", "Warten", "Verbindung", "Übergabe")
"""Postfix's delays=a/b/c/d, in seconds."""
COLUMNS = (
    "Nr.", "Knoten", "Queue-ID", "Uhrzeit", "Rolle", "Action", "Punkte", "weiter an", "Ergebnis", "Sekunden", *PARTS, "Rspamd (ms)",
)  # fmt: skip
NO_MAIL = "Die Mail liegt in keinem Postfach. Welche Kopfzeilen die Knoten angefügt hätten, ist deshalb nicht zu sehen."
REPLACED = (
    "So steht es in der zugestellten Mail. Wer X-Spamd-Result einträgt, entfernt das der vorigen Prüfung: "
    "Es gibt deshalb nur eines."
)


def trace_html(trace: Trace) -> str:
    """The picture, the table of hops, symbols and header lines; everything escaped."""
    return picture(trace) + details(trace)


def picture(trace: Trace) -> str:
    return svg(journey(trace, links(trace.nodes)), alternative_text(trace), tooltips(trace))


def details(trace: Trace) -> str:
    if not trace.hops:
        return ""
    head = "".join(f"<th scope=col style='text-align:left'>{name}</th>" for name in COLUMNS)
    rows = "".join(_row(index, hop, trace.nodes) for index, hop in enumerate(trace.hops, 1))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return _fold(f"Als Tabelle ({len(trace.hops)})", table) + _fold("Symbole je Knoten", _symbols(trace)) + _fold(
        "Angefügte Kopfzeilen", _headers(trace)
    )  # fmt: skip


def _row(index: int, hop: Hop, nodes: Mapping[str, Node]) -> str:
    delays = [decimal(value) for value in hop.last.delays] or [""] * len(PARTS)
    words = outcome(hop) if hop.status == "sent" else f"{outcome(hop)}: {hop.reply}".removesuffix(": ")
    cells = (
        index, hop.node, hop.queue_id, hop.clock, hop.role, hop.action, "" if hop.score is None else number(hop.score),
        _relay(hop.relay, nodes), words, decimal(hop.delay) if hop.handovers else "", *delays,
        "" if hop.scan_seconds is None else f"{1000 * hop.scan_seconds:.0f}",
    )  # fmt: skip
    columns = (f"<td style='text-align:left;vertical-align:top'>{html.escape(str(cell))}</td>" for cell in cells)
    return f"<tr>{''.join(columns)}</tr>"


def decimal(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _relay(relay: str, nodes: Mapping[str, Node]) -> str:
    """127.78.2.1[127.78.2.1]:2525 as hub1:2525."""
    host, _, port = relay.partition("]:")
    address = host.rpartition("[")[2]
    names = [node.name for node in nodes.values() if node.address == address]
    return f"{names[0]}:{port}" if names and port else relay


def _symbols(trace: Trace) -> str:
    asked = [(index, hop) for index, hop in enumerate(trace.hops, 1) if hop.action]
    if not asked:
        return "<p>Kein Knoten hat Rspamd gefragt.</p>"
    return "".join(
        f"<p><strong>{index}. {html.escape(hop.node)}</strong>: {html.escape(', '.join(hop.symbols) or 'keine')}</p>"
        for index, hop in asked
    )


def _headers(trace: Trace) -> str:
    if not any(hop.added for hop in trace.hops):
        return f"<p>{NO_MAIL}</p>"
    blocks = []
    for index, hop in enumerate(trace.hops, 1):
        lines = html.escape("\n".join(f"{name}: {value}" for name, value in hop.added)) or "(nichts)"
        blocks.append(
            f"<p><strong>{index}. {html.escape(hop.node)}</strong></p>"
            f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{lines}</pre>'
        )
    return f"<p>{REPLACED}</p>{''.join(blocks)}"


def _fold(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>"
