"""Rspamd's words as its log has them, read in one place."""

from datetime import datetime

import pytest

from labs.rspamd.dialect.log import Summary, learned, lines_of, summaries
from labs.rspamd.dialect.sights import Sight, sights

SUMMARY = (
    "2026-11-25 00:57:02 #17744(normal) <a199fc>; task; rspamd_task_write_log: id: <1@bank.example>, qid: <LABA4EBBF3540>, "
    "ip: 203.0.113.66, from: <service@bank.example>, (default: T (reject): [-1.05/15.00] [DBL_PHISH(7.50){bank.test:url;},"
    "MIME_TRACE(0.00){0:+;1:~;},own.name(-0.10){}]), len: 1421, time: 446.043ms, dns req: 36, digest: <abe9>, "
    'rcpts: <erika@firma.example>, forced: reject "Nein (Kennung 1)"; score=nan (set by force_actions), settings_id: incoming'
)
OTHER = "2026-11-25 00:57:02 #17744(normal) <b00000>; task; rspamd_task_process: skip"


def test_a_summary_says_what_came_of_a_scan():
    (summary,) = summaries([OTHER, SUMMARY])
    assert (summary.message_id, summary.queue_id, summary.action) == ("1@bank.example", "LABA4EBBF3540", "reject")
    assert summary.symbols == {"DBL_PHISH": 7.5, "MIME_TRACE": 0.0, "own.name": -0.1}
    assert (summary.score, summary.seconds, summary.questions) == (-1.05, pytest.approx(0.446043), 36)
    assert (summary.forced_by, summary.settings_id) == ("force_actions", "incoming")
    assert summary.written == datetime(2026, 11, 25, 0, 57, 2)


def test_what_a_summary_does_not_say_is_empty():
    empty = Summary("")
    assert (empty.action, empty.score, empty.symbols, empty.questions, empty.settings_id) == ("", 0.0, {}, 0, "")


def test_the_lines_of_a_scan_carry_its_tag(tmp_path):
    log = tmp_path / "rspamd.log"
    log.write_text(f"{OTHER}\n{SUMMARY}\n2026-11-25 00:57:03 #1(normal) <a199fc>; lua; bayes.lua:1: late\n")
    assert lines_of(log, "LABA4EBBF3540").splitlines()[1] == "(normal) <a199fc>; lua; bayes.lua:1: late"
    assert lines_of(log, "LABA4EBBF3540", "bayes").count("\n") == 0 and lines_of(log, "ANDERE") == ""
    assert lines_of(tmp_path / "none.log", "LABA4EBBF3540") == ""


def test_only_what_was_stored_is_learned():
    assert learned("lua; autolearn spam for classifier 'bayes'") == "spam"
    assert learned("lua; autolearn ham for classifier 'bayes'\nskip learning: already there") == learned("") == ""


def test_a_rule_sees_the_mail_as_it_is_when_it_runs():
    lines = [
        "symcache; process_symbol: execute FORCE_ACTION_EINE, 7; symbol type = postfilter",
        'lua; force_actions.lua:1: lab sees {"action":"no action","symbols":{"A":1.5}}',
        "lua; force_actions; expression A returned 1.5",
        "task; set pre-result to 'reject' (no score): 'nein' from force_actions(1)",
        "symcache; process_symbol: execute OTHER, 8; symbol type = filter",
        "task; set pre-result to 'reject' (no score): 'nein' from force_actions(1)",
    ]
    assert sights(lines) == {"EINE": Sight("no action", {"A": 1.5}, 1.5, fired=True)}
