"""What the sender widget knows and does, without any widget."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from labs.errors import LabError
from labs.mails import Envelope, catalogue, load_signed
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Comparison, Verdict, number

OWN = ""
"""The choice that stands for the reader's own mail."""

ROLES = ("incoming_default", "incoming_from_mx", "internal", "outgoing_prequeue", "outgoing_default")
KEPT = 8
"""So many results stay for comparison."""


@dataclass(frozen=True)
class Result:
    """One sent mail: its number, when, what and the verdict."""

    number: int
    clock: str
    title: str
    verdict: Verdict

    @property
    def label(self) -> str:
        return f"#{self.number} · {self.clock} · {self.title[:40]} · {self.verdict.action} {number(self.verdict.score)}"


@dataclass
class SenderModel:
    """The mail in hand, its envelope and the last results."""

    rspamd: Rspamd
    choice: str = OWN
    original: bytes = b""
    own: bytes = b""
    text: str = ""
    envelope: Envelope = field(default_factory=Envelope)
    results: list[Result] = field(default_factory=list)
    sent: tuple[str, Envelope] | None = None
    count: int = 0

    def choose(self, name: str) -> None:
        """Take a fresh copy of a sample mail with its envelope, or start an own mail."""
        self.choice = name
        if name == OWN:
            self._take(self.own, Envelope(mta_name="incoming_default"))
        else:
            self._take(*load_signed(name, self.rspamd.cluster.secrets))

    def upload(self, content: bytes) -> None:
        """Take the reader's own mail. Its bytes go to the lab's Rspamd only and are not stored."""
        self.choice, self.own = OWN, content
        self._take(content, Envelope(mta_name="incoming_default"))

    def _take(self, content: bytes, envelope: Envelope) -> None:
        self.original, self.envelope, self.text = content, envelope, readable(content)

    @property
    def content(self) -> bytes:
        """The bytes to send: the untouched original, or the edited text with the line ends of a mail."""
        if self.text == readable(self.original):
            return self.original
        return self.text.encode(charset(self.original), "replace").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    @property
    def title(self) -> str:
        return catalogue()[self.choice].title if self.choice else "Eigene Mail"

    @property
    def shows(self) -> str:
        """What to look at in the result of this sample mail."""
        return (
            catalogue()[self.choice].shows.strip()
            if self.choice
            else "Deine Mail bleibt auf diesem Rechner. Trage unten ein, woher sie kam: Ohne Umschlag fehlen Prüfungen."
        )

    @property
    def stale(self) -> bool:
        """Whether something has changed since the last result."""
        return bool(self.results) and self.sent != (self.text, self.envelope)

    def send(self) -> Result:
        """Let Rspamd judge the mail in hand. Raises LabError as ``Rspamd.scan`` does."""
        if not self.content.strip():
            raise LabError(
                "Es ist keine Mail da.",
                next_step="Wähle eine Vorlage, lade eine Datei hoch oder füge den Quelltext ein.",
            )
        envelope = self.envelope
        verdict = self.rspamd.scan(
            self.content, ip=envelope.ip, helo=envelope.helo, hostname=envelope.hostname, from_=envelope.from_,
            rcpt=envelope.rcpt, user=envelope.user, mta_name=envelope.mta_name,
        )  # fmt: skip
        self.count += 1
        result = Result(self.count, time.strftime("%H:%M:%S"), self.title, verdict)
        self.results = [*self.results[-(KEPT - 1) :], result]
        self.sent = (self.text, self.envelope)
        return result

    def compare(self, before: int, after: int) -> Comparison:
        """What differs between two results, named by their numbers. Raises LabError when one is gone."""
        found = {result.number: result.verdict for result in self.results}
        if before not in found or after not in found:
            raise LabError("Dieses Ergebnis ist nicht mehr da.", next_step=f"Wähle eines der letzten {KEPT}.")
        return found[after].compare(found[before])


def charset(content: bytes) -> str:
    """UTF-8, or Latin-1 for a mail that is not: it takes any byte, and gives the same back."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def readable(content: bytes) -> str:
    """A mail as editable text with plain line ends."""
    return content.replace(b"\r\n", b"\n").decode(charset(content))
