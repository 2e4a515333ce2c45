"""The lines about one mail in the logs of Postfix and Rspamd, as values.

Source: postlogd(8), https://www.postfix.org/postconf.5.html#delay_logging_resolution_limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labs.cluster.topology import Node
from labs.rspamd.dialect.log import log_of, summaries
from labs.visible import visible

_LINE = re.compile(
    r"^\w+ +\d+ (?P<clock>[\d:]+) \S+ postfix/[\w/-]+\[\d+\]: (?P<id>[0-9A-F]{6,}): (?P<text>.*)$", re.ASCII
)
_HANDOVER = re.compile(
    r"to=<(?P<recipient>.*?)>, (?:orig_to=<.*?>, )?relay=(?P<relay>[^,]+), (?:conn_use=\d+, )?"
    r"delay=(?P<delay>[\d.]+), delays=(?P<delays>[\d.]+/[\d.]+/[\d.]+/[\d.]+), dsn=[\d.]+, "
    r"status=(?P<status>\w+) \((?P<reply>.*)\)$"
)
_REFUSAL = re.compile(r"milter-(\w+): .*?: (\d\.\d\.\d .*?);|milter-(discard|hold): (.*)$")


@dataclass(frozen=True)
class Line:
    """One line of Postfix about one queue entry."""

    clock: str
    id: str
    text: str


@dataclass(frozen=True)
class Handover:
    """A mail given on to one recipient's next server. ``delays``: seconds before the queue manager (with the SMTP
    dialogue and Rspamd), in the queue, for the connection (with TLS), for the transmission."""

    recipient: str = ""
    relay: str = ""
    status: str = ""
    reply: str = ""
    delay: float = 0.0
    delays: tuple[float, ...] = ()

    @property
    def queued_as(self) -> str:
        """The queue id on the next server, as its answer names it."""
        match = re.search(r"queued as (\w+)", self.reply) if self.status == "sent" else None
        return match[1] if match else ""

    @classmethod
    def parse(cls, text: str) -> Handover | None:
        match = _HANDOVER.match(text)
        if not match:
            return None
        return cls(
            match["recipient"], match["relay"], match["status"], match["reply"], float(match["delay"]),
            tuple(map(float, match["delays"].split("/"))),
        )  # fmt: skip


def refusal(text: str) -> tuple[str, str] | None:
    """What the milter had Postfix do (rejected, discarded, held), with its reason; None in any other line."""
    match = _REFUSAL.match(text)
    if not match:
        return None
    word = match[1] or match[3]
    status = {"reject": "rejected", "discard": "discarded", "hold": "held"}.get(word, word)
    return status, match[2] or match[4]


def postfix_records(nodes: Mapping[str, Node], message_id: str, queue_id: str) -> dict[tuple[str, str], list[Line]]:
    """(node, queue id) -> its lines: the chain that begins with ``queue_id``; without one, all of ``message_id``."""
    logs = {
        node.name: _text(service.folder / "log/mail.log")
        for node in nodes.values()
        for service in node.services.values()
        if service.role.startswith("postfix-")
    }
    wanted = [queue_id] if queue_id else [*_ids_of(message_id, logs.values())] if message_id else []
    found: dict[tuple[str, str], list[Line]] = {}
    for one in wanted:  # grows while it is read
        for node, text in logs.items():
            if lines := _lines_of(one, text):
                found[node, one] = lines
                following = {hand.queued_as for line in lines if (hand := Handover.parse(line.text))}
                wanted += sorted(following - {""} - set(wanted))
    return found


def scans(nodes: Mapping[str, Node], queue_ids: Iterable[str]) -> dict[str, dict]:
    """Rspamd's summary of the mail by the queue id of the Postfix that asked: what a Hop wants to know."""
    wanted, found = set(queue_ids), {}
    workers = [service for node in nodes.values() for service in node.services.values()]
    for worker in (service for service in workers if service.role == "rspamd-worker"):
        for scan in summaries(_text(log_of(worker)).split("\n") if wanted else ()):
            if scan.queue_id in wanted:
                found[scan.queue_id] = {
                    "action": scan.action,
                    "score": scan.score,
                    "symbols": tuple(scan.symbols),
                    "scan_seconds": scan.seconds,
                    "role": scan.settings_id,
                    "scanner": worker.node,
                }
    return found


def _ids_of(message_id: str, logs: Iterable[str]) -> Iterable[str]:
    mark = f": message-id=<{message_id}>\n"
    for text in logs:
        yield from re.findall(rf": ([0-9A-F]{{6,}}){re.escape(mark)}", text)


def _lines_of(queue_id: str, text: str) -> list[Line]:
    mark = f": {queue_id}: "
    if mark not in text:
        return []
    matches = (_LINE.match(line) for line in text.split("\n") if mark in line)
    return [
        Line(match["clock"], match["id"], visible(match["text"]))
        for match in matches
        if match and match["id"] == queue_id
    ]


def _text(log: Path) -> str:
    try:
        return log.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""
