"""What the tracer knows and does, without any widget: send a mail through a door and watch it travel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from labs.cluster.topology import Node
from labs.errors import LabError
from labs.mails import catalogue, load_signed
from labs.smtp.client import DOORS, Delivery
from labs.smtp.post import Post
from labs.smtp.trace import LOG_DELAY, Trace, with_headers
from labs.widgets.model import OWN

WAYS = {
    "mx1": "von außen über mx1",
    "mx2": "von außen über mx2",
    "submission": "ein Benutzer nach außen (angemeldet, Port submission)",
    "internal": "ein internes System in ein Postfach",
    "hub1": "von außen direkt an hub1 (verboten)",
    "mailout1": "von außen direkt an mailout1 (verboten)",
}
"""The doors in words, in the order of the list."""

INSIDE = {
    "submission": {"from_": "erika.muster@firma.example", "rcpt": ("lena.hartwig@partner.example",)},
    "internal": {"from_": "drucker@firma.example", "rcpt": ("max.beispiel@firma.example",)},
}
"""Who sends from inside: the sample mails come from outside."""

POLL, SLOW, PATIENCE = 0.1, 0.45, 40.0
"""Seconds: between two looks into the logs; that each hop is shown for; until a mail that waits is given up."""


@dataclass
class TracerModel:
    """``choice``: a name of the catalogue, or OWN for the mail that ``own`` holds."""

    post: Post
    choice: str
    via: str = "mx1"
    own: bytes = b""
    trace: Trace | None = None
    delivery: Delivery | None = field(default=None, repr=False)

    def ways(self) -> list[tuple[str, str]]:
        """(words, door) for a list; every door that the cluster has, also one that nobody has described yet."""
        return [(WAYS.get(door, door), door) for door in sorted(DOORS, key=[*WAYS, *DOORS].index)]

    def mails(self) -> list[tuple[str, str]]:
        """(words, name) for a list, the own mail first when there is one."""
        own = [("Eigene Mail", OWN)] if self.own else []
        return own + [(f"{mail.group}: {mail.title}", mail.name) for mail in catalogue().values()]

    def empty(self) -> Trace:
        """The picture before anything was sent. Raises LabError: lab down, no Postfix in this profile."""
        return Trace("", (), None, self._nodes())

    def _nodes(self) -> dict[str, Node]:
        nodes = self.post.cluster.nodes
        if "mx1" not in nodes:
            raise LabError(
                "In diesem Labor läuft kein Postfix.",
                next_step='Starte das große: `lab = Lab.start(profile="cluster")`.',
            )
        return nodes

    def travel(self) -> Iterator[Trace]:
        """Send the mail, then yield its trace whenever that has grown, one hop at a time; the last one is whole.

        A mail is faster than the eye, so each hop is shown for SLOW seconds. Raises LabError as ``Lab.send`` does.
        """
        self._nodes()
        content, envelope = load_signed(self.choice if self.choice != OWN else self.own, self.post.cluster.secrets)
        envelope = replace(envelope, **INSIDE.get(self.via, {}))
        if not envelope.rcpt:
            envelope = replace(envelope, from_="lena.hartwig@partner.example", rcpt=("erika.muster@firma.example",))
        self.delivery = self.post.send(
            content, self.via, ip=envelope.ip, helo=envelope.helo, hostname=envelope.hostname, from_=envelope.from_,
            rcpt=envelope.rcpt, user=envelope.user,
        )  # fmt: skip
        began, shown, last = time.monotonic(), 0, None
        while True:
            known = self.delivery.trace_now()
            grown = len(known.hops) > shown
            shown += grown
            part = replace(known, hops=known.hops[:shown])
            if part != last:
                yield part
                last = part
            waited = time.monotonic() - began
            settled = known.finished and shown == len(known.hops) and (known.hops or waited > LOG_DELAY)
            if settled or waited > PATIENCE:
                break
            time.sleep(SLOW if grown else POLL)
        self.trace = with_headers(known)
        yield self.trace
