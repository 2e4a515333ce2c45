"""Follow one mail through all nodes: what Postfix and Rspamd noted about it, put in order.

Postfix names a mail by a queue id that changes from host to host; the Message-ID stays. Rspamd notes the queue id
of the Postfix that asked, so each hop finds its verdict. Source: postlogd(8), cleanup(8), Rspamd's log_format.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labs.cluster.topology import Node, Service

if TYPE_CHECKING:
    import pandas as pd

FINAL = ("sent", "bounced", "rejected", "discarded")
_LINE = re.compile(
    r"^\w+ +\d+ (?P<clock>[\d:]+) \S+ postfix/(?P<program>[\w/-]+)\[\d+\]: (?P<id>[0-9A-F]{6,}|NOQUEUE): (?P<text>.*)$"
)


@dataclass(frozen=True)
class Hop:
    """One queue entry on one node. ``delay``: seconds in the queue; ``action``, ``score``: Rspamd's, if it was asked."""

    node: str
    queue_id: str
    clock: str
    client: str = ""
    role: str = ""
    action: str = ""
    score: float | None = None
    symbols: tuple[str, ...] = ()
    relay: str = ""
    status: str = ""
    reply: str = ""
    delay: float = 0.0


@dataclass(frozen=True)
class Trace:
    """The hops of one mail in the order in which it took them."""

    message_id: str
    hops: tuple[Hop, ...]

    @property
    def finished(self) -> bool:
        """Whether no node has work left with this mail."""
        return bool(self.hops) and all(hop.status in FINAL for hop in self.hops)

    @property
    def table(self) -> pd.DataFrame:
        """One row a hop: Knoten, Queue-ID, Uhrzeit, Rolle, Action, Punkte, weiter an, Ergebnis, Sekunden."""
        import pandas as pd

        columns = ["Knoten", "Queue-ID", "Uhrzeit", "Rolle", "Action", "Punkte", "weiter an", "Ergebnis", "Sekunden"]
        rows = [
            (
                hop.node,
                hop.queue_id,
                hop.clock,
                hop.role,
                hop.action,
                hop.score,
                hop.relay,
                f"{hop.status} {hop.reply}".strip(),
                hop.delay,
            )
            for hop in self.hops
        ]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        lines = [
            f"{hop.clock}  {hop.node:<10} {hop.queue_id:<12} {hop.role or '–':<18} {hop.action or '–':<12} {hop.status} → {hop.relay or '–'}"
            for hop in self.hops
        ]
        return "\n".join(lines or ["Diese Mail kennt kein Knoten."])

    __repr__ = __str__


def follow(nodes: dict[str, Node], message_id: str, seconds: float) -> Trace:
    """What is known of the mail, as soon as it is finished everywhere or after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        trace = _read(nodes, message_id)
        if (trace.finished and trace == _read(nodes, message_id)) or time.monotonic() > deadline:
            return trace
        time.sleep(0.1)


def _read(nodes: dict[str, Node], message_id: str) -> Trace:
    services = [service for node in nodes.values() for service in node.services.values()]
    verdicts = _verdicts([service for service in services if service.role == "rspamd-worker"], message_id)
    hops = [
        hop
        for service in services
        if service.role.startswith("postfix-")
        for hop in _hops(service, message_id, verdicts)
    ]
    return Trace(message_id, _ordered(hops))


def _ordered(hops: list[Hop]) -> tuple[Hop, ...]:
    """Each hop after the one that handed it over: a server's answer names the queue id of the next."""
    following = {match[1] for hop in hops if (match := re.search(r"queued as (\w+)", hop.reply))}
    chain, rest = [], sorted(hops, key=lambda hop: (hop.queue_id in following, hop.clock))
    while rest:
        wanted = re.search(r"queued as (\w+)", chain[-1].reply) if chain else None
        found = next((hop for hop in rest if wanted and hop.queue_id == wanted[1]), rest[0])
        rest.remove(found)
        chain.append(found)
    return tuple(chain)


def _hops(service: Service, message_id: str, verdicts: dict[str, dict]) -> list[Hop]:
    lines = [match.groupdict() for match in map(_LINE.match, _text(service, "mail.log")) if match]
    own = {line["id"] for line in lines if f"message-id=<{message_id}>" in line["text"]}
    return [
        _hop(service.node, queue_id, [line for line in lines if line["id"] == queue_id], verdicts)
        for queue_id in sorted(own)
    ]


def _hop(node: str, queue_id: str, lines: list[dict], verdicts: dict[str, dict]) -> Hop:
    hop = Hop(node, queue_id, lines[0]["clock"], **verdicts.get(queue_id, {}))
    for line in lines:
        text = line["text"]
        if match := re.match(r"client=(\S+)", text):
            hop = replace(hop, client=match[1])
        elif match := re.match(r"to=<.*?>,.* relay=(\S+?),? .*?delay=([\d.]+),.* status=(\w+) \((.*)\)$", text):
            hop = replace(hop, relay=match[1], delay=float(match[2]), status=match[3], reply=match[4])
        elif match := re.match(r"milter-(\w+): .*?: (\d\.\d\.\d .*?);", text):
            status = {"reject": "rejected", "discard": "discarded", "hold": "held"}.get(match[1], match[1])
            hop = replace(hop, status=status, reply=match[2])
    return hop


def _verdicts(workers: list[Service], message_id: str) -> dict[str, dict]:
    """Rspamd's summary lines about this mail, by the queue id of the Postfix that asked."""
    found = {}
    for worker in workers:
        for line in _text(worker, "rspamd.log"):
            if "rspamd_task_write_log" not in line or f"id: <{message_id}>" not in line:
                continue
            match = re.search(
                r"qid: <(\w+)>.*?\(default: \w (?:\(([\w ]+)\)): \[(-?[\d.]+)/[-\w.]+\] \[(.*?)\]\)", line
            )
            role = re.search(r"settings_id: ([\w]+)", line)
            if match:
                symbols = tuple(re.findall(r"([A-Z][A-Z0-9_]+)\(", match[4]))
                found[match[1]] = {
                    "action": match[2],
                    "score": float(match[3]),
                    "symbols": symbols,
                    "role": role[1] if role else "",
                }
    return found


def _text(service: Service, name: str) -> list[str]:
    try:
        return (service.folder / "log" / name).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
