"""Follow one mail through all nodes: what Postfix and Rspamd noted about it, put in order.

Postfix names a mail by a queue id that changes from host to host; its answer ("queued as …") names the next one, and
the Message-ID stays. Rspamd notes the queue id of the Postfix that asked, so each hop finds its verdict.
Source: postlogd(8), cleanup(8), qmgr(8) ("delays="), Rspamd's log_format.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from labs.cluster.topology import Node
from labs.smtp.headers import headers_added
from labs.smtp.hop import FINAL, Entry, Hop
from labs.smtp.records import Handover, postfix_records, refusal, scans

if TYPE_CHECKING:
    import pandas as pd

LOG_DELAY = 0.5
"""Seconds that a line may need into Postfix's log after the client has its answer."""


@dataclass(frozen=True)
class Trace:
    """The hops of one mail in the order in which it took them; ``nodes``: the cluster it went through."""

    message_id: str
    hops: tuple[Hop, ...]
    entry: Entry | None = None
    nodes: Mapping[str, Node] = field(default_factory=dict, repr=False, compare=False)

    @property
    def refused_at_the_door(self) -> bool:
        """Whether the client was told no."""
        return self.entry is not None and self.entry.code >= 400

    @property
    def finished(self) -> bool:
        """Whether no node has work left with this mail."""
        known = {hop.queue_id for hop in self.hops}
        handed_on = {one.queued_as for hop in self.hops for one in hop.handovers if one.queued_as}
        done = all(hop.status in FINAL for hop in self.hops) and handed_on <= known
        return done and (bool(self.hops) or self.refused_at_the_door)

    def before(self, hop: Hop) -> str:
        """The node that handed the mail to ``hop``; empty when nobody knows."""
        for other in self.hops:
            if any(one.queued_as == hop.queue_id for one in other.handovers):
                return other.node
        return self.entry.source if self.entry else ""

    @property
    def table(self) -> pd.DataFrame:
        """One row a hop: Knoten, Queue-ID, Uhrzeit, Rolle, Action, Punkte, weiter an, Ergebnis, Sekunden."""
        import pandas as pd

        columns = ["Knoten", "Queue-ID", "Uhrzeit", "Rolle", "Action", "Punkte", "weiter an", "Ergebnis", "Sekunden"]
        rows = [
            (
                hop.node, hop.queue_id, hop.clock, hop.role, hop.action, hop.score, hop.relay,
                f"{hop.status} {hop.reply}".strip(), hop.delay,
            )
            for hop in self.hops
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        lines = [
            f"{hop.clock}  {hop.node:<10} {hop.queue_id:<12} {hop.role or '–':<18} {hop.action or '–':<12} {hop.status} → {hop.relay or '–'}"
            for hop in self.hops
        ]
        if self.entry and self.refused_at_the_door:
            lines.append(f"{self.entry.node} hat die Mail nicht angenommen: {self.entry.code} {self.entry.reply}")
        return "\n".join(lines or ["Diese Mail kennt kein Knoten."])

    __repr__ = __str__


def follow(nodes: Mapping[str, Node], message_id: str, seconds: float, entry: Entry | None = None) -> Trace:
    """What is known of the mail, as soon as it is finished everywhere or after ``seconds``."""
    deadline, began = time.monotonic() + seconds, time.monotonic()
    while True:
        trace = read(nodes, message_id, entry)
        settled = trace.finished and (trace.hops or time.monotonic() - began > LOG_DELAY)
        if (settled and trace == read(nodes, message_id, entry)) or time.monotonic() > deadline:
            return with_headers(trace)
        time.sleep(0.1)


def read(nodes: Mapping[str, Node], message_id: str, entry: Entry | None = None) -> Trace:
    """What the logs say of the mail now: the chain from ``entry``'s queue id, else all with that Message-ID."""
    records = postfix_records(nodes, message_id, entry.queue_id if entry else "")
    verdicts = scans(nodes, [queue_id for _, queue_id in records])
    hops = [
        _hop(Hop(node, queue_id, lines[0].clock, **verdicts.get(queue_id, {})), lines)
        for (node, queue_id), lines in records.items()
    ]
    if entry and entry.code >= 400:  # the same mail may have been sent before: only what this refusal speaks of
        hops = [hop for hop in hops if hop.refusal and hop.refusal in entry.reply][-1:]
    return Trace(message_id, _ordered(hops), entry, nodes)


def with_headers(trace: Trace) -> Trace:
    """The trace with what each hop added to the mail, read from the delivered mail."""
    added = headers_added(trace.nodes, trace.hops)
    return replace(trace, hops=tuple(replace(hop, added=added.get(hop.queue_id, ())) for hop in trace.hops))


def _hop(hop: Hop, lines: list) -> Hop:
    handovers: dict[str, Handover] = {}
    for line in lines:
        if match := re.match(r"client=([^,\s]+)", line.text):
            hop = replace(hop, client=match[1])
        elif handover := Handover.parse(line.text):
            handovers[handover.recipient] = handover
        elif refused := refusal(line.text):
            hop = replace(hop, refused=refused[0], refusal=refused[1])
        elif "status=expired" in line.text:
            hop = replace(hop, refused="expired", refusal="zu lange in der Warteschlange")
    return replace(hop, handovers=tuple(handovers.values()))


def _ordered(hops: list[Hop]) -> tuple[Hop, ...]:
    """Each hop after the one that handed it over."""
    following = {one.queued_as for hop in hops for one in hop.handovers}
    chain: list[Hop] = []
    rest = sorted(hops, key=lambda hop: (hop.queue_id in following, hop.clock))
    while rest:
        wanted = {one.queued_as for one in chain[-1].handovers} if chain else set()
        found = next((hop for hop in rest if hop.queue_id in wanted), rest[0])
        rest.remove(found)
        chain.append(found)
    return tuple(chain)
