"""Mail through real Postfix: the ways that are open, those that are not, and what arrives at the far end."""

import os
import re
import smtplib
import subprocess
import sys
import time

import pytest

from labs.cluster.topology import links
from labs.errors import LabError
from tests.fixtures import silent
from tests.lab.test_start import processes_of, wait_until

OWN = (
    b"From: erika.muster@firma.example\r\nTo: lena.hartwig@partner.example\r\nSubject: Nummer %s\r\n"
    b"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\nMessage-ID: <%s@firma.example>\r\n\r\nHallo Lena, alles gut.\r\n"
)


def mailboxes(lab):
    """All mails that arrived, as text, from the own mailboxes and from the Internet."""
    folders = [lab.cluster.node("imap1").main.folder / "mail", lab.cluster.node("internet1").main.folder / "mail"]
    return [path.read_text(errors="replace") for folder in folders for path in folder.glob("*/new/*")]


def arrived(lab, mark, count=1):
    """Wait until a mail that contains ``mark`` has arrived; its text."""
    wait_until(lambda: sum(mark in text for text in mailboxes(lab)) >= count, 20)
    return next(text for text in mailboxes(lab) if mark in text)


def own_mail():
    mark = f"M{time.time_ns()}"
    return mark, OWN % (mark.encode(), mark.encode())


def test_all_nodes_come_up_and_listen_on_loopback_only(big):
    states = {node.name: node.state for node in big.cluster.status()}
    assert {"mx1", "mx2", "hub1", "mailout1", "imap1", "rspamd1", "rspamd2", "av1", "redis1", "dns"} <= set(states)
    assert set(states.values()) == {"up"}
    addresses = {
        c.laddr.ip for p in processes_of(big.cluster) for c in p.net_connections("inet") if c.status == "LISTEN"
    }
    assert len(addresses) >= 10 and all(address.startswith("127.") for address in addresses)


@pytest.mark.parametrize("door", ["mx1", "mx2"])
def test_inbound_goes_through_mx_and_hub_into_the_mailbox(big, door):
    content, _ = big.load("sauber")
    mark = re.search(rb"Message-ID: <(.+)>", content)[1].decode()
    delivery = big.send(content, door, ip="192.0.2.10", helo="mail.partner.example", hostname="mail.partner.example",
                        from_="lena.hartwig@partner.example", rcpt="erika.muster@firma.example")  # fmt: skip
    assert delivery.accepted and delivery.queue_id
    text = arrived(big, mark)
    assert text.count("\nReceived: ") >= 3 and f"{door}.firma.example" in text and "hub1.firma.example" in text
    assert "X-Spamd-Result" in text


def test_gtube_is_refused_while_the_client_waits(big):
    delivery = big.send("gtube", "mx")
    assert (delivery.code, delivery.accepted) == (554, False) and "Gtube" in delivery.reply


def test_eicar_is_refused_by_the_real_scanner(big):
    assert big.scan("eicar").symbol("CLAM_VIRUS").options[0].startswith("Eicar-Signature")
    assert big.send("eicar", "mx").code == 554


def test_outbound_goes_through_hub_and_mailout_with_tls(big):
    mark, mail = own_mail()
    assert big.send(
        mail, "submission", from_="erika.muster@firma.example", rcpt="lena.hartwig@partner.example"
    ).accepted
    text = arrived(big, mark)
    hops = text.partition("\n\n")[0]
    assert "mailout1.firma.example" in hops and "hub1.firma.example" in hops
    assert hops.count("using TLSv1.3") >= 2, "user -> HUB -> Mailout -> Internet"


def test_only_a_listed_destination_gets_mail_without_tls(big):
    mark, mail = own_mail()
    assert big.send(mail, "submission", from_="erika.muster@firma.example", rcpt="otto@altmodisch.example").accepted
    first_hop = arrived(big, mark).partition("\nReceived: from hub1")[0]
    assert "mail.altmodisch.example" in first_hop and "TLS" not in first_hop


def test_internal_mail_touches_no_host_of_the_dmz(big):
    mark, mail = own_mail()
    assert big.send(mail, "internal", from_="drucker@firma.example", rcpt="max.beispiel@firma.example").accepted
    text = arrived(big, mark)
    assert "hub1.firma.example" in text and not re.search(r"mx\d\.firma|mailout1\.firma", text)


def test_too_many_recipients_are_refused_as_a_whole_and_explained(big):
    mark, mail = own_mail()
    many = [f"p{number}@partner.example" for number in range(5000)]
    envelope = {"from_": "erika.muster@firma.example", "user": "erika.muster@firma.example"}
    delivery = big.send(mail, "submission", rcpt=many, **envelope)
    assert (delivery.code, delivery.accepted, delivery.queue_id) == (452, False, "")
    assert "Mehr als 1000 Empfänger nimmt dieser Postfix" in str(delivery) and "Gesendet ist nichts" in str(delivery)
    assert big.send(mail, "submission", rcpt=["lena.hartwig@partner.example"], **envelope).accepted
    assert arrived(big, mark) and sum(mark in text for text in mailboxes(big)) == 1


@pytest.mark.parametrize("command", ["send", "scan"])
def test_the_command_line_explains_too_many_recipients(big, command):
    many = [f"--rcpt=p{number}@partner.example" for number in range(5000)]
    way = ["--via", "submission"] if command == "send" else []
    result = subprocess.run(
        [sys.executable, "-m", "labs", command, "antwort", *way, *many],
        capture_output=True, text=True, env=os.environ | {"LABS_NAME": big.cluster.name},
    )  # fmt: skip
    assert result.returncode == 1 and "Empfänger" in result.stdout + result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("door", "envelope", "code"),
    [
        ("mx", {"rcpt": "x@partner.example"}, 554), ("mx", {"rcpt": "niemand@firma.example"}, 550),
        ("mx", {"from_": "a@gibtsnicht.test"}, 450), ("mx", {"from_": "ohne-domain"}, 504),
        ("hub1", {}, 554), ("mailout1", {}, 554),
    ],
    ids=["relay", "unknown recipient", "unknown domain", "no domain", "HUB from outside", "Mailout from outside"],
)  # fmt: skip
def test_what_must_not_pass_does_not_pass(big, door, envelope, code):
    assert big.send("sauber", door, **envelope).code == code


def test_no_port_offers_or_takes_etrn(big):
    nodes = big.cluster.nodes
    sources = {(link.target, link.port): link.source for link in links(nodes)}
    ports = [(node, name) for node in nodes.values() for name in node.ports if node.main.role.startswith("postfix-")]
    ports.remove((nodes["imap1"], "auth"))
    assert len(ports) == 10
    for node, name in ports:
        source = nodes[sources.get((node.name, name), node.name)].address
        with smtplib.SMTP(node.address, node.ports[name], "x.example", 10, (source, 0)) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
            assert not server.has_extn("etrn") and server.has_extn("pipelining"), (node.name, name)
            code, reply = server.docmd("ETRN", "firma.example")
            assert code == 554 and b"Etrn command rejected" in reply, (node.name, name, reply)


@pytest.mark.parametrize(
    "envelope",
    [
        {"rcpt": "jürgen@firma.example"},
        {"from_": "ü@partner.example"},
        {"helo": "mäil.example"},
        {"hostname": "ü.example"},
    ],
    ids=str,
)
def test_an_envelope_that_smtp_cannot_carry_is_named(big, envelope):
    with pytest.raises(LabError, match="Zeichen, die SMTP nicht überträgt"):
        big.send("sauber", "mx", **envelope)


@pytest.mark.parametrize("recipient", ["postmaster@firma.example", "abuse@firma.example"])
def test_postmaster_and_abuse_are_always_reached(big, recipient):
    assert big.send("sauber", "mx", from_="a@gibtsnicht.test", rcpt=recipient).accepted


def test_postmaster_without_a_domain_is_reached(big):
    """RFC 5321, section 4.5.1."""
    delivery = big.send("sauber", "mx", rcpt="postmaster")
    assert delivery.accepted and "Delivered-To: postmaster@firma.example" in arrived(big, delivery.message_id)


def test_a_wrong_password_is_refused(big):
    delivery = big.send(
        own_mail()[1],
        "submission",
        user="gibt.es.nicht@firma.example",
        from_="erika.muster@firma.example",
        rcpt="x@partner.example",
    )
    assert delivery.code == 535


def test_each_hop_tells_rspamd_its_role(big):
    mark, mail = own_mail()
    big.send(mail, "submission", from_="erika.muster@firma.example", rcpt="lena.hartwig@partner.example")
    arrived(big, mark)
    logs = "".join(
        (big.cluster.node(name).main.folder / "log/rspamd.log").read_text(errors="replace")
        for name in ("rspamd1", "rspamd2")
    )
    found = set(
        re.findall(r"apply static settings (\w+)", "\n".join(line for line in logs.splitlines() if mark in line))
    )
    assert found == {"outgoing_prequeue", "outgoing_default"}


def test_a_change_of_configuration_reaches_every_worker(big):
    big.write("composites.conf", 'UEBERALL { expression = "FROM_HAS_DN"; score = -0.3; }\n')
    marks = []
    for _ in range(4):
        content, _ = big.load("sauber")
        marks.append(re.search(rb"Message-ID: <(.+)>", content)[1].decode())
        assert big.send(
            content, "mx", ip="192.0.2.10", from_="lena.hartwig@partner.example", rcpt="max.beispiel@firma.example"
        ).accepted
    assert all("UEBERALL(-0.30)" in arrived(big, mark) for mark in marks)
    assert big.reset().files == ("local.d/composites.conf",)


def test_an_undeliverable_mail_comes_back_to_its_sender(big):
    mark, mail = own_mail()
    assert big.send(
        mail, "submission", from_="erika.muster@firma.example", rcpt="gibt-es-nicht@partner.example"
    ).accepted
    wait_until(lambda: any(mark in text and "Undelivered Mail" in text for text in mailboxes(big)), 20)
    notice = next(text for text in mailboxes(big) if mark in text and "Undelivered Mail" in text)
    assert "Delivered-To: erika.muster@firma.example" in notice
    head = notice.partition("\n\n")[0]
    assert head.index("by hub1.firma.example") < head.index("by mailout1.firma.example"), "mailout1, then hub1"


def test_a_mail_that_the_hub_refuses_comes_back_to_its_sender_on_the_internet(big):
    """The MX has accepted it already: it writes the notice, and the Mailout delivers it. The policy's profile prevents that."""
    big.reset("02-rspamd-anbinden")
    big.write(
        "force_actions.conf",
        'rules { NUR_HUB { action = "reject"; expression = "INCOMING_FROM_MX & MIME_GOOD"; require_action = ["no action"]; } }',
    )
    content, _ = big.load("sauber")
    mark = re.search(rb"Message-ID: <(.+)>", content)[1].decode()
    assert big.send(content, "mx", from_="lena.hartwig@partner.example", rcpt="erika.muster@firma.example").accepted
    text = arrived(big, mark)
    assert "Undelivered Mail" in text and "mx1.firma.example" in text and "by mailout1.firma.example" in text


def force(lab, action, message=""):
    """Make the workers force ``action`` on clean mail."""
    text = f'message = "{message}";' if message else ""
    lab.write(
        "force_actions.conf",
        f'rules {{ TEST {{ action = "{action}"; expression = "MIME_GOOD"; {text} require_action = ["no action"]; }} }}',
    )


def test_discard_takes_the_mail_and_throws_it_away(big):
    force(big, "discard")
    delivery = big.send("sauber", "mx")
    assert delivery.accepted
    assert [(hop.node, hop.status) for hop in delivery.trace().hops] == [("mx1", "discarded")]
    assert not any(delivery.message_id in text for text in mailboxes(big))
    assert delivery.queue_id not in big.queue()["Queue-ID"].tolist()


def test_quarantine_holds_the_mail_until_it_is_released(big):
    force(big, "quarantine")
    delivery = big.send("sauber", "mx")
    held = big.queue().set_index("Queue-ID").loc[delivery.queue_id]
    assert delivery.accepted and held["Queue"] == "hold (zurückgehalten)" and held["Knoten"] == "mx1"
    assert not any(delivery.message_id in text for text in mailboxes(big))
    big.reset()
    big.release("mx1", delivery.queue_id)
    assert "Delivered-To: erika.muster@firma.example" in arrived(big, delivery.message_id)
    wait_until(lambda: delivery.queue_id not in big.queue()["Queue-ID"].tolist())
    with pytest.raises(LabError, match="zurückgehalten"):
        big.release("mx1", delivery.queue_id)
    with pytest.raises(LabError, match="läuft kein Postfix"):
        big.release("redis1", delivery.queue_id)


def test_soft_reject_defers_the_mail_with_the_rules_message(big):
    force(big, "soft reject", "Bitte spaeter noch einmal")
    delivery = big.send("sauber", "mx")
    assert (delivery.code, "Bitte spaeter" in delivery.reply) == (451, True)


@pytest.mark.parametrize("source", ["intern", "mx2", "internet1"])
def test_only_the_labs_tools_may_play_another_client(big, source):
    nodes = big.cluster.nodes
    with smtplib.SMTP(nodes["mx1"].address, 2525, "x.example", 10, (nodes[source].address, 0)) as server:
        server.ehlo()
        assert server.docmd("XCLIENT", "ADDR=192.0.2.10")[0] == 550


def test_an_action_that_the_proxy_does_not_know_ends_in_451(big):
    big.write("actions.conf", 'reject = 15;\nadd_header = 6;\ngreylist = 4;\numleiten { flags = ["no_threshold"]; }\n')
    force(big, "umleiten")
    assert big.send("sauber", "mx").code == 451
    big.write("rspamd-proxy/actions.conf", 'umleiten { flags = ["no_threshold"]; }\n')
    assert big.send("sauber", "mx").accepted


def test_a_change_of_postfix_reaches_both_mx_and_is_checked_first(big):
    change = big.write("postfix-mx/emergency_senders", "partner.example REJECT Bitte anrufen\n")
    assert change.files == ("postfix-mx/emergency_senders",)
    assert [big.send("sauber", door).code for door in ("mx1", "mx2")] == [554, 554]
    assert big.undo().files == ("postfix-mx/emergency_senders",)
    assert big.send("sauber", "mx1").accepted
    for file, text, part in [
        ("postfix-mx/main.cf", "milter_defualt_action = accept", "Meintest du milter_default_action"),
        ("postfix-mx/main.cf", "unsinn", "parameter = wert"),
        ("postfix-mx/mian.cf", "x = y", "Meintest du main.cf"),
        ("rspamd-proxy/worker-proxy.inc", "timeout = x;", "lehnt diese Konfiguration ab"),
        ("redis/redis.conf", "maxmemoryy 1mb", r"die alte gilt wieder\.\n.*>>> 'maxmemoryy 1mb'"),
        ("dovecot/dovecot.conf", "x", "nichts zu ändern"),
    ]:
        with pytest.raises(LabError, match=part):
            big.write(file, text)
    assert big.send("sauber", "mx1").accepted and big.cluster.wait_ready("redis1")


def test_with_skip_local_the_delivered_mail_keeps_what_the_mx_found(big):
    """Chapter 02, "Rollen": the HUB's client is local, the MX's is not."""
    big.reset("02-rspamd-anbinden")
    content = big.configuration.read()["local.d/milter_headers.conf"]
    for text, kept in ((content, False), (content.replace("skip_local = false", "skip_local = true"), True)):
        big.write("milter_headers.conf", text)
        delivery = big.send("sauber", "mx")
        head = arrived(big, delivery.message_id).partition("\n\n")[0]
        assert delivery.accepted and ("spf=pass" in head and "R_SPF_ALLOW" in head) is kept, head


def test_a_trace_follows_an_outbound_mail_over_every_queue(big):
    _, mail = own_mail()
    trace = big.send(
        mail, "submission", from_="erika.muster@firma.example", rcpt="lena.hartwig@partner.example"
    ).trace()
    assert trace.finished
    assert [hop.node for hop in trace.hops] == ["hub1", "hub1", "mailout1", "internet1"]
    assert [hop.role for hop in trace.hops] == ["outgoing_prequeue", "outgoing_default", "outgoing_default", ""]
    assert all(hop.action == "no action" and hop.symbols for hop in trace.hops[:3])
    assert len(set(hop.queue_id for hop in trace.hops)) == 4 and list(trace.table["Ergebnis"].str[:4]) == ["sent"] * 4


def test_a_trace_follows_an_inbound_mail_and_ends_at_a_refusal(big):
    trace = big.send("sauber", "mx", rcpt="erika.muster@firma.example").trace()
    assert [hop.node for hop in trace.hops] == ["mx1", "hub1", "imap1"]
    assert [hop.role for hop in trace.hops] == ["incoming_default", "incoming_from_mx", ""]
    refused = big.send("phishing", "mx").trace()
    assert [(hop.node, hop.status, hop.action) for hop in refused.hops] == [("mx1", "rejected", "reject")]
    assert "DBL_PHISH" in refused.hops[0].symbols


def test_an_unknown_way_is_named(big, lab):
    with pytest.raises(LabError, match="submission"):
        big.send("sauber", "hinterdür")
    with pytest.raises(LabError, match="kein Postfix"):
        lab.send("sauber", "mx")
    with pytest.raises(LabError, match="keinen Empfänger"):
        big.send(b"Subject: x\r\n\r\nx")


@pytest.mark.parametrize("node", ["rspamd1", "mx1"])
def test_a_killed_node_comes_back_and_mail_flows_again(big, node):
    before = {process.pid for process in big.cluster.processes(node)}
    big.kill(node)
    wait_until(lambda: (now := {p.pid for p in big.cluster.processes(node)}) and not now & before, 20)
    assert all(big.cluster.wait_ready(name, 20) for name in big.cluster.nodes)
    wait_until(lambda: accepts(big), 30)
    assert big.send("hausmitteilung", "internal").accepted and big.send("antwort", "submission").accepted
    assert big.status().set_index("Knoten").loc[node, "Neustarts"] >= 1


def accepts(lab):
    """Whether an MX takes a clean mail now."""
    try:
        return lab.send("sauber", "mx").accepted
    except LabError:
        return False


def test_a_core_lab_grows_into_a_cluster(cluster):
    cluster.start(silent, "core")
    assert cluster.start(silent, "cluster") is False, "what runs stays, the others join it"
    assert "mx1" in cluster.nodes
    assert cluster.start(silent, "core") is False, "a cluster has all that core has"


def test_the_dialogue_is_noted_without_the_password(big):
    delivery = big.send("antwort", "submission")
    said = [exchange.said for exchange in delivery.dialogue]
    assert said[0] == "" and "AUTH …" in said and delivery.dialogue[-1].code == 221
    assert big.cluster.secrets["mailbox"] not in delivery.transcript
    assert f"C: (die Mail) .\nS: 250 2.0.0 Ok: queued as {delivery.queue_id}" in delivery.transcript
    refused = big.send("eicar", "mx1")
    assert re.search(
        r"C: RCPT TO:<.+>\nS: 250 .*\nC: DATA\nS: 354 .*\nC: \(die Mail\) \.\nS: 554 5\.7\.1 Schadcode gefunden",
        refused.transcript,
    )
