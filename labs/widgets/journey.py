"""A trace as HTML: the picture of the cluster with the mail's way, and all that the logs know in tables beneath."""

from __future__ import annotations

import html

from labs.cluster.topology import links
from labs.plots.journey import alternative_text, journey, outcome, seconds, tooltips
from labs.plots.svg import svg
from labs.rspamd.verdict import number
from labs.smtp.trace import Hop, Trace

COLUMNS = (
    "Nr.", "Knoten", "Queue-ID", "Uhrzeit", "Rolle", "Action", "Punkte", "weiter an", "Ergebnis", "Sekunden", "davon",
)  # fmt: skip
PARTS = ("Annahme", "Warten", "Verbindung", "Übergabe")
"""Postfix's delays=a/b/c/d."""
NO_MAIL = "Die Mail liegt in keinem Postfach. Welche Kopfzeilen die Knoten angefügt hätten, ist deshalb nicht zu sehen."
REPLACED = (
    "So steht es in der zugestellten Mail. Wer Rspamd fragt, nimmt dessen Ergebnis vom vorigen Knoten heraus: "
    "X-Spamd-Result gibt es deshalb nur vom letzten."
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
    rows = "".join(_row(index, hop) for index, hop in enumerate(trace.hops, 1))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return _fold(f"Als Tabelle ({len(trace.hops)})", table) + _fold("Symbole je Knoten", _symbols(trace)) + _fold(
        "Angefügte Kopfzeilen", _headers(trace)
    )  # fmt: skip


def _row(index: int, hop: Hop) -> str:
    parts = ", ".join(f"{name} {seconds(value)}" for name, value in zip(PARTS, hop.last.delays, strict=False))
    scan = f"Rspamd {1000 * hop.scan_seconds:.0f} ms" if hop.scan_seconds is not None else ""
    cells = (
        index, hop.node, hop.queue_id, hop.clock, hop.role, hop.action,
        "" if hop.score is None else number(hop.score), hop.relay, f"{outcome(hop)}: {hop.reply}".removesuffix(": "),
        seconds(hop.delay) if hop.handovers else "", ", ".join(filter(None, [parts, scan])),
    )  # fmt: skip
    columns = (f"<td style='text-align:left;vertical-align:top'>{html.escape(str(cell))}</td>" for cell in cells)
    return f"<tr>{''.join(columns)}</tr>"


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
