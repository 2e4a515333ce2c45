"""Which node gave a mail which header lines, read from the mail as it was delivered.

Every Postfix puts its Received line, which names its queue id, on top of what was there; what a milter adds stands
right below it. So the lines from one Received to the next belong to that hop. The results of Rspamd stand at the end
of the header instead, and a node that writes them takes away those of the one before: they belong to the last hop
whose role they name as a symbol.
Source: RFC 5321 4.4, milter_headers (Rspamd), virtual(8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

from labs.cluster.topology import Node
from labs.smtp.hop import Hop
from labs.visible import one_line

NEWEST, HEAD = 300, 65536
"""Mails of a mailbox that are looked at, and bytes of each: more than any header section of a decent mail has."""

RESULTS = re.compile(r"x-(spam|rspamd|spamd)\b", re.IGNORECASE)
_QUEUE_ID = re.compile(r"\bid ([0-9A-F]{6,})\b")

Headers = tuple[tuple[str, str], ...]


def headers_added(nodes: Mapping[str, Node], hops: Sequence[Hop]) -> dict[str, Headers]:
    """Queue id -> the header lines (name, value) that this hop added; empty for a mail that was not delivered."""
    content = _content(nodes, hops)
    return attribute(content, hops) if content else {}


def delivered_headers(nodes: Mapping[str, Node], hops: Sequence[Hop]) -> Headers:
    """All header lines (name, value) of the mail in the mailbox; empty for a mail that was not delivered."""
    return tuple(header_lines(_content(nodes, hops)))


def attribute(content: bytes, hops: Sequence[Hop]) -> dict[str, Headers]:
    """Queue id -> header lines of the mail ``content`` that this hop added, to be shown."""
    by_id = {hop.queue_id: hop for hop in hops}
    found: dict[str, list[tuple[str, str]]] = {}
    current = ""
    headers = header_lines(content)
    results = " ".join(value for name, value in headers if RESULTS.match(name))
    asked = [hop for hop in hops if hop.action]
    authors = [hop for hop in asked if hop.role and f"{hop.role.upper()}(" in results] or asked
    ours = [_id(value) for name, value in headers if name.lower() == "received" and _id(value) in by_id]
    for name, value in headers:
        if name.lower() == "received":
            current = _id(value)
        if RESULTS.match(name):
            owner = authors[-1].queue_id if authors else ""
        elif not current:
            owner = ours[0] if ours else ""  # above all Received: who put it into the mailbox
        elif ours and current == ours[-1] and not _of(by_id[current], name):
            owner = ""  # below the oldest Received stands the mail as it came in
        else:
            owner = current
        if owner in by_id:
            found.setdefault(owner, []).append((name, value))
    return {
        queue_id: tuple((one_line(name), one_line(value)) for name, value in lines) for queue_id, lines in found.items()
    }


def _of(hop: Hop, name: str) -> bool:
    """Whether the first hop itself added this line, which stands among those that the sender wrote."""
    return name.lower() == "received" or (name.lower() == "authentication-results" and bool(hop.action))


def header_lines(content: bytes) -> list[tuple[str, str]]:
    """Name and value of each line in the head of a mail, without line breaks."""
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(content)
    return [(name, unfolded(str(value))) for name, value in message.items()]


def unfolded(value: str) -> str:
    """The value of a header line without line breaks."""
    return re.sub(r"\s*\n\s*", " ", value)


def _id(received: str) -> str:
    match = _QUEUE_ID.search(received)
    return match[1] if match else ""


def _content(nodes: Mapping[str, Node], hops: Sequence[Hop]) -> bytes:
    """The beginning of the mail as it lies in a mailbox."""
    for hop in reversed(hops):
        if hop.relay == "virtual" and hop.status == "sent" and (found := _delivered(nodes[hop.node], hop.queue_id)):
            return found
    return b""


def _delivered(node: Node, queue_id: str) -> bytes:
    """The beginning of the mail that went into a mailbox of ``node`` under that queue id."""
    paths = sorted((node.main.folder / "mail").glob("*/new/*"), key=lambda path: path.name, reverse=True)
    for path in paths[:NEWEST]:
        if f"id {queue_id}\n".encode() in (head := _head(path)):
            return head
    return b""


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""
