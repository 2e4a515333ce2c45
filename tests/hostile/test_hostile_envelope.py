"""Hostile addresses in real Postfix, which takes any UTF-8 once smtputf8_enable is on."""

import smtplib

import pytest

from tests.hostile.page import forbidden

SENDER = "a\u2028b\u202ec\x85d@firma.example"


@pytest.fixture
def waiting(big):
    """A mail from such a sender that waits in the HUB's queue."""
    big.write("postfix-hub/main.cf", "smtputf8_enable = yes\n")
    big.stop("imap1")
    hub, source = big.cluster.node("hub1"), big.cluster.node("intern").address
    with smtplib.SMTP(hub.address, hub.ports["internal"], "client.example", 20, (source, 0)) as server:
        server.command_encoding = "utf-8"
        server.ehlo()
        assert server.docmd("MAIL", f"FROM:<{SENDER}> SMTPUTF8")[0] == 250
        server.rcpt("erika.muster@firma.example")
        assert server.data(b"Subject: x\r\n\r\nx\r\n")[0] == 250
    yield big
    big.restart("imap1")
    big.flush("hub1")


def test_queue_and_log_show_a_hostile_sender_as_text(waiting):
    [row] = [row for row in waiting.queue().itertuples() if row.Absender.endswith("d@firma.example")]
    assert row.Absender == r"a\u2028b\u202ec\x85d@firma.example"
    log = waiting.logs("hub1", 50)
    assert row.Absender in log and not forbidden(log)
