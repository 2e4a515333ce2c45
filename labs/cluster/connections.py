"""Who reaches whom: every node asks every port, and the topology's links say who may.

A packet filter does not exist on loopback, so what is seen is the second line: what the services themselves refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from labs.cluster.probes import Answer, Question, ask
from labs.cluster.topology import Link, Node, links, topology
from labs.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

ALLOWED = "erlaubt"
REFUSED = "verboten, und der Dienst weist ab"
OPEN = "verboten, der Dienst nimmt an: hier schützt nur der Paketfilter"
BROKEN = "erlaubt, geht aber nicht"
STATES = (ALLOWED, REFUSED, OPEN, BROKEN)

PROTECTIONS = {"address": "die Adresse des Clients", "password": "ein Passwort", "tls": "TLS"}
WORKERS = 32
"""Threads at once: they wait more than they work, and every port of Postfix takes 50 connections of one client."""


@dataclass(frozen=True)
class Port:
    """A column: one port of one node. ``number``: its TCP or UDP port."""

    node: str
    name: str
    number: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.node} {self.name}" + (f"/{self.protocol}" if self.name == "dns" else "")


@dataclass(frozen=True)
class Connection:
    """One cell. ``link``: what allows it, or None. ``finding``: what is wrong with it, in German, or nothing."""

    source: str
    port: Port
    link: Link | None
    answer: Answer
    finding: str = ""

    @property
    def state(self) -> str:
        if self.link:
            return ALLOWED if self.answer.accepted else BROKEN
        return OPEN if self.answer.accepted else REFUSED


@dataclass(frozen=True)
class Connections:
    """All cells, sources in the topology's order. ``zones``: node -> zone."""

    cells: tuple[Connection, ...]
    zones: Mapping[str, str]

    @property
    def sources(self) -> list[str]:
        """The nodes that asked, those of one zone side by side."""
        return list(dict.fromkeys(cell.source for cell in self.cells))

    @property
    def ports(self) -> list[Port]:
        return list(dict.fromkeys(cell.port for cell in self.cells))

    def by_zone(self) -> list[tuple[str, list[str]]]:
        """(zone, its sources), for a display that shows them as groups."""
        return [(zone, list(names)) for zone, names in groupby(self.sources, key=self.zones.__getitem__)]

    @property
    def findings(self) -> list[str]:
        """What does not agree with the topology, one German sentence each; empty when all is well."""
        return [cell.finding for cell in self.cells if cell.finding]

    @property
    def hints(self) -> list[str]:
        """Ports that no link names and that take everybody: open for no reason."""
        needed = {cell.port for cell in self.cells if cell.link}
        idle = [port for port in self.ports if port not in needed]
        taken = {cell.port for cell in self.cells if cell.state == OPEN}
        return [f"{port} ({port.number}) nimmt jeden an, und kein Link braucht ihn." for port in idle if port in taken]

    def cell(self, source: str, node: str, port: str, protocol: str = "") -> Connection:
        """The cell of a pair. Raises KeyError."""
        for cell in self.cells:
            found = (cell.source, cell.port.node, cell.port.name)
            if found == (source, node, port) and protocol in ("", cell.port.protocol):
                return cell
        raise KeyError(f"{source} -> {node} {port}")

    def count(self, state: str) -> int:
        return sum(cell.state == state for cell in self.cells)

    @property
    def table(self) -> pd.DataFrame:
        """One row a cell: Von, Zone, Nach, Port, Ergebnis, Verlangt, Antwort, Befund."""
        import pandas as pd

        columns = ["Von", "Zone", "Nach", "Port", "Ergebnis", "Verlangt", "Antwort", "Befund"]
        rows = [
            (
                cell.source, self.zones[cell.source], cell.port.node,
                f"{cell.port.name} {cell.port.number}/{cell.port.protocol}", cell.state,
                ", ".join(sorted(PROTECTIONS[one] for one in cell.answer.asked)), cell.answer.reply, cell.finding,
            )
            for cell in self.cells
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        counts = "; ".join(f"{self.count(state)} × {state}" for state in STATES if self.count(state))
        text = "\n".join(f"✗ {finding}" for finding in self.findings) or "Alles ist so, wie es die Topologie sagt."
        hints = "".join(f"\nHinweis: {hint}" for hint in self.hints)
        return f"{len(self.cells)} Verbindungen geprüft: {counts}.\n{text}{hints}"

    __repr__ = __str__


def try_all(nodes: Mapping[str, Node], secrets: Mapping[str, str], progress: Progress) -> Connections:
    """Every node asks every port of the others; takes 1 to 3 seconds, longer when a node is frozen.

    Hosts of the Internet among themselves are nobody's business.
    """
    members = [node for zone in topology()["zones"] for node in nodes.values() if node.zone == zone]
    allowed = {(link.source, link.target, link.port, link.protocol): link for link in links(nodes)}
    pairs = [
        (source.name, port)
        for source in members
        for port in _ports(members, allowed)
        if port.node != source.name and not source.zone == nodes[port.node].zone == "internet"
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = {
            pool.submit(_one, source, port, allowed, nodes, secrets): (source, port)
            for source, port in sorted(pairs, key=lambda pair: (str(pair[1]), pair[0]))
        }
        found = {}
        for number, task in enumerate(as_completed(tasks), 1):
            source, port = tasks[task]
            found[source, port] = task.result()
            progress(number / len(tasks), f"{source} → {port}")
    cells = tuple(_judged([found[pair] for pair in pairs]))
    return Connections(cells, {node.name: node.zone for node in members})


def _ports(members: list[Node], allowed: Mapping[tuple, Link]) -> list[Port]:
    """All ports; one that a link names with several protocols appears with each."""
    ports = []
    for node in members:
        for name, number in node.ports.items():
            protocols = sorted({key[3] for key in allowed if key[1:3] == (node.name, name)}) or ["tcp"]
            ports += [Port(node.name, name, number, protocol) for protocol in protocols]
    return ports


def _one(
    source: str, port: Port, allowed: Mapping[tuple, Link], nodes: Mapping[str, Node], secrets: Mapping[str, str]
) -> Connection:
    service = next(one for one in nodes[port.node].services.values() if port.name in one.ports)
    link = allowed.get((source, port.node, port.name, port.protocol))
    # who has no business there knows no password either
    question = Question(nodes[source].address, service, port.name, port.protocol, secrets if link else {})
    return Connection(source, port, link, ask(question))


def _judged(cells: list[Connection]) -> Iterator[Connection]:
    """The cells with their findings: what a link promises (see Link.protects) must hold."""
    by_address = {(c.port.node, c.port.name) for c in cells if c.link and "address" in c.link.protects}
    for cell in cells:
        yield Connection(cell.source, cell.port, cell.link, cell.answer, _finding(cell, by_address))


def _finding(cell: Connection, by_address: set[tuple[str, str]]) -> str:
    way = f"{cell.source} → {cell.port}"
    if cell.state == BROKEN:
        return f"{way}: erlaubt („{cell.link.title}“), geht aber nicht: {cell.answer.reply}"
    if cell.state == ALLOWED:
        missing = [one for one in ("password", "tls") if one in cell.link.protects and one not in cell.answer.asked]
        words = " und ".join(PROTECTIONS[one] for one in missing)
        return f"{way}: Der Dienst sollte {words} verlangen und tut es nicht." if missing else ""
    if cell.state == OPEN and (cell.port.node, cell.port.name) in by_address:
        return f"{way}: Der Dienst sollte diesen Client an seiner Adresse abweisen und nimmt ihn an."
    return ""
