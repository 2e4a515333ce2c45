"""Ask a Rspamd worker about one mail over HTTP. Source: https://docs.rspamd.com/developers/protocol"""

from __future__ import annotations

import email
import email.policy
import ipaddress
import secrets
from collections.abc import Mapping, Sequence

import requests

from labs.cluster import http
from labs.cluster.cluster import Cluster
from labs.errors import LabError, Unreachable
from labs.mails import Envelope
from labs.rspamd.verdict import Verdict

TIMEOUT = 12
"""Seconds: above the workers' task_timeout, also that of the exercises, so that Rspamd's answer comes first."""

HEADER_BYTES = 80_000
"""What Rspamd takes of a request's headers, a little less than its HTTP parser does: each recipient stands there."""


class Worker:
    """A Rspamd worker at ``url``. One HTTP session; not for use by several threads at once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = http.session()

    @classmethod
    def of(cls, cluster: Cluster) -> Worker:
        """The first worker node of a lab."""
        return cls(http.url(cluster.node("rspamd1").main.endpoint("worker")))

    def scan(
        self,
        mail: bytes,
        envelope: Envelope,
        groups: Mapping[str, Sequence[str]],
        *,
        settings_id: str = "",
        timeout: float = TIMEOUT,
    ) -> Verdict:
        """Scan ``mail`` (RFC 5322 bytes) with its envelope.

        Raises LabError: worker unreachable, no answer within ``timeout`` seconds, a wrong value in the envelope,
        a reply that is not Rspamd's.
        """
        queue_id = f"LAB{secrets.token_hex(5).upper()}"
        headers = [*_headers(envelope, settings_id), ("Queue-ID", queue_id), ("Flags", "profile,milter")]
        if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
            raise LabError(
                f"Der Umschlag mit {len(envelope.rcpt)} Empfängern ist zu groß für Rspamd.",
                why=f"Er steht in den Kopfzeilen der Anfrage, und von ihnen nimmt Rspamd höchstens {HEADER_BYTES // 1000} KB.",
                next_step="Gib weniger Empfänger an.",
            )
        try:
            reply = self._session.post(f"{self.url}/checkv2", data=mail, headers=dict(headers), timeout=timeout)
        except requests.Timeout:
            raise Unreachable(
                f"Rspamd hat nach {timeout:g} Sekunden nicht geantwortet.",
                why="Der Worker ist eingefroren oder wartet auf einen Dienst, der nicht antwortet.",
                next_step="Sieh mit `lab.status()` nach; `lab.reset()` bringt das Labor in den Anfangszustand.",
            ) from None
        except requests.ConnectionError as error:
            if "RemoteDisconnected" in str(error) or "reset by peer" in str(error):
                raise Unreachable(
                    "Rspamd hat die Verbindung während der Prüfung geschlossen.",
                    why="Der Worker ist abgestürzt oder wurde beendet, oder die Mail ist ihm zu groß.",
                    next_step="Sieh mit `lab.status()` nach und sende noch einmal.",
                ) from None
            raise Unreachable(
                "Rspamd nimmt keine Verbindung an.",
                why="Auf seinem Socket lauscht gerade niemand: Das Labor ist beendet, oder der Knoten startet neu.",
                next_step="Sende in einer Sekunde noch einmal. Hilft das nicht: `lab = Lab.start()`.",
            ) from None
        if not reply.ok:
            raise LabError(
                "Rspamd lehnt die Anfrage ab.",
                why=f"HTTP {reply.status_code}: {reply.text[:300]}",
                next_step="Sieh mit `lab.logs()` nach.",
            )
        return Verdict.parse(
            reply.json(), groups, queue_id=queue_id, subject=subject_of(mail),
            mail=mail, envelope=envelope, settings_id=settings_id,
        )  # fmt: skip


def subject_of(mail: bytes) -> str:
    """The decoded Subject of a mail, or an empty string. Never fails, whatever the bytes are."""
    head = mail[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        return str(email.message_from_bytes(head, policy=email.policy.default).get("Subject", ""))
    except Exception:  # the parser of the standard library fails in many ways on hostile headers
        return ""


def _headers(envelope: Envelope, settings_id: str) -> list[tuple[str, bytes]]:
    """Rspamd's request headers; a value that cannot be one raises a LabError."""
    pairs = [
        ("From", "from_", envelope.from_), ("Helo", "helo", envelope.helo), ("Hostname", "hostname", envelope.hostname),
        ("User", "user", envelope.user), ("MTA-Name", "mta_name", envelope.mta_name), ("Settings-ID", "settings_id", settings_id),
    ]  # fmt: skip
    if isinstance(envelope.rcpt, (str, bytes)) or not isinstance(envelope.rcpt, Sequence):
        raise _wrong("rcpt", envelope.rcpt, "eine Liste von Adressen")
    if envelope.ip:
        try:
            pairs.append(("IP", "ip", str(ipaddress.ip_address(envelope.ip))))
        except ValueError:
            raise _wrong("ip", envelope.ip, "eine IP-Adresse wie 192.0.2.10") from None
    pairs += [("Rcpt", "rcpt", ",".join(map(str, envelope.rcpt)))] if envelope.rcpt else []
    for _, argument, value in pairs:
        if not isinstance(value, str):
            raise _wrong(argument, value, "ein Text")
        if any(
            ord(character) < 32 or ord(character) == 127 or "\ud800" <= character <= "\udfff" for character in value
        ):
            raise _wrong(argument, value, "ein Text ohne Zeilenumbrüche und Steuerzeichen")
        if value != value.strip():
            raise _wrong(argument, value, "ein Text ohne Leerzeichen am Rand")
    return [(name, value.encode()) for name, _, value in pairs if value]


def _wrong(argument: str, value: object, expected: str) -> LabError:
    return LabError(
        f"„{argument}“ muss {expected} sein, nicht {value!r}.", next_step="Ändere den Wert und sende noch einmal."
    )
