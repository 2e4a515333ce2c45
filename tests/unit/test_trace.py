"""A mail's way from log lines: order, verdicts, refusals, and which hop added which header lines."""

import pytest

from labs.cluster.topology import place
from labs.smtp.headers import attribute
from labs.smtp.records import Handover, refusal
from labs.smtp.trace import Entry, Hop, Trace, read

SENT = "to=<{}>, relay={}, delay=1.1, delays=1/0.01/0.02/0.07, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {})"
RSPAMD = (
    "2026-11-24 11:38:18 #1(normal) <e8>; task; rspamd_task_write_log: id: <{}>, qid: <{}>, ip: 192.0.2.10, "
    "(default: F (no action): [-1.00/15.00] [R_SPF_ALLOW(-0.20){{+mx;}},X_A(0.00){{}}]), len: 1538, time: 34.713ms, "
    "settings_id: incoming_default\n"
)
ENTRY = Entry("client", "mx1", 250, "2.0.0 Ok: queued as AAAAAAAAAA1", "AAAAAAAAAA1", 0.2)
MAIL = b"""Return-Path: <lena@partner.example>
Received: from hub1.firma.example (unknown [127.78.2.1])
\tby imap1.firma.example (Postfix) with ESMTPS id CCCCCCCCCC3
\tfor <erika@firma.example>; Tue, 24 Nov 2026 11:38:18 +0000 (UTC)
Received: from mx1 by hub1.firma.example (Postfix) with ESMTPS id BBBBBBBBBB2
\tfor <erika@firma.example>; Tue, 24 Nov 2026 11:38:18 +0000 (UTC)
Authentication-Results: incoming_from_mx;
\tnone
Received: from mail.partner.example by mx1.firma.example (Postfix) with ESMTP id AAAAAAAAAA1
\tfor <erika@firma.example>; Tue, 24 Nov 2026 11:38:17 +0000 (UTC)
Received: from laptop by mail.partner.example (Postfix) with ESMTP id DDDDDDDDDD4; x
Authentication-Results: partner.example; auth=pass
Subject: Hallo
X-Spamd-Result: default: False [-0.10 / 15.00];
\tMIME_GOOD(-0.10)[text/plain]

Text
"""


@pytest.fixture
def nodes(tmp_path):
    return place(78, tmp_path, "cluster")


def write(nodes, node, name, lines):
    folder = nodes[node].main.folder / "log"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("a") as file:
        file.writelines(lines)


def postfix(nodes, node, queue_id, *texts):
    write(nodes, node, "mail.log", [f"Nov 24 11:38:18 {node} postfix/x[1]: {queue_id}: {text}\n" for text in texts])


def delivered(nodes):
    postfix(
        nodes,
        "imap1",
        "CCCCCCCCCC3",
        "message-id=<1@x>",
        SENT.format("e@x", "virtual", "").replace("250 2.0.0 Ok: queued as ", "delivered to maildir"),
    )
    postfix(
        nodes,
        "mx1",
        "AAAAAAAAAA1",
        "client=mail[192.0.2.10], sasl_method=PLAIN",
        "message-id=<1@x>",
        SENT.format("e@x", "127.78.2.1[127.78.2.1]:2525", "BBBBBBBBBB2"),
    )
    postfix(
        nodes,
        "hub1",
        "BBBBBBBBBB2",
        "message-id=<1@x>",
        SENT.format("e@x", "127.78.8.1[127.78.8.1]:2525", "CCCCCCCCCC3"),
    )


def test_the_chain_goes_from_queue_id_to_queue_id(nodes):
    delivered(nodes)
    write(nodes, "rspamd2", "rspamd.log", [RSPAMD.format("1@x", "AAAAAAAAAA1")])
    postfix(nodes, "mx1", "EEEEEEEEEE5", "message-id=<1@x>")
    trace = read(nodes, "1@x", ENTRY)
    assert [hop.node for hop in trace.hops] == ["mx1", "hub1", "imap1"], "the same mail sent again is another one"
    first = trace.hops[0]
    assert (first.client, first.action, first.score, first.scan_seconds) == (
        "mail[192.0.2.10]",
        "no action",
        -1.0,
        0.034713,
    )
    assert first.symbols == ("R_SPF_ALLOW", "X_A") and first.role == "incoming_default"
    assert first.delay == 1.1 and first.last.delays == (1.0, 0.01, 0.02, 0.07)
    assert [trace.before(hop) for hop in trace.hops] == ["client", "mx1", "hub1"]
    assert trace.finished


def test_a_mail_that_the_next_node_has_not_noted_yet_is_not_finished(nodes):
    postfix(nodes, "mx1", "AAAAAAAAAA1", "message-id=<1@x>", SENT.format("e@x", "r", "BBBBBBBBBB2"))
    assert not read(nodes, "1@x", ENTRY).finished
    assert not read(nodes, "2@x").finished


def test_one_recipient_waits_while_the_other_has_the_mail(nodes):
    waiting = "to=<b@x>, relay=none, delay=5, delays=0/0/5/0, dsn=4.4.1, status=deferred (connect to x: timed out)"
    postfix(nodes, "imap1", "CCCCCCCCCC3", "message-id=<1@x>", waiting, SENT.format("a@x", "virtual", "-"))
    [hop] = read(nodes, "1@x").hops
    assert (hop.status, hop.reply, hop.delay) == ("deferred", "connect to x: timed out", 5.0)
    postfix(nodes, "imap1", "CCCCCCCCCC3", waiting.replace("deferred", "bounced"))
    [hop] = read(nodes, "1@x").hops
    assert {one.recipient: one.status for one in hop.handovers} == {"a@x": "sent", "b@x": "bounced"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("milter-reject: END-OF-MESSAGE from a[1]: 5.7.1 Spam message rejected; from=<x>", ("rejected", "5.7.1 Spam message rejected")),
        ("milter-discard: END-OF-MESSAGE from a[1]: milter triggers DISCARD action; from=<x>", ("discarded", "END-OF-MESSAGE from a[1]: milter triggers DISCARD action; from=<x>")),
        ("removed", None),
    ],
)  # fmt: skip
def test_refusals(text, expected):
    assert refusal(text) == expected


def test_a_refusal_before_the_mail_was_sent_has_no_hop(nodes):
    delivered(nodes)
    refused = Entry("client", "mx1", 550, "5.1.1 unbekannt", "", 0.1)
    trace = read(nodes, "1@x", refused)
    assert trace.hops == () and trace.finished and "mx1 hat die Mail nicht angenommen: 550 5.1.1" in str(trace)
    assert str(Trace("1@x", ())) == "Diese Mail kennt kein Knoten."


def test_a_refusal_at_the_end_of_the_mail_is_its_last_hop(nodes):
    reject = "milter-reject: END-OF-MESSAGE from a[1]: 5.7.1 Spam message rejected; from=<x>"
    postfix(nodes, "mx1", "AAAAAAAAAA1", "message-id=<1@x>", reject)
    [hop] = read(nodes, "1@x", Entry("client", "mx1", 554, "5.7.1 Spam message rejected", "", 0.1)).hops
    assert (hop.status, hop.reply) == ("rejected", "5.7.1 Spam message rejected")


def test_a_hostile_message_id_is_no_pattern(nodes):
    postfix(nodes, "mx1", "AAAAAAAAAA1", "message-id=<a.*(b@x>")
    assert len(read(nodes, "a.*(b@x").hops) == 1 and read(nodes, ".*").hops == ()


def test_handover_with_a_reply_that_looks_like_one():
    text = SENT.format("a@x", "h[1]:25, conn_use=2", "A1") + " status=bounced (x)"
    assert Handover.parse(text).status == "sent" and Handover.parse("removed") is None


def test_each_hop_gets_its_header_lines():
    asked = {"action": "no action", "score": 0.0}
    hops = [
        Hop("mx1", "AAAAAAAAAA1", "", **asked),
        Hop("hub1", "BBBBBBBBBB2", "", **asked),
        Hop("imap1", "CCCCCCCCCC3", ""),
    ]
    found = attribute(MAIL, hops)
    names = {queue_id: [name for name, _ in lines] for queue_id, lines in found.items()}
    assert names == {
        "AAAAAAAAAA1": ["Received"],
        "BBBBBBBBBB2": ["Received", "Authentication-Results", "X-Spamd-Result"],
        "CCCCCCCCCC3": ["Return-Path", "Received"],
    }
    assert found["BBBBBBBBBB2"][2][1] == "default: False [-0.10 / 15.00]; MIME_GOOD(-0.10)[text/plain]"
    assert attribute(MAIL, []) == {}


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\r", "\x0b"], ids=ascii)
def test_a_line_is_what_ends_with_a_line_feed(nodes, end):
    """Postfix may write UTF-8 into its log (smtputf8_enable): no address writes lines of its own."""
    forged = "Nov 24 11:38:18 mx1 postfix/x[1]: AAAAAAAAAA1: " + SENT.format("e@x", "virtual", "")
    postfix(nodes, "mx1", "AAAAAAAAAA1", f"from=<a{end}{forged}", "client=mail\u202e[192.0.2.10]")
    [hop] = read(nodes, "1@x", ENTRY).hops
    assert hop.handovers == () and hop.client == r"mail\u202e[192.0.2.10]"
