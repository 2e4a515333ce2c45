"""The steps of a mail's way: how it came in, and one entry in a queue after the other."""

from __future__ import annotations

from dataclasses import dataclass

from labs.smtp.records import Handover

FINAL = ("sent", "bounced", "rejected", "discarded", "held", "expired")


@dataclass(frozen=True)
class Entry:
    """How the mail came in: from node ``source`` to node ``node``, with the server's answer; ``seconds`` it took."""

    source: str
    node: str
    code: int
    reply: str
    queue_id: str
    seconds: float


@dataclass(frozen=True)
class Hop:
    """One queue entry on one node. ``clock``: HH:MM:SS; ``action``, ``score``: Rspamd's, if it was asked.

    ``handovers``: one per recipient, the latest. ``refused``: what Postfix did with the mail on Rspamd's word
    (rejected, discarded) with ``refusal`` as its reason. ``scan_seconds``: what Rspamd took on node ``scanner``. ``added``: the header
    lines (name, value) that this hop gave the mail, as far as the delivered mail still shows them.
    """

    node: str
    queue_id: str
    clock: str
    client: str = ""
    role: str = ""
    action: str = ""
    score: float | None = None
    symbols: tuple[str, ...] = ()
    scan_seconds: float | None = None
    scanner: str = ""
    handovers: tuple[Handover, ...] = ()
    refused: str = ""
    refusal: str = ""
    added: tuple[tuple[str, str], ...] = ()

    @property
    def last(self) -> Handover:
        """The handover that counts for the hop: one that is not done yet, else the last one."""
        waiting = [one for one in self.handovers if one.status not in FINAL]
        return [Handover(), *self.handovers, *waiting][-1]

    @property
    def status(self) -> str:
        """sent, deferred, bounced, rejected, discarded; empty while the mail is in the queue."""
        return self.refused or self.last.status

    @property
    def reply(self) -> str:
        return self.refusal or self.last.reply

    @property
    def relay(self) -> str:
        return self.last.relay

    @property
    def delay(self) -> float:
        """Seconds from the first byte of the mail until the next server has it, as Postfix measures them."""
        return max((one.delay for one in self.handovers), default=0.0)
