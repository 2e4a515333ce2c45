"""Send one mail through a door of the cluster, as a client of the Internet or as somebody inside.

Source: RFC 5321, RFC 4954 (AUTH), https://www.postfix.org/XCLIENT_README.html
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.cluster.topology import Node
from labs.errors import LabError
from labs.mails import Envelope
from labs.smtp.trace import Entry, Trace, follow, read
from labs.visible import Text, visible

TIMEOUT = 90
"""Seconds for one command: longer than Postfix waits for its milter."""

DOORS = {  # name -> (node, port, the node it is entered from)
    "mx1": ("mx1", "smtp", "client"),
    "mx2": ("mx2", "smtp", "client"),
    "submission": ("hub1", "submission", "intern"),
    "internal": ("hub1", "internal", "intern"),
    "hub1": ("hub1", "from_mx", "client"),
    "mailout1": ("mailout1", "smtp", "client"),
}
"""The last two stand open to nobody outside: trying them is a lesson."""


NO_CLUSTER = "In diesem Labor läuft kein Postfix."
START_CLUSTER = 'Starte mit `Lab.start(profile="cluster")`, im Terminal mit `./arbeitsbuch up cluster`.'


@dataclass(frozen=True)
class Exchange:
    """One step of a dialogue. ``said``: the client's command, its verb in capitals, without passwords; empty: the server greets."""

    said: str
    code: int
    reply: str

    def __str__(self) -> str:
        first, *more = self.reply.split("\n")
        answer = f"S: {self.code} {first}{f' … ({len(more) + 1} Zeilen)' if more else ''}"
        return visible(f"C: {self.said}\n{answer}" if self.said else answer)


class _Recorded(smtplib.SMTP):
    """A client that notes what was said."""

    def __init__(self, *arguments) -> None:
        self.dialogue: list[Exchange] = []
        self._said = ""
        super().__init__(*arguments)

    def putcmd(self, cmd: str, args: str = "") -> None:
        said = re.sub(r"^(mail from|rcpt to|\w+)", lambda verb: verb[0].upper(), f"{cmd} {args}".strip(), flags=re.I)
        self._said = "AUTH …" if cmd.upper() == "AUTH" else said
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        code, reply = super().getreply()
        self.dialogue.append(Exchange(self._said, code, reply.decode(errors="replace")))
        self._said = "(die Mail) ." if code == 354 else "…"
        return code, reply


@dataclass(frozen=True)
class Delivery:
    """What the server answered. ``code``: SMTP reply code; ``reply``: its text; ``queue_id``: empty when refused."""

    via: str
    code: int
    reply: str
    queue_id: str
    seconds: float
    message_id: str
    nodes: Mapping[str, Node] = field(repr=False)
    dialogue: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def transcript(self) -> Text:
        """The SMTP dialogue, a line for what each side said; the mail itself is left out."""
        return Text("\n".join(map(str, self.dialogue)))

    def trace(self, seconds: float = 15) -> Trace:
        """Follow this mail through all nodes; waits up to ``seconds`` until none has work left with it."""
        return follow(self.nodes, self.message_id, seconds, self.entry)

    def trace_now(self) -> Trace:
        """The trace as far as the mail has come."""
        return read(self.nodes, self.message_id, self.entry)

    @property
    def entry(self) -> Entry:
        """How the mail came in, as the first step of its trace."""
        node, _, source = DOORS[self.via]
        return Entry(source, node, self.code, visible(self.reply), self.queue_id, self.seconds)

    @property
    def accepted(self) -> bool:
        return self.code == 250

    def __str__(self) -> str:
        text = visible(f"{self.via}: {self.code} {self.reply}")
        if self.code == 452 and "too many recipients" in self.reply:
            taken = sum(exchange.said.startswith("RCPT") and exchange.code == 250 for exchange in self.dialogue)
            text += f"\nMehr als {taken} Empfänger nimmt dieser Postfix je Mail nicht an (smtpd_recipient_limit). Gesendet ist nichts; verteile die Empfänger auf mehrere Mails."
        return text

    __repr__ = __str__


def send(nodes: Mapping[str, Node], secrets: Mapping[str, str], mail: bytes, envelope: Envelope, via: str) -> Delivery:
    """Send ``mail`` through the door ``via`` (see DOORS; "mx" is mx1).

    At an MX the client plays the envelope's IP address, name and HELO by XCLIENT. At submission it logs in as the
    sender. Raises LabError: unknown door, nobody listens, no recipient.
    """
    via = "mx1" if via == "mx" else via
    if via not in DOORS:
        raise LabError(f"Einen Weg „{via}“ gibt es nicht.", next_step=f"Vorhanden sind: {', '.join(DOORS)}.")
    if DOORS[via][0] not in nodes:
        raise LabError(NO_CLUSTER, next_step=START_CLUSTER)
    if not envelope.rcpt:
        raise LabError("Die Mail hat keinen Empfänger.", next_step='Gib einen an: rcpt="erika.muster@firma.example".')
    name, port, source = DOORS[via]
    node, started = nodes[name], time.monotonic()
    dialogue: list[Exchange] = []
    try:
        with _Recorded(
            node.address, node.ports[port], envelope.helo or "client.example", TIMEOUT, (nodes[source].address, 0)
        ) as server:
            dialogue = server.dialogue
            code, reply = _dialogue(server, secrets, mail, envelope, via)
    except smtplib.SMTPResponseException as error:
        code, reply = error.smtp_code, error.smtp_error
    except (OSError, smtplib.SMTPException) as error:
        raise LabError(
            f"Der SMTP-Dialog mit {name} ist abgebrochen.",
            why=str(error),
            next_step="Sieh mit `lab.status()` nach und sende noch einmal.",
        ) from None
    except ValueError:  # letters beyond ASCII, or a line end
        raise LabError(
            "Der Umschlag enthält Zeichen, die SMTP nicht überträgt.",
            why="In Adressen, HELO und Hostname sind nur Zeichen aus ASCII erlaubt, ohne Zeilenumbruch.",
            next_step="Ändere den Wert und sende noch einmal. Domains mit Umlauten schreibt man als xn--….",
        ) from None
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    queued = re.search(r"queued as (\w+)", text)
    seconds = time.monotonic() - started
    return Delivery(via, code, text, queued[1] if queued else "", seconds, message_id(mail), nodes, tuple(dialogue))


def message_id(mail: bytes) -> str:
    """The Message-ID without its brackets; empty when the mail has none."""
    match = re.search(rb"^Message-ID:\s*<([^>\s]+)>", mail, re.IGNORECASE | re.MULTILINE)
    return match[1].decode(errors="replace") if match else ""


def _dialogue(
    server: smtplib.SMTP, secrets: Mapping[str, str], mail: bytes, envelope: Envelope, via: str
) -> tuple[int, bytes]:
    server.ehlo()
    if via in ("submission", "hub1", "mailout1"):
        context = ssl.create_default_context(cadata=secrets["ca"])
        context.check_hostname = False  # the lab speaks to addresses, not to names
        server.starttls(context=context)
        server.ehlo()
    if via == "submission":
        server.login(envelope.user or envelope.from_, secrets["mailbox"])
    elif via in ("mx1", "mx2") and envelope.ip:
        helo = envelope.helo or "client.example"
        code, reply = server.docmd(
            "XCLIENT", f"ADDR={envelope.ip} NAME={envelope.hostname or '[UNAVAILABLE]'} HELO={helo}"
        )
        if code != 220:
            return code, reply
        server.ehlo()
    code, reply = server.mail("" if envelope.from_ == "<>" else envelope.from_)
    for recipient in envelope.rcpt:
        if code == 250:
            code, reply = server.rcpt(recipient)
    return server.data(mail) if code == 250 else (code, reply)
