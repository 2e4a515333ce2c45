"""How the answers of ``lab.connections()`` look in a notebook: a matrix of sources and ports with its legend."""

from __future__ import annotations

import html
from itertools import groupby

from labs.cluster.connections import ALLOWED, BROKEN, OPEN, REFUSED, STATES, Connection, Connections, Port
from labs.cluster.topology import topology

MARKS = {  # symbol and background: readable on white and on the dark theme, told apart without colours
    ALLOWED: ("✓", "rgba(0, 114, 178, .30)"),
    REFUSED: ("■", "rgba(127, 127, 127, .16)"),
    OPEN: ("□", "rgba(230, 159, 0, .32)"),
    BROKEN: ("✗", "rgba(213, 94, 0, .55)"),
}
_STYLE = """<style>
.lab-matrix { border-collapse: collapse; color: inherit; font-size: .9em; }
.lab-matrix th, .lab-matrix td { border: 1px solid rgba(127, 127, 127, .35); padding: .1em .35em; text-align: center; }
.lab-matrix thead th { vertical-align: bottom; font-weight: normal; } .lab-matrix thead th[colspan] { font-weight: bold; }
.lab-matrix .port { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; padding: .35em .1em; }
.lab-matrix th[scope=row], .lab-matrix th[scope=rowgroup] { text-align: left; }
.lab-matrix td.self { border-style: dotted; }
</style>"""


def connections_html(found: Connections) -> str:
    """The findings in words, the matrix, its legend and every cell as a table that can be folded out."""
    if found.findings:
        items = "".join(f"<li>{html.escape(text)}</li>" for text in found.findings)
        head = f'<div role="alert"><strong>⚠ Nicht wie in der Topologie:</strong><ul>{items}</ul></div>'
    else:
        head = "<p><strong>Alles ist so, wie es die Topologie sagt.</strong></p>"
    hints = "".join(f"<p>Hinweis: {html.escape(text)}</p>" for text in found.hints)
    return f"{_STYLE}{head}{_matrix(found)}{_legend(found)}{hints}{_details(found)}"


def _matrix(found: Connections) -> str:
    cells = {(cell.source, cell.port): cell for cell in found.cells}
    nodes = [(node, list(ports)) for node, ports in groupby(found.ports, key=lambda port: port.node)]
    groups = "".join(f'<th scope="colgroup" colspan="{len(ports)}">{html.escape(node)}</th>' for node, ports in nodes)
    ports = "".join(
        f'<th scope="col"><span class="port">{html.escape(_title(port))}</span></th>' for port in found.ports
    )
    rows = ""
    for zone, sources in found.by_zone():
        title = html.escape(topology()["zones"][zone])
        rows += f'<tr><th scope="rowgroup" colspan="{len(found.ports) + 1}">aus der Zone {title}</th></tr>'
        for source in sources:
            marks = "".join(_cell(cells.get((source, port))) for port in found.ports)
            rows += f'<tr><th scope="row">{html.escape(source)}</th>{marks}</tr>'
    caption = f"Wer darf wen erreichen? {len(found.cells)} Verbindungen, alle wirklich versucht"
    return (
        f'<div style="overflow-x:auto"><table class="lab-matrix"><caption>{caption}</caption><thead><tr><th scope="col" rowspan="2">Von ↓ nach →</th>'
        f"{groups}</tr><tr>{ports}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _title(port: Port) -> str:
    return f"{port.name} {port.number}" + ("/udp" if port.protocol == "udp" else "")


def _cell(cell: Connection | None) -> str:
    if cell is None:
        return '<td class="self"></td>'
    symbol, colour = MARKS[cell.state]
    words = f"{cell.source} → {cell.port}: {cell.state}" + (f" – {cell.finding}" if cell.finding else "")
    warning = "⚠" if cell.finding else ""
    return (
        f'<td style="background:{colour}" title="{html.escape(f"{words} ({cell.answer.reply})")}">'
        f'<span role="img" aria-label="{html.escape(words)}">{symbol}{warning}</span></td>'
    )


def _legend(found: Connections) -> str:
    items = "".join(
        f'<li><span style="background:{MARKS[state][1]};padding:0 .4em" aria-hidden="true">{MARKS[state][0]}</span> '
        f"{html.escape(state)} ({found.count(state)})</li>"
        for state in STATES
    )
    return (
        f'<ul style="list-style:none;padding-left:0">{items}<li><span aria-hidden="true">⚠</span> anders als in der '
        "Topologie versprochen</li><li>leer: der Knoten selbst, oder beide liegen im Internet</li></ul>"
    )


def _details(found: Connections) -> str:
    table = found.table.to_html(index=False, border=0, escape=True, classes="lab-table", max_rows=None)
    return f"<details><summary>Alle Verbindungen mit der Antwort des Dienstes ({len(found.cells)})</summary>{table}</details>"
