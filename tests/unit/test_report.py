"""The report: what it says of findings, in words, HTML and JSON."""

import json

import pytest

from labs.policy.expectation import read_text
from labs.policy.finding import Finding
from labs.policy.observation import Observation
from labs.policy.report import Checked, Report
from labs.policy.words import explained

WEIGHTS = {"DBL_SPAM": 6.5, "R_SPF_ALLOW": -0.2, "CLAM_VIRUS": 20.0, "FREE": 0.0}
ADD = Observation("add header", 7.0, {"DBL_SPAM": 6.5, "FREE": 0.0}, headers=(), learned="")


def meanings(expect, seen):
    case = read_text(f'[[mail]]\nmail = "sauber"\nexpect = {{ {expect} }}\n', "Text", None)[0]
    found = [explained(finding, seen, WEIGHTS) for finding in case.judge(seen)]
    assert len(found) == 1
    return found[0].meaning


def seen(action="reject", score=20.0, symbols=None, code=None, reply="", **words):
    return Observation(action, score, symbols or {}, code, reply, **words)


@pytest.mark.parametrize(
    ("expect", "observation", "part"),
    [
        ('symbols = ["DBL_SPAMM"]', ADD, "Tippfehler, oder das Modul ist ausgeschaltet. Es gibt DBL_SPAM."),
        ('symbols = ["CLAM_*"]', ADD, "ihre Bedingung trifft hier nicht zu"),
        ('symbols = ["CLAM_*"]', seen("", None, code=554), "Rspamd hat die Mail nicht gesehen"),
        ('symbols = ["CLAM_*"]', seen(symbols={"GTUBE": 0.0}, forced_by="GTUBE"), "GTUBE hat schon entschieden"),
        ('without = ["DBL_*"]', ADD, "die Ausnahme davon greift nicht"),
        ('action = "reject"', ADD, "Die Punkte (7,0) reichen nicht bis zur Schwelle"),
        ('action = "no action"', ADD, "mehr Punkte als gedacht (7,0)"),
        ('action = "quarantine"', ADD, "„quarantine“ erreicht keine Punktzahl: Die Regel in force_actions"),
        ('action = "no action"', seen("discard"), "Eine Regel erzwingt „discard“"),
        ('action = "no action"', seen(forced_by="multimap"), "„reject“ ist erzwungen (multimap)"),
        ('action = "soft reject"', seen("greylist", 5.0), "erst das Modul greylist"),
        ('action = "no action"', seen("soft reject", symbols={"RATELIMITED": 0.0}), "Ratelimit: Von dieser Sorte"),
        ('action = "reject"', seen("", None, code=550), "Postfix hat die Mail selbst abgewiesen"),
        ("smtp = 554", ADD, "Ergänze „via“"),
        ("smtp = 554", seen("no action", 0.0, code=250, reply="Ok"), "Rspamd rät zu „no action“"),
        ("smtp = 554", seen("", None, code=250, reply="Ok"), "milter_default_action"),
        (
            "smtp = 554",
            seen("", None, code=451, reply="4.7.1 Service unavailable - try again later"),
            "Der Proxy kennt",
        ),
        ("smtp = 250", seen("soft reject", 0.0, {"GREYLIST": 0.0}, 451, "Try again later"), "Greylisting"),
        (
            "smtp = 250",
            seen("", None, code=451, reply="4.3.5 Server configuration problem"),
            "Postfix vertröstet selbst",
        ),
        ("smtp = 250", seen("", None, code=554, reply="5.7.1 Relay"), "Postfix selbst lehnt ab"),
        ("smtp = 250", seen(code=554, reply="5.7.1 Spam"), "Rspamd lehnt die Mail ab"),
        ('reply = "Virus*"', ADD, "reject_message"),
        ("score = [1, 2]", ADD, "Am meisten zählen: DBL_SPAM +6,5."),
        ("scores = { DBL_SPAM = 3 }", seen(symbols={"DBL_SPAM": 0.0}), "Ein Composite hat die Punkte weggenommen"),
        ("scores = { FREE = 3 }", seen(symbols={"FREE": 0.0}), "Das Symbol hat kein Gewicht"),
        ("scores = { DBL_SPAM = 6.5 }", seen(symbols={"DBL_SPAM": 13.0}), "traf mehrfach oder stärker"),
        ("scores = { DBL_SPAM = 6.5 }", seen(symbols={"DBL_SPAM": 4.0}), "der Deckel der Gruppe (max_score) kürzt"),
        ("scores = { DBL_SPAM = 3 }", ADD, "In Kraft ist ein anderes Gewicht"),
        ('path = ["mx1"]', ADD, "Kein Postfix hat die Mail angenommen"),
        ('headers = { X = "1" }', ADD, "milter_headers nennt sie nicht"),
        ("headers = { X = false }", seen(headers=(("X", "1"),)), "niemand entfernt sie"),
        ("headers = { X = false }", seen(code=554), "Was niemand bekommt"),
        ('learned = "spam"', ADD, "autolearn ist nicht eingerichtet"),
        ('learned = "spam"', seen(forced_by="GTUBE", learned=""), "Erzwungene Actions (GTUBE) lernt Bayes nie"),
        ("learned = false", seen(learned="spam"), "erreicht eine Grenze von autolearn"),
        ("ran = [1, 2]", seen(ran=9), "Settings-Profil"),
    ],
)
def test_a_finding_says_what_it_means(expect, observation, part):
    assert part in meanings(expect, observation)


def test_a_symbol_is_not_called_unknown_when_nobody_knows_the_symbols():
    found = explained(Finding("symbols", "es fehlt das Symbol X", "X", "", "X"), ADD, {})
    assert "Tippfehler" not in found.meaning


FOUND = Finding(
    "without", "unerwünscht ist das Symbol R_SPF_ALLOW", "", "R_SPF_ALLOW", "R_SPF_ALLOW", "Weil <es> so ist."
)
REPORT = Report((Checked("gut & schön", "sauber", ()), Checked("<b>nicht</b>", "phishing", (FOUND,))), ("Hinweis <1>",))


def test_the_text_has_every_case_with_its_reasons():
    text = str(REPORT)
    assert "✓ gut & schön\n✗ <b>nicht</b>\n    unerwünscht ist das Symbol R_SPF_ALLOW\n" in text
    assert "      R_SPF_ALLOW: " in text and "      Das bedeutet meist: Weil <es> so ist." in text
    assert text.startswith("Hinweis <1>\n") and text.endswith("✗ 1 von 2 Erwartungen gilt nicht.")


def test_the_html_is_escaped_and_names_the_marks():
    page = REPORT._repr_html_()
    assert "<b>nicht" not in page and "&lt;b&gt;nicht&lt;/b&gt;" in page and "Weil &lt;es&gt;" in page
    assert 'aria-label="gilt nicht"' in page and 'role="status"' in page


def test_the_json_has_numbers_and_findings():
    found = json.loads(json.dumps(REPORT.as_json()))
    assert (found["passed"], found["failed"]) == (1, 1)
    assert found["cases"][1]["findings"][0]["kind"] == "without" and found["cases"][0]["passed"] is True


def test_the_table_has_a_row_for_each_case():
    assert list(REPORT.table["Ergebnis"]) == ["✓", "✗"] and not REPORT.ok
    assert Report(REPORT.cases[:1]).headline == "✓ Die Erwartung gilt."
    assert Report(REPORT.cases[1:2]).headline == "✗ Die Erwartung gilt nicht."


def test_a_hostile_header_does_not_reach_the_terminal():
    case = read_text('[[mail]]\nmail = "sauber"\nexpect = { headers = { X = false } }\n', "Text", None)[0]
    text = case.judge(seen(headers=(("X", "\x1b[31m" + "a" * 500),)))[0].text
    assert "\x1b" not in text and "\\x1b[31m" in text and len(text) < 300


def test_a_hostile_title_does_not_reach_the_terminal():
    title = "\x1b]0;neu\x07\u202e"
    report = Report((Checked(title, "sauber", (FOUND,)),), (title,))
    for shown in (str(report), report._repr_html_(), report.table.to_string()):
        assert title not in shown and r"\x1b]0;neu\x07\u202e" in shown
    assert report.as_json()["cases"][0]["title"] == title
