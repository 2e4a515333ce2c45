"""Reading Rspamd's reply and comparing two of them."""

import pytest

from labs.rspamd.client import subject_of
from labs.rspamd.verdict import Verdict, number

REPLY = {
    "score": 7.199999, "required_score": 15.0, "action": "add header", "thresholds": {"reject": 15.0, "greylist": 4.0},
    "symbols": {
        "B": {"score": 0.0, "metric_score": 2.0, "description": "zwei", "options": ["x", "y"]},
        "A": {"score": 7.199999, "metric_score": 4.0},
        "C": {"score": -1.5, "metric_score": -1.5},
    },
    "messages": {}, "time_real": 0.004, "milter": {"add_headers": {"X-Spam": {"value": "Yes", "order": 0}}},
    "profile": {"A": 2.5},
}  # fmt: skip


@pytest.fixture
def verdict():
    return Verdict.parse(REPLY, {"A": ("rbl", "spamhaus")}, queue_id="LAB1", subject="Betreff")


def test_scores_are_rounded_and_symbols_are_ordered_by_strength(verdict):
    assert verdict.score == 7.2
    assert [hit.name for hit in verdict.hits] == ["A", "C", "B"]
    assert list(verdict.thresholds) == ["greylist", "reject"]
    assert verdict.time_ms == 4.0


def test_the_frame_has_the_promised_columns(verdict):
    assert {"symbol", "score", "group", "description", "options", "time"} <= set(verdict.symbols.columns)
    row = verdict.symbols.set_index("symbol").loc["A"]
    assert (row["group"], row["time"], row["weight"]) == ("rbl, spamhaus", 2.5, 4.0)


def test_a_verdict_cannot_be_changed(verdict):
    with pytest.raises(AttributeError):
        verdict.score = 1


def test_headers_are_those_the_mta_would_add(verdict):
    assert verdict.headers == {"X-Spam": "Yes"}


def test_text_form_names_action_points_and_silent_symbols(verdict):
    text = str(verdict)
    assert text.startswith("add header: 7,2 von 15,0 Punkten")
    assert "ohne Punkte: B" in text


def test_what_is_shown_of_hostile_text_is_visible_and_the_data_stays():
    evil, shown = "\x1b[31m\u202e", r"\x1b[31m\u202e"
    symbols = {evil: {"score": 1.0, "description": evil, "options": [evil]}}
    reply = {"action": evil, "symbols": symbols, "messages": {"smtp_message": evil}, "subject": evil}
    reply["milter"] = {"add_headers": {"X": {"value": evil}}}
    found = Verdict.parse(reply, {})
    [hit] = found.hits
    assert {found.action, found.subject, found.headers["X"], found.messages["smtp_message"]} == {shown}
    assert {hit.name, hit.explanation, hit.details} == {shown} and evil not in str(found) + found.symbols.to_string()
    assert hit.options == (evil,) and found.raw == reply


def test_comparison_finds_what_came_went_and_changed(verdict):
    reply = REPLY | {"score": 1.0, "action": "no action", "symbols": {"A": {"score": 1.0}, "D": {"score": 0.0}}}
    later = Verdict.parse(reply, {})
    difference = later.compare(verdict)
    assert [hit.name for hit in difference.came] == ["D"]
    assert {hit.name for hit in difference.went} == {"B", "C"}
    assert [(old.score, new.score) for old, new in difference.changed] == [(7.2, 1.0)]
    assert "weg       C −1,5" in str(difference)
    assert verdict.compare(verdict).same


@pytest.mark.parametrize(
    ("value", "sign", "text"), [(7.2, False, "7,2"), (-0.25, True, "−0,25"), (0.5, True, "+0,5"), (15.0, False, "15,0")]
)
def test_numbers_are_german(value, sign, text):
    assert number(value, sign=sign) == text


@pytest.mark.parametrize(
    "mail", [b"", b"\x00\xff" * 50, b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n", b"Subject: =?x?q?\xff?=\n\n"]
)
def test_a_subject_never_raises(mail):
    assert isinstance(subject_of(mail), str)
    assert subject_of(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx") == "Grüße"
