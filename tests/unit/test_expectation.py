"""The expectation format: what it judges and how it complains."""

import pytest

from labs.errors import LabError
from labs.policy.expectation import Observation, read
from labs.rspamd.verdict import Verdict

VERDICT = Verdict.parse(
    {"score": 7.0, "action": "add header", "symbols": {"RBL_X": {"score": 4}, "WHITE_A": {"score": -1}}}, {}
)


def judge(tmp_path, expect):
    path = tmp_path / "expect.toml"
    path.write_text(f'[[mail]]\nmail = "sauber"\nexpect = {{ {expect} }}\n')
    return read(path)[0].judge(Observation.of(VERDICT))


@pytest.mark.parametrize(
    "expect", ['action = "add header"', 'symbols = ["RBL_*"]', 'without = ["CLAM_*"]', "score = [6, 8]"]
)
def test_what_holds_is_not_mentioned(tmp_path, expect):
    assert judge(tmp_path, expect) == []


@pytest.mark.parametrize(
    ("expect", "part"),
    [
        ('action = "reject"', "erwartet: reject, gekommen: add header"),
        ('symbols = ["CLAM_*"]', "es fehlt das Symbol CLAM_*"),
        ('without = ["WHITE_*"]', "unerwünscht ist das Symbol WHITE_A"),
        ("score = [8, 9]", "7,0 Punkte liegen nicht zwischen 8,0 und 9,0"),
    ],
)
def test_what_does_not_hold_is_named(tmp_path, expect, part):
    assert judge(tmp_path, expect) == [part]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "keine Erwartung"),
        ("[[mail]\n", "lassen sich nicht lesen"),
        ('[[mail]]\nexpect = { action = "reject" }\n', "Es fehlt „mail“"),
        ('[[mail]]\nmail = "x"\nmta_nam = "y"\nexpect = { action = "reject" }\n', "Meintest du „mta_name“?"),
        ('[[mail]]\nmail = "x"\nexpect = { symbol = ["A"] }\n', "Meintest du „symbols“?"),
        ('[[mail]]\nmail = "x"\nexpect = { score = 5 }\n', "muss ein Paar [von, bis] sein"),
        ('[[mail]]\nmail = "x"\nexpect = {}\n', "„expect“ ist leer"),
        ('[[mail]]\nmail = "x"\nvia = "mx"\nmta_name = "y"\nexpect = { smtp = 250 }\n', "passt nicht zu „via“"),
        ('[[mail]]\nmail = "x"\nexpect = { smtp = "250" }\n', "muss eine Zahl sein"),
        ('[[seting]]\nname = "x"\n', "Meintest du „setting“?"),
        ('[[setting]]\nname = "x"\nexpect = { value = 1 }\n', "Es fehlt „role“"),
        ('[[setting]]\nrole = "redis"\nname = "x"\nexpect = { range = 1 }\n', "muss ein Paar [von, bis] sein"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, text, part):
    path = tmp_path / "expect.toml"
    path.write_text(text)
    with pytest.raises(LabError) as error:
        read(path)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ("smtp = 554", ["erwartet: SMTP-Antwort 554, gekommen: 250 Ok"]),
        ('path = ["hub1"]', ["erwartet: hub1, gekommen: mx1 → hub1"]),
        ('smtp = 250, path = ["mx1", "hub1"]', []),
    ],
)
def test_what_postfix_did_is_judged(tmp_path, expect, parts):
    path = tmp_path / "expect.toml"
    path.write_text(f'[[mail]]\nmail = "sauber"\nvia = "mx"\nexpect = {{ {expect} }}\n')
    seen = Observation("no action", 0.0, (), 250, "Ok", ("mx1", "hub1"))
    assert read(path)[0].judge(seen) == parts
