"""No open relay, and one mail stays one mail: attempts at the doors of real Postfix, and a look at what arrived.

Sources: RFC 5321; https://www.postfix.org/smtp-smuggling.html; the relay tests that mail administrators use.
"""

import time

import pytest

from tests.hostile.doors import raw_session
from tests.lab.test_cluster import mailboxes
from tests.lab.test_start import wait_until

FOREIGN = "fremd@partner.example"
RELAYS = [
    "<x@rundbrief.example>", "x@rundbrief.example", "<x%rundbrief.example@firma.example>", "<rundbrief.example!x@firma.example>",
    "<rundbrief.example!x>", "<x%rundbrief.example>", "<x%rundbrief.example@mx1.firma.example>",
    "<@firma.example:x@rundbrief.example>", "<@mx1.firma.example,@firma.example:x@rundbrief.example>",
    "<@rundbrief.example:erika.muster@firma.example>", '<"x@rundbrief.example">', '<"x@rundbrief.example"@firma.example>',
    '<"x%rundbrief.example"@firma.example>', "<x@[127.0.0.1]>", "<x@[192.0.2.25]>", "<x@[IPv6:::1]>", "<x@127.0.0.1>",
    "<x@localhost>", "<x@[mx1]>", "<x@rundbrief.example.>", "<x@RUNDBRIEF.example>", "<x@firma.example@rundbrief.example>",
    "<x@rundbrief.example@firma.example>", "<erika.muster@firma.example,x@rundbrief.example>",
    "<erika.muster@firma.example> <x@rundbrief.example>", "<x@firma.example.rundbrief.example>", "<x@sub.firma.example>",
    "<x@.firma.example>", "<x@firma..example>", "<erika.muster+x@rundbrief.example>", "<|/bin/sh@firma.example>",
    "</tmp/x@firma.example>", "<:include:/etc/passwd@firma.example>", "<\\x@rundbrief.example>", "<x\\@rundbrief.example@firma.example>",
    "<x@xn--rundbrief.example>", "<x@rundbrief\u3002example>", "<x@\u24a1undbrief.example>", "<>", "<@>", "< x@rundbrief.example >",
    "<x@rundbrief.example\x00@firma.example>", "<x@rundbrief.example\t@firma.example>", "<smtp:x@rundbrief.example>",
    "<x@firma.example>ORCPT=rfc822;x@rundbrief.example", "<gibt-es-nicht@firma.example>",
]  # fmt: skip
"""Recipients that must not lead out of the house; some resemble them and must lead nowhere either."""
DOORS = ["mx1", "mx2", "from_mx", "internal", "behind_queue", "alerts", "submission", "mailout1", "imap1"]
PATIENCE = 8
"""So many errors Postfix takes from a client without hanging up or slowing down."""
ENDS = {
    "LF . LF": b"\n.\n", "LF . CRLF": b"\n.\r\n", "CRLF . LF": b"\r\n.\n", "CR . CR": b"\r.\r", "CR . CRLF": b"\r.\r\n",
    "CRLF . CR": b"\r\n.\r", "CRLF NUL . CRLF": b"\r\n\0.\r\n", "CRLF . NUL CRLF": b"\r\n.\0\r\n", "CR . LF": b"\r.\n",
    "LF . CR": b"\n.\r", "CRLF CR . CRLF": b"\r\n\r.\r\n", "CRLF . CR CR LF": b"\r\n.\r\r\n", "LF LF . LF LF": b"\n\n.\n\n",
    "CRLF .. CRLF": b"\r\n..\r\n", "VT . VT": b"\x0b.\x0b", "NEL . NEL": b"\xc2\x85.\xc2\x85",
}  # fmt: skip
"""Ends of a mail that are none: a server that took them for one would let a second mail slip in."""


OWN = "<erika.muster@firma.example>"


@pytest.mark.parametrize("door", DOORS)
def test_no_door_relays_for_the_internet(big, door):
    """Asked from outside, by somebody who knows no password: 46 forms of a recipient at each door."""
    accepted = []
    for start in range(0, len(RELAYS), PATIENCE):
        with raw_session(big, door) as client:
            client.hello("fremd.example")
            for recipient in RELAYS[start : start + PATIENCE]:
                client.ask(f"MAIL FROM:<{FOREIGN}>")
                if client.ask(f"RCPT TO:{recipient}") == 250:
                    accepted.append(recipient)
                assert client.ask("RSET") == 250
            client.ask(f"MAIL FROM:<{FOREIGN}>")
            assert (client.ask(f"RCPT TO:{OWN}") == 250) == (door in ("mx1", "mx2", "alerts"))
    # a source route is dropped, and what is left is a mailbox of the house: RFC 5321, appendix C
    assert set(accepted) <= {"<@rundbrief.example:erika.muster@firma.example>"}


@pytest.mark.parametrize("door", ["mx1", "submission"])
def test_one_mail_stays_one_mail(big, door):
    """A second mail stands in the text of the first, behind what some servers take for the end of a mail."""
    marks = {kind: f"S{number}-{time.time_ns()}" for number, kind in enumerate(ENDS)}
    ended = [kind for kind, mark in marks.items() if takes_for_the_end(big, door, ENDS[kind], mark)]
    assert takes_for_the_end(big, door, b"\r\n.\r\n", "Ende") and ended == []
    wait_until(lambda: any(arrived(big, mark) for mark in marks.values()), 20)
    time.sleep(1)
    assert {kind: arrived(big, mark) for kind, mark in marks.items() if arrived(big, mark) > 1} == {}


def takes_for_the_end(lab, door, end, mark):
    """Whether the server answers as soon as it has seen ``end``; then the hidden mail and the true end follow."""
    with raw_session(lab, door, source="erika") as client:
        client.hello("mail.partner.example")
        sender, recipient = client.envelope
        envelope = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
        mails = [
            f"From: {sender}\r\nTo: {recipient}\r\nSubject: {mark}\r\nMessage-ID: <{mark}.{number}@x.example>\r\n"
            f"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n\r\nHallo".encode()
            for number in range(2)
        ]
        assert [client.ask(line) for line in envelope.splitlines()] == [250, 250, 354]
        client.send_bytes(mails[0] + end)
        answered = client.answers_within(0.4)
        client.ask_bytes(envelope.encode() + mails[1] + b"\r\n.\r\n")
        return answered


def arrived(lab, mark):
    """How many mails with this mark as their subject lie in a mailbox."""
    return sum(f"\nSubject: {mark}\n" in text.partition("\n\n")[0] for text in mailboxes(lab))


def test_commands_after_starttls_are_forgotten(big):
    """CVE-2011-0411: what was sent in clear before TLS began must not count inside."""
    with raw_session(big, "submission") as client:
        client.ask("EHLO fremd.example")
        client.send_bytes(b"STARTTLS\r\nMAIL FROM:<x@firma.example>\r\n")
        assert client.code() == 220
        client.start_tls()
        client.ask("EHLO fremd.example")
        assert client.ask("RCPT TO:<x@rundbrief.example>") == 503
