"""Send a mail with a chosen sum of points through the real MX and see what becomes of it (chapter 05)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from functools import cached_property

from labs.errors import LabError
from labs.mails import load_signed
from labs.policy.system import System
from labs.rspamd.verdict import number
from labs.smtp.client import Delivery
from labs.smtp.headers import delivered_headers
from labs.smtp.trace import Hop, Trace
from labs.visible import one_line

LOW, HIGH = -5.0, 25.0
MAIL = "regler"
PATIENCE = 10
RETRY = 2.2
"""Seconds after which greylisting lets a mail pass in chapter 05 (greylist.conf), and a little more."""
ENDS = {
    "rejected": "Der MX nimmt die Mail nicht an.",
    "held": "Der MX nimmt die Mail an und hält sie in der HOLD-Queue zurück.",
    "discarded": "Der MX nimmt die Mail an und wirft sie weg.",
    "sent": "Die Mail liegt im Postfach.",
}


@dataclass(frozen=True)
class Shot:
    """One mail: the points it was given, Rspamd's word on it, what Postfix answered and where it ended.

    ``sent``: when, in seconds of ``time.monotonic``.
    """

    wanted: float
    mail: bytes = field(repr=False)
    sent: float
    delivery: Delivery
    trace: Trace

    @property
    def first(self) -> Hop:
        """The MX, where Rspamd decided."""
        return self.trace.hops[0]

    @property
    def end(self) -> str:
        """Where the mail is now: a German sentence."""
        if self.delivery.code // 100 == 4:
            return "Der MX vertröstet den Absender; der versucht es später wieder."
        last = self.trace.hops[-1]
        return ENDS.get(self.first.refused or last.status, f"Die Mail wartet auf {last.node}.")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Subject (decoded) and what else the reader may sort by, of the delivered mail; empty before it is there."""
        wanted = ("x-spam", "x-rspamd-action", "subject")
        found = delivered_headers(self.delivery.nodes, self.trace.hops)
        return tuple(
            (name, one_line(str(make_header(decode_header(value))))) for name, value in found if name.lower() in wanted
        )

    def __str__(self) -> str:
        return f"{number(self.wanted):>5} Punkte → {self.first.action:<16} {self.delivery.code}  {self.end}"

    __repr__ = __str__


class Dial:
    """Needs the profile "cluster" and the configuration of chapter 05."""

    def __init__(self, system: System) -> None:
        self.system = system

    @cached_property
    def own_points(self) -> float:
        """What the mail has without the header X-Punkte. Raises LabError outside chapter 05."""
        mail, envelope = load_signed(MAIL, self.system.cluster.secrets)
        verdict = self.system.rspamd.scan(
            b"X-Punkte: 2\r\n" + mail, ip=envelope.ip, helo=envelope.helo, hostname=envelope.hostname,
            from_=envelope.from_, rcpt=envelope.rcpt, mta_name=envelope.mta_name,
        )  # fmt: skip
        if verdict.symbol("REGLER") is None:
            raise LabError(
                "Der Regler wirkt in dieser Konfiguration nicht.",
                why="Die Regel, die Punkte aus der Kopfzeile X-Punkte liest, gibt es nur in Kapitel 05.",
                next_step='Stelle sie mit `lab.reset("05-actions")` her.',
            )
        return round(verdict.score - 2, 2)

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Action -> from how many points, as the workers have it now."""
        return self.system.rspamd.scan(MAIL).thresholds

    def mail(self, points: float) -> bytes:
        """A fresh mail that Rspamd will give ``points``."""
        return (
            f"X-Punkte: {points - self.own_points:.2f}\r\n".encode() + load_signed(MAIL, self.system.cluster.secrets)[0]
        )

    def send(self, points: float) -> Shot:
        """Send a fresh mail with so many points; returns when it has come to rest."""
        self.system.forget()  # otherwise greylisting knows the sender from the last mail
        return self._send(points, self.mail(points))

    def again(self, shot: Shot) -> Shot:
        """Send the same mail once more, as a server does that was put off; waits until greylisting lets it pass."""
        time.sleep(max(0.0, shot.sent + RETRY - time.monotonic()))
        return self._send(shot.wanted, shot.mail)

    def _send(self, points: float, mail: bytes) -> Shot:
        envelope = load_signed(MAIL, self.system.cluster.secrets)[1]
        sent = time.monotonic()
        delivery = self.system.post.send(
            mail,
            "mx1",
            ip=envelope.ip,
            helo=envelope.helo,
            hostname=envelope.hostname,
            from_=envelope.from_,
            rcpt=envelope.rcpt,
        )
        return Shot(points, mail, sent, delivery, delivery.trace(PATIENCE))
