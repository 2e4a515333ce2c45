"""Who reaches whom: the services' own answers against the links, and what is found when one of them is too open."""

import signal
from dataclasses import replace

import pytest

from labs.cluster.connections import ALLOWED, BROKEN, OPEN, REFUSED
from labs.cluster.topology import links
from labs.smtp.programs import age
from tests.fixtures import silent
from tests.lab.test_start import wait_until


@pytest.fixture(scope="module")
def found(running_cluster):
    running_cluster.reset()
    return running_cluster.connections()


def test_every_link_works_and_every_promise_holds(running_cluster, found):
    allowed = {(c.source, c.port.node, c.port.name, c.port.protocol) for c in found.cells if c.state == ALLOWED}
    assert allowed == {(one.source, one.target, one.port, one.protocol) for one in links(running_cluster.cluster.nodes)}
    assert len(allowed) > 40 and found.findings == []


@pytest.mark.parametrize(
    ("source", "node", "port", "state", "asked"),
    [
        ("client", "mx1", "smtp", ALLOWED, set()),
        ("mx1", "hub1", "from_mx", ALLOWED, {"tls"}),
        ("intern", "hub1", "submission", ALLOWED, {"tls", "password"}),
        ("rspamd1", "redis1", "redis", ALLOWED, {"password"}),
        ("intern", "rspamd2", "controller", ALLOWED, {"password"}),
        ("mx1", "dns", "dns", ALLOWED, set()),
        ("client", "hub1", "from_mx", REFUSED, {"tls"}),
        ("mx1", "hub1", "submission", REFUSED, {"tls", "password"}),
        ("intern", "hub1", "behind_queue", REFUSED, set()),
        ("client", "imap1", "smtp", REFUSED, {"tls"}),
        ("mx1", "redis1", "redis", REFUSED, {"password"}),
        ("rspamd2", "rspamd1", "controller", REFUSED, {"password"}),
        ("client", "rspamd1", "worker", OPEN, set()),
        ("mx1", "av1", "clamd", OPEN, set()),
        ("mx1", "imap1", "auth", OPEN, set()),
    ],
)
def test_a_pair_is_what_the_service_answers(found, source, node, port, state, asked):
    cell = found.cell(source, node, port)
    assert (cell.state, set(cell.answer.asked)) == (state, asked), cell.answer.reply


def test_there_is_no_port_that_nobody_needs(found):
    assert found.hints == []


def test_a_port_that_nobody_needs_is_named(found):
    without = replace(found, cells=tuple(cell for cell in found.cells if not (cell.link and cell.port.name == "clamd")))
    assert [hint for hint in without.hints if hint.startswith("av1 clamd (3310)")]


def test_a_service_that_forgets_its_protection_is_found(cluster):
    """The mailboxes take mail from everybody and in clear text; ClamAV is frozen."""
    from labs.lab import Lab

    cluster.start(silent, "cluster")
    service = cluster.node("imap1").services["postfix-mailbox"]
    main = service.folder / "etc/main.cf"
    text = main.read_text()
    for line in ("smtpd_client_restrictions = permit_mynetworks, reject", "smtpd_tls_security_level = encrypt"):
        assert text.count(line) == 1
        text = text.replace(line, "")
    main.write_text(text)
    age(main.parent)
    before = len((service.folder / "log/mail.log").read_text(errors="replace"))
    cluster.processes_of(service)[0].send_signal(signal.SIGHUP)
    wait_until(lambda: "reload" in (service.folder / "log/mail.log").read_text(errors="replace")[before:])
    cluster.signal("av1", signal.SIGSTOP)
    found = Lab(cluster).connections()
    assert "hub1 → imap1 smtp: Der Dienst sollte TLS verlangen und tut es nicht." in found.findings
    assert found.cell("mx1", "imap1", "smtp").state == OPEN
    assert sum("an seiner Adresse abweisen" in finding for finding in found.findings) >= 8
    assert found.cell("rspamd1", "av1", "clamd").state == BROKEN
    assert any(finding.startswith("rspamd1 → av1 clamd: erlaubt („Anhänge prüfen“)") for finding in found.findings)
    assert "✗ hub1 → imap1 smtp" in str(found)


def test_a_small_lab_has_a_small_matrix(lab):
    found = lab.connections()
    assert found.sources == ["dns", "redis1", "rspamd1"] and found.findings == []
    assert found.cell("rspamd1", "redis1", "redis").state == ALLOWED
