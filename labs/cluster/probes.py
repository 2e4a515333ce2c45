"""Ask a port of the lab, as one of its nodes, whether it would serve that node: the client's side of each protocol.

On loopback every TCP connection succeeds, so what counts is the service's answer. Nothing is delivered: a mail ends
after RCPT. Source: RFC 5321, RFC 3207, RFC 4954; clamd(8); Dovecot's authentication protocol; Rspamd's HTTP
endpoints; Redis' RESP; the milter protocol's option negotiation (libmilter, mfdef.h).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from labs.cluster.role import connect
from labs.cluster.topology import Service
from labs.visible import one_line

TIMEOUT = 5
"""Seconds until a port counts as silent; a fresh MX asks the HUB for a recipient and takes up to 3."""

OWN, FOREIGN = "erika.muster@firma.example", "lena.hartwig@partner.example"
ENVELOPES = {  # what the port is there for: role or role and port -> (sender, recipient)
    "postfix-mx": (FOREIGN, OWN),
    "postfix-mailbox": (FOREIGN, OWN),
    "postfix-mailout": (OWN, FOREIGN),
    "postfix-internet": (OWN, FOREIGN),
    "postfix-hub from_mx": (FOREIGN, OWN),
    "postfix-hub submission": (OWN, FOREIGN),
    "postfix-hub behind_queue": (OWN, FOREIGN),
    "postfix-hub internal": ("drucker@firma.example", OWN),
    "postfix-hub alerts": ("rspamd@firma.example", "postmaster@firma.example"),
}


@dataclass(frozen=True)
class Question:
    """``source``: the address that asks. ``secrets``: empty for one who knows no password and no CA."""

    source: str
    service: Service
    port: str
    protocol: str
    secrets: Mapping[str, str]

    @property
    def target(self) -> tuple[str, int]:
        return self.service.address, self.service.ports[self.port]

    def dial(self) -> socket.socket:
        return connect(self.service, self.port, TIMEOUT, self.source)


@dataclass(frozen=True)
class Answer:
    """``accepted``: the service serves this source. ``asked``: what it wanted first (tls, password)."""

    accepted: bool
    asked: frozenset[str]
    reply: str


def ask(question: Question) -> Answer:
    """Try the port. A service that does not answer has not accepted; nothing is raised."""
    role, port = question.service.role, question.port
    probe = PROBES.get(port, _smtp if role.startswith("postfix-") else None)
    if probe is None:
        raise KeyError(f"no probe for port {port} of {role}")
    try:
        answer = probe(question)
        return replace(answer, reply=one_line(answer.reply))
    except (TimeoutError, smtplib.SMTPServerDisconnected):
        return Answer(False, frozenset(), "keine Antwort")
    except ConnectionRefusedError:
        return Answer(False, frozenset(), "niemand lauscht")
    except (OSError, smtplib.SMTPException) as error:
        return Answer(False, frozenset(), str(error))


# --- SMTP -------------------------------------------------------------------------------------------------------------


def _smtp(question: Question) -> Answer:
    role = question.service.role
    sender, recipient = ENVELOPES.get(role) or ENVELOPES[f"{role} {question.port}"]
    asked: set[str] = set()
    host, port = question.target
    with smtplib.SMTP(host, port, "client.example", TIMEOUT, (question.source, 0)) as server:
        code, reply = _envelope(server, sender, recipient)
        if code == 530 and b"STARTTLS" in reply:
            asked.add("tls")
            server.starttls(context=_context(question.secrets))
            code, reply = _envelope(server, sender, recipient)
        if code >= 500 and server.has_extn("auth"):
            asked.add("password")
            if password := question.secrets.get("mailbox"):
                server.rset()
                server.login(OWN, password)
                code, reply = _envelope(server, sender, recipient)
    return Answer(code == 250, frozenset(asked), f"{code} {reply.decode(errors='replace')}")


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> tuple[int, bytes]:
    server.ehlo()
    code, reply = server.mail(sender)
    return server.rcpt(recipient) if code == 250 else (code, reply)


def _context(secrets: Mapping[str, str]) -> ssl.SSLContext:
    """Who knows the lab's CA checks the certificate; the stranger takes any. The lab speaks to addresses, not names."""
    context = ssl.create_default_context(cadata=secrets.get("ca"))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if "ca" in secrets else ssl.CERT_NONE
    return context


# --- the others -------------------------------------------------------------------------------------------------------


def _http(question: Question, path: str, header: str = "") -> tuple[int, str]:
    with question.dial() as client:
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: lab.invalid\r\n{header}\r\n".encode())
        line = client.makefile("rb").readline().decode(errors="replace").strip()
    match = re.match(r"HTTP/\d\.\d (\d+)", line)
    return int(match[1]) if match else 0, line


def _worker(question: Question) -> Answer:
    code, line = _http(question, "/ping")
    return Answer(code == 200, frozenset(), line)


def _controller(question: Question) -> Answer:
    code, line = _http(question, "/stat")
    if code not in (401, 403):
        return Answer(code == 200, frozenset(), line)
    if password := question.secrets.get("controller"):
        code, line = _http(question, "/stat", f"Password: {password}\r\n")
    return Answer(code == 200, frozenset({"password"}), line)


def _says(question: Question, expected: bytes, *requests: bytes) -> tuple[bool, str]:
    """Whether the answer to the last request begins with ``expected``, and its first line."""
    answer = b""
    with question.dial() as client:
        for request in requests:
            client.sendall(request)
            answer = client.recv(512)
    return answer.startswith(expected), answer.split(b"\n")[0].strip(b"\0\r").decode(errors="replace")


def _redis(question: Question) -> Answer:
    accepted, line = _says(question, b"+PONG", b"PING\r\n")
    if not line.startswith("-NOAUTH"):
        return Answer(accepted, frozenset(), line)
    if password := question.secrets.get("redis"):
        accepted, line = _says(question, b"+PONG", f"AUTH {password}\r\n".encode(), b"PING\r\n")
    return Answer(accepted, frozenset({"password"}), line)


def _clamd(question: Question) -> Answer:
    accepted, line = _says(question, b"PONG", b"zPING\0")
    return Answer(accepted, frozenset(), line)


def _auth(question: Question) -> Answer:
    accepted, line = _says(question, b"VERSION", b"")
    return Answer(accepted, frozenset(), line)


def _dns(question: Question) -> Answer:
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode

    send = dns.query.udp if question.protocol == "udp" else dns.query.tcp
    address, port = question.target
    query = dns.message.make_query("firma.example", "MX")
    try:
        reply = send(query, address, TIMEOUT, port, source=question.source)
    except dns.exception.DNSException as error:
        return Answer(False, frozenset(), str(error))
    return Answer(reply.rcode() == dns.rcode.NOERROR, frozenset(), dns.rcode.to_text(reply.rcode()))


PROBES: dict[str, Callable[[Question], Answer]] = {
    "worker": _worker,
    "controller": _controller,
    "redis": _redis,
    "clamd": _clamd,
    "auth": _auth,
    "dns": _dns,
}
"""By name of the port; all other ports belong to Postfix."""
