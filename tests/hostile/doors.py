"""A client that says to a door of the cluster exactly what a test wants, byte by byte."""

import base64
import socket
import ssl
from contextlib import contextmanager

PLACES = {
    "mx1": ("mx1", "smtp"), "mx2": ("mx2", "smtp"), "mailout1": ("mailout1", "smtp"), "imap1": ("imap1", "smtp"),
    **{name: ("hub1", name) for name in ("from_mx", "internal", "behind_queue", "alerts", "submission")},
}  # fmt: skip
OWN, FOREIGN, OUTSIDE = "erika.muster@firma.example", "lena.hartwig@partner.example", "192.0.2.10"


class Client:
    def __init__(self, lab, connection, door):
        self.lab, self.connection, self.door = lab, connection, door
        self.text = connection.makefile("rb")
        self.login = False

    @property
    def envelope(self):
        """Whom such a client sends for, and to whom."""
        return (OWN, FOREIGN) if self.login else (FOREIGN, OWN)

    def code(self):
        """The code of the next reply, all its lines read; 0 when the server has hung up."""
        try:
            while line := self.text.readline():
                if line[3:4] != b"-":
                    return int(line[:3])
        except (OSError, ValueError):
            pass
        return 0

    def answers_within(self, seconds):
        """Whether a reply begins within so many seconds; it stays to be read."""
        self.connection.settimeout(seconds)
        try:
            return bool(self.text.peek(1))
        except TimeoutError:
            self.text = self.connection.makefile("rb")
            return False
        finally:
            self.connection.settimeout(30)

    def send_bytes(self, data):
        self.connection.sendall(data)

    def ask_bytes(self, data):
        try:
            self.send_bytes(data)
        except OSError:
            return 0
        return self.code()

    def ask(self, line):
        return self.ask_bytes(line.encode() + b"\r\n")

    def start_tls(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connection = context.wrap_socket(self.connection)
        self.text = self.connection.makefile("rb")

    def hello(self, name):
        self.ask(f"EHLO {name}")
        if self.door in ("mx1", "mx2"):
            assert self.ask(f"XCLIENT ADDR={OUTSIDE} NAME=mail.partner.example HELO={name}") == 220
            self.ask(f"EHLO {name}")
        elif self.ask("STARTTLS") == 220:
            self.start_tls()
            self.ask(f"EHLO {name}")
        if self.login:
            word = base64.b64encode(f"\0{OWN}\0{self.lab.cluster.secrets['mailbox']}".encode()).decode()
            assert self.ask(f"AUTH PLAIN {word}") == 235


@contextmanager
def raw_session(lab, door, *, source=""):
    """A dialogue at ``door``, greeted. ``source`` "erika": at submission the client logs in."""
    node, port = PLACES[door]
    nodes = lab.cluster.nodes
    place = (nodes[node].address, nodes[node].ports[port])
    outside = nodes["client"].address
    with socket.create_connection(place, 30, (outside, 0)) as connection:
        client = Client(lab, connection, door)
        client.login = source == "erika" and door == "submission"
        assert client.code() == 220
        yield client
