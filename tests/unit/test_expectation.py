"""The expectation format: what it judges and how it complains."""

import re
from dataclasses import replace

import pytest

from labs import paths
from labs.policy.expectation import SchemaError, read, read_text
from labs.policy.judges import matches
from labs.policy.lines import line_of
from labs.policy.observation import Observation, callbacks_run
from labs.rspamd.verdict import Verdict

REPLY = {
    "score": 7.0,
    "action": "add header",
    "symbols": {"RBL_X": {"score": 4}, "RBL_Y": {"score": 0.5}, "WHITE_A": {"score": -1}, "P": {"score": 1.165}},
    "profile": {"RBL_CALLBACK": 1.0, "SPF_CHECK": 0.5},
    "messages": {"smtp_message": "Spam [7] erkannt"},
    "milter": {
        "remove_headers": {"X-Spam": 0, "Received": 1},
        "add_headers": {"X-Score": {"value": "7.0;\n\tA", "order": 1}, "X-Two": [{"value": "1"}, {"value": "2"}]},
    },
}
MAIL = b"Received: b\r\nReceived: a\r\nX-Spam: no\r\nList-Id: <x>\r\nSubject: Hallo\r\n\r\nText\r\n"
VERDICT = Verdict.parse(REPLY, {}, mail=MAIL)
SAMPLED = Verdict.parse(REPLY | {"profile": dict.fromkeys("ABCDEF", 0.1)}, {})
SEEN = replace(Observation.of(VERDICT), ran=callbacks_run([SAMPLED, VERDICT, VERDICT]))


def case(expect, **words):
    lines = "".join(f'{name} = "{value}"\n' for name, value in words.items())
    return read_text(f'[[mail]]\nmail = "sauber"\n{lines}expect = {{ {expect} }}\n', "expect.toml", None)[0]


def judge(expect, seen=None):
    return [finding.text for finding in case(expect).judge(seen or SEEN)]


@pytest.mark.parametrize(
    "expect",
    [
        'action = "add header"',
        'symbols = ["RBL_*"]',
        'without = ["CLAM_*"]',
        "score = [6, 8]",
        'scores = { "RBL_*" = [0.5, 4], "P" = 1.17 }',
        "ran = [2, 2]",
        'reply = "Spam [7] *"',
        'headers = { "X-Score" = "7.0; A", "x-two" = "2", "X-Spam" = "Yes", "List-Id" = "*", "X-Other" = false }',
    ],
)
def test_what_holds_is_not_mentioned(expect):
    assert judge(expect) == []


@pytest.mark.parametrize(
    ("expect", "part"),
    [
        ('action = "reject"', "erwartet: reject, gekommen: add header"),
        ('symbols = ["CLAM_*"]', "es fehlt das Symbol CLAM_*"),
        ('without = ["WHITE_*"]', "unerwünscht ist das Symbol WHITE_A"),
        ("score = [8, 9]", "7,0 Punkte liegen nicht zwischen 8,0 und 9,0"),
        ('scores = { "RBL_*" = [1, 5] }', "RBL_Y zählt 0,5 Punkte, erwartet: zwischen 1,0 und 5,0"),
        ('scores = { "WHITE_A" = -2 }', "WHITE_A zählt −1,0 Punkte, erwartet: −2,0"),
        ('scores = { "DBL_SPAM" = 6.5 }', "es fehlt das Symbol DBL_SPAM"),
        ("ran = [4, 60]", "erwartet: zwischen 4 und 60 Regeln gelaufen, gekommen: 2"),
        ('reply = "Virus*"', "erwartet: der Antworttext „Virus*“, gekommen: „Spam [7] erkannt“"),
        ('headers = { "X-Two" = "3" }', "erwartet: Kopfzeile X-Two: „3“, gekommen: „1“ und „2“"),
        ('headers = { "List-Id" = false }', "unerwünscht ist die Kopfzeile List-Id: „<x>“"),
        ('learned = "spam"', "erwartet: als Spam gelernt, gekommen: nicht zu erkennen"),
    ],
)
def test_what_does_not_hold_is_named(expect, part):
    assert judge(expect) == [part]


def test_a_scan_shows_the_head_as_the_recipient_gets_it():
    assert Observation.of(VERDICT).headers == (
        ("Received", "a"), ("List-Id", "<x>"), ("Subject", "Hallo"), ("X-Score", "7.0; A"),
        ("X-Two", "1"), ("X-Two", "2"), ("X-Spam", "Yes"),
    )  # fmt: skip
    renamed = Verdict.parse({"action": "rewrite subject", "subject": "SPAM Hallo"}, {}, mail=MAIL)
    assert Observation.of(renamed).headers[-1] == ("Subject", "SPAM Hallo")


def test_brackets_are_no_pattern_in_texts():
    assert matches("[1.00 / 15.00]", "[1.00 / *]") and not matches("1", "[1]")


def test_a_mail_that_was_not_delivered_has_no_headers():
    seen = Observation("reject", 20.0, {}, 554, "5.7.1 Spam", ("mx1",))
    assert judge('headers = { "X-Spam" = false }', seen) == [
        "erwartet: Kopfzeilen (X-Spam), gekommen: keine: Die Mail wurde nicht zugestellt"
    ]


FIRST = '[[mail]]\nmail = "sauber"\n'
SECOND = f'# Erwartungen\n\n{FIRST}expect = {{ action = "reject" }}\n\n{FIRST}'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["keine Erwartung"]),
        ("[[mail]\n", ["expect.toml, Zeile 1 lassen sich nicht lesen"]),
        ('[[mail]]\nexpect = { action = "reject" }\n', ["Zeile 1, [[mail]] 1: Es fehlt „mail“"]),
        (f'{SECOND}mta_nam = "y"\nexpect = {{ smtp = 1 }}\n', ["Zeile 9, [[mail]] 2: ", "Meintest du „mta_name“?"]),
        (f'{SECOND}expect = {{ symbol = ["A"] }}\n', ["Zeile 9, ", "Meintest du „symbols“?"]),
        (f"{SECOND}\n\nexpect = {{ score = 5 }}\n", ["Zeile 11, ", "muss ein Paar [von, bis] sein"]),
        (f"{FIRST}expect = {{ score = [5, 1] }}\n", ["muss ein Paar [von, bis] sein"]),
        (f"{FIRST}expect = {{ score = [true, 5] }}\n", ["muss ein Paar [von, bis] sein"]),
        (f"{FIRST}expect = {{}}\n", ["Zeile 3", "„expect“ ist leer"]),
        (f'{FIRST}expect = "reject"\n', ["„expect“ muss eine Tabelle"]),
        (f"{FIRST}expect = {{ symbols = [] }}\n", ["„symbols“ muss eine Liste von Texten sein"]),
        (f"{FIRST}expect = {{ symbols = [\n1] }}\n", ["Zeile 3", "„symbols“ muss eine Liste von Texten sein"]),
        (f'{FIRST}via = "mx"\nmta_name = "y"\nexpect = {{ smtp = 250 }}\n', ["Zeile 4", "passt nicht zu „via“"]),
        (f'{FIRST}via = "mx"\nexpect = {{ ran = [1, 2] }}\n', ["Zeile 4", "„ran“ passt nicht zu „via“"]),
        (f'{FIRST}via = "mxx"\nexpect = {{ smtp = 250 }}\n', ["Zeile 3", "Einen Weg „mxx“", "Meintest du „mx"]),
        (f'{FIRST}stopped = ["av2"]\nexpect = {{ smtp = 250 }}\n', ["Zeile 3", "Meintest du „av1“?"]),
        (f'{FIRST}expect = {{ path = ["mx3"] }}\n', ["Einen Knoten „mx3“ gibt es nicht"]),
        (f'{FIRST}expect = {{ action = "add_header" }}\n', ["Zeile 3", "Meintest du „add header“?"]),
        (f'{FIRST}expect = {{ action = "umleiten" }}\n', ['actions = ["umleiten"]']),
        ("actions = 1\n", ["Zeile 1", "„actions“ muss eine Liste"]),
        (f'{FIRST}expect = {{ smtp = "250" }}\n', ["muss eine Zahl sein"]),
        (f'{FIRST}expect = {{ learned = "Spam" }}\n', ["„learned“ muss"]),
        (f"{FIRST}expect = {{ headers = {{ X = true }} }}\n", ["„headers“ muss eine Tabelle"]),
        (f'{FIRST}expect = {{ scores = {{ X = "5" }} }}\n', ["„scores“ muss eine Tabelle"]),
        (f"{FIRST}again = 0\nexpect = {{ smtp = 250 }}\n", ["Zeile 3", "eine Zahl von 1 bis 1000"]),
        (f"{FIRST}pause = 2\nexpect = {{ smtp = 250 }}\n", ["Zeile 3", "nur neben „again“"]),
        (f"{FIRST}rcpt = 5\nexpect = {{ smtp = 250 }}\n", ["„rcpt“ muss ein Text oder eine Liste"]),
        ('[[mail]]\nmail = "sauba"\nexpect = { smtp = 250 }\n', ["Zeile 2", "Meintest du „sauber“?"]),
        ('[[mail]]\nmail = "breif.eml"\nexpect = { smtp = 250 }\n', ["Zeile 2", "Meintest du „brief.eml“?"]),
        ('[[mail]]\nmail = "../gibt/es/nicht.eml"\nexpect = { smtp = 250 }\n', ["keine Datei"]),
        ('[mail]\nmail = "x"\n', ["Zeile 1: Es muss [[mail]] heißen"]),
        ('[[seting]]\nname = "x"\n', ["Zeile 1: ", "Meintest du „setting“?"]),
        ('[[setting]]\nname = "x"\nexpect = { value = 1 }\n', ["Es fehlt „role“"]),
        ('[[setting]]\nrole = "redis"\nname = "x"\nexpect = { range = 1 }\n', ["muss ein Paar [von, bis] sein"]),
        ('[[setting]]\nrole = "reddis"\nname = "x"\nexpect = { value = 1 }\n', ["Zeile 2", "Meintest du „redis“?"]),
    ],
)
def test_mistakes_in_the_file_are_named_with_their_line(tmp_path, text, parts):
    (tmp_path / "brief.eml").touch()
    path = tmp_path / "expect.toml"
    path.write_text(text)
    with pytest.raises(SchemaError) as error:
        read(path)
    assert all(part in str(error.value) for part in parts), str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SchemaError, match="lassen sich nicht lesen"):
        read(tmp_path / "expect.toml")


def test_own_actions_are_declared_at_the_top():
    text = f'actions = ["umleiten"]\n{FIRST}expect = {{ action = "umleiten" }}\n'
    assert read_text(text, "Text", None)[0].expect == {"action": "umleiten"}


def test_a_relative_path_counts_from_the_folder_of_the_file(tmp_path):
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails/brief.eml").write_text("Subject: x\n\n")
    path = tmp_path / "expect.toml"
    path.write_text('[[mail]]\nmail = "mails/brief.eml"\nexpect = { smtp = 250 }\n')
    assert read(path)[0].mail == str(tmp_path / "mails/brief.eml")


def test_the_line_of_a_statement_is_where_it_begins():
    text = 'a = """\n[[mail]]\nb = 1\n"""\n\n# b = 2\n[[mail]]\n\nb = [\n  1,\n  2,\n]\n[mail.c]\n"d e" = { f = 1 }\n'
    found = {
        path: line_of(text, path) for path in [("a",), ("mail", 0), ("mail", 0, "b"), ("mail", 0, "c", "d e", "f")]
    }
    assert list(found.values()) == [1, 7, 9, 14]
    assert line_of(text, ("mail", 1)) == 0 == line_of(text, ("a", "b"))


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ("smtp = 554", ["erwartet: SMTP-Antwort 554, gekommen: 250 Ok"]),
        ('path = ["hub1"]', ["erwartet: hub1, gekommen: mx1 → hub1"]),
        ('smtp = 250, path = ["mx1", "hub1"]', []),
    ],
)
def test_what_postfix_did_is_judged(expect, parts):
    seen = Observation("no action", 0.0, {}, 250, "Ok", ("mx1", "hub1"))
    assert [finding.text for finding in case(expect, via="mx").judge(seen)] == parts


@pytest.mark.parametrize(
    ("value", "expect", "parts"),
    [
        ("8", "range = [8, 8]", []),
        ("", "range = [1, 2]", ["maxmemory ist nicht gesetzt, erwartet: zwischen 1,0 und 2,0"]),
        ("x", 'value = "y"', ["maxmemory ist „x“, erwartet: „y“"]),
    ],
)
def test_a_setting_is_judged(value, expect, parts):
    text = f'[[setting]]\nrole = "redis"\nname = "maxmemory"\nexpect = {{ {expect} }}\n'
    assert [finding.text for finding in read_text(text, "Text", None)[0].judge(value)] == parts


def test_the_example_of_the_readme_is_valid():
    blocks = re.findall(r"```toml\n(.*?)```", (paths.REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert len([case for block in blocks for case in read_text(block, "README.md", paths.REPOSITORY)]) >= 1
