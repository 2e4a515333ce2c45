"""Mails per minute: what counts as a mail, and that a log is read once only."""

from datetime import datetime, timedelta

import pytest

from labs.cluster.topology import place
from labs.smtp.traffic import Traffic, entries

NOW = datetime(2026, 11, 24, 11, 38, 30)
POSTFIX = "Nov 24 11:38:{:02} mx1 postfix/cleanup[6377]: 03B80F58325: message-id=<1@partner.example>\n"
PROBE = "Nov 24 11:38:17 mx1 postfix/cleanup[6377]: 049C4F58331: message-id=<20261124113817.049C4F58331@mx1.firma.example>\n"
RSPAMD = "2026-11-24 11:38:18 #4322(normal) <e851fa>; task; rspamd_task_write_log: id: <1@x>, qid: <03B80F58325>\n"


@pytest.fixture
def nodes(tmp_path):
    placed = place(77, tmp_path, "cluster")
    for node in placed.values():
        for service in node.services.values():
            (service.folder / "log").mkdir(parents=True)
    return placed


def log(nodes, node="mx1", name="mail.log"):
    return nodes[node].main.folder / "log" / name


def test_a_mail_counts_and_a_probe_does_not():
    lines = (POSTFIX.format(18) + PROBE + "Nov 24 11:38:18 mx1 postfix/qmgr[1]: 03B80F58325: removed\n").splitlines()
    assert list(entries("postfix-mx", lines, NOW)) == [NOW.replace(second=18)]
    assert list(entries("rspamd-worker", [RSPAMD, "2026-11-24 11:38:18 #1(x) <y>; z; w: v"], NOW)) == [
        NOW.replace(second=18)
    ]


def test_the_first_of_january_belongs_to_two_years():
    line = "Dec 31 23:59:59 mx1 postfix/cleanup[1]: 03B80F58325: message-id=<1@x>"
    [moment] = entries("postfix-mx", [line], NOW.replace(year=2027, month=1, day=1))
    assert moment.year == 2026


def test_what_is_older_than_a_minute_no_longer_counts(nodes):
    log(nodes).write_text(POSTFIX.format(10) + POSTFIX.format(20))
    log(nodes, "rspamd1", "rspamd.log").write_text(RSPAMD)
    traffic = Traffic()
    first = traffic.count(nodes, NOW)
    assert (first["mx1"], first["rspamd1"], first["mx2"]) == (2, 1, 0)
    assert "dns" not in first and "redis1" not in first
    assert traffic.count(nodes, NOW)["mx1"] == 2, "nothing is counted twice"
    assert traffic.count(nodes, NOW + timedelta(seconds=45))["mx1"] == 1


def test_new_lines_count_by_the_clock_of_the_reader(nodes):
    """A kernel with another TZ than the servers must not lose them."""
    traffic, elsewhere = Traffic(), NOW + timedelta(hours=5)
    assert traffic.count(nodes, elsewhere)["mx1"] == 0
    log(nodes).write_text(POSTFIX.format(10) + POSTFIX.format(20))
    assert traffic.count(nodes, elsewhere)["mx1"] == 2
    assert traffic.count(nodes, elsewhere + timedelta(seconds=61))["mx1"] == 0


def test_half_a_line_counts_when_it_is_whole(nodes):
    traffic, line = Traffic(), POSTFIX.format(20)
    log(nodes).write_text(line[:60])
    assert traffic.count(nodes, NOW)["mx1"] == 0
    log(nodes).write_text(line)
    assert traffic.count(nodes, NOW)["mx1"] == 1


def test_a_log_that_begins_anew_is_read_from_its_beginning(nodes):
    traffic = Traffic()
    log(nodes).write_text(POSTFIX.format(10) * 3)
    traffic.count(nodes, NOW)
    log(nodes).write_text(POSTFIX.format(20))
    assert traffic.count(nodes, NOW)["mx1"] == 4
