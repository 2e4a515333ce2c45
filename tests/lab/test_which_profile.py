"""Which settings profile holds: what the workbook says is what Rspamd does, for generated conditions and priorities."""

from __future__ import annotations

import json
import random

import pytest

from labs.mails import Envelope
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.settings.conditions import Asked
from labs.rspamd.settings.profiles import Fate, decide
from labs.rspamd.settings.which import EMPTY, taken, which

MAIL = (
    b"From: Lena Hartwig <lena.hartwig@partner.example>\r\nTo: erika.muster@firma.example\r\n"
    b"Subject: Bericht\r\nX-Kennung: alpha\r\n\r\nNur Text.\r\n"
)
IPS = ("192.0.2.10", "192.0.2.25", "198.51.100.66", "2001:db8::25", "")
FROM = ("lena.hartwig@partner.example", "Redaktion@Rundbrief.example", "<>", "")
RCPT = (("erika.muster@firma.example",), ("Erika.Muster@firma.example", "max.beispiel@firma.example"), ())
USERS = ("erika.muster@firma.example", "Erika", "")
ROLES = ("incoming_default", "incoming_from_mx", "internal", "")
HOSTS = ("mail.partner.example", "")
CONDITIONS = [
    {"ip": "192.0.2.10"}, {"ip": "192.0.2.0/24"}, {"ip": ["198.51.100.66", "192.0.2.25"]}, {"ip": "2001:db8::/32"},
    {"ip": "192.0.2.256"}, {"ip": ["128.0.0.0/1"]},
    {"from": "@partner.example"}, {"from": "lena.hartwig@partner.example"}, {"from": "redaktion@rundbrief.example"},
    {"from": "@Partner.example"}, {"from": "redaktion"}, {"from": ["@nirgends.example", "/^lena/"]},
    {"rcpt": "erika.muster@firma.example"}, {"rcpt": "max.beispiel"}, {"rcpt": "@firma.example"},
    {"user": "erika"}, {"user": "@firma.example"}, {"user": "/muster/"}, {"authenticated": True}, {"authenticated": False},
    {"hostname": "mail.partner.example"}, {"hostname": "/^mail\\./"}, {"hostname": "Mail.partner.example"},
    {"request_header": {"MTA-Name": "^incoming_default$"}}, {"request_header": {"MTA-Name": "incoming"}},
    {"request_header": {"mta-name": "/^INTERNAL$/i"}}, {"request_header": {"MTA-Name": True}},
    {"request_header": {"MTA-Name": False}}, {"request_header": {"MTA-Name": "^Incoming"}},
    {"header": {"Subject": "Bericht"}}, {"header": {"X-Kennung": "^beta$"}}, {"header": {"X-Fehlt": False}},
    {"from_mime": "@partner.example"}, {"rcpt_mime": "erika.muster@firma.example"},
]  # fmt: skip
SEEDS = range(1, 9)
"""Generated configurations; 6 envelopes for each make 48 cases."""
NAMES = ("alpha", "Beta", "gamma", "d2", "d10", "e_f")
PRIORITIES = (None, "low", "medium", "medium", "medium", "medium", "high", "hihg", 5, 0, 1.5)


def some_profile(dice: random.Random, name: str) -> dict:
    profile: dict = {"register_symbols": {f"P_{name.upper()}": {"score": 0.0}}, "symbols": [f"P_{name.upper()}"]}
    for condition in dice.sample(CONDITIONS, dice.choice((0, 1, 1, 1, 1, 1, 1, 2, 2))):
        profile |= condition
    kind = dice.random()
    if kind < 0.2:
        profile["inverse"] = True
    if 0.1 < kind < 0.5 and "ip" in profile and "from" in profile:
        profile["expression"] = dice.choice(("ip | from", "ip & !from", "!ip", "ip & fromm"))
    if (priority := dice.choice(PRIORITIES)) is not None:
        profile["priority"] = priority
    if dice.random() < 0.3:
        profile["id"] = f"id_{name}"
    if dice.random() < 0.95:
        profile["apply"] = {}
    return profile


def some_envelope(dice: random.Random) -> Envelope:
    choose = dice.choice
    return Envelope(choose(FROM), choose(RCPT), choose(IPS), "", choose(HOSTS), choose(USERS), choose(ROLES))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_decision_is_rspamds(lab, seed):
    """Configurations with 3 to 6 profiles, 6 envelopes each: the same profile, the same symbols beside it."""
    dice = random.Random(seed)
    names = dice.sample(NAMES, dice.randint(3, 6))
    section = {name: some_profile(dice, name) for name in names}
    lab.write("settings.conf", "".join(f"{name} {json.dumps(rule)}\n" for name, rule in section.items()))
    profiles = Registry.of(lab.rspamd).profiles
    assert set(profiles) == set(section)
    for _ in range(6):
        envelope, settings_id = some_envelope(dice), dice.choice(("", "", "", names[0], f"id_{names[1]}"))
        verdict = lab.worker.scan(MAIL, envelope, {}, settings_id=settings_id)
        decision = decide(profiles, Asked(envelope, MAIL, settings_id))
        assert decision.sure
        told = (section, envelope, settings_id, [(row.profile.name, row.fate) for row in decision.rows])
        assert (decision.held.id if decision.held else "") == taken(lab.rspamd, verdict), told
        given = {hit.name for hit in verdict.hits if hit.name.startswith("P_")}
        assert set(decision.symbols) == given, told


def test_the_generated_cases_reach_every_fate():
    """Else the comparison above would compare nothing."""
    seen = set()
    for seed in SEEDS:
        dice = random.Random(seed)
        names = dice.sample(NAMES, dice.randint(3, 6))
        section = {name: some_profile(dice, name) for name in names}
        for _ in range(6):
            asked = Asked(some_envelope(dice), MAIL, dice.choice(("", "", "", names[0], f"id_{names[1]}")))
            seen |= {row.fate for row in decide(section, asked).rows}
    assert seen == set(Fate) - {Fate.UNSURE}


def test_what_only_rspamd_knows_is_settled_by_its_word(lab):
    lab.write(
        "settings.conf",
        """a { priority = high; selector = "ip.in('192.0.2.10')"; apply {} }\n"""
        'b { priority = medium; ip = ["0.0.0.0/1", "128.0.0.0/1"]; apply {} }\n',
    )
    for ip, profile in (("192.0.2.10", "a"), ("198.51.100.66", "b")):
        verdict = lab.scan("sauber", ip=ip)
        asked = Asked(verdict.envelope, verdict.mail)
        assert not which(lab.rspamd, asked).decision.sure
        answer = which(lab.rspamd, asked, verdict)
        assert answer.profile == profile and answer.decision.agrees
        assert f"Rspamd sagt dasselbe: settings_id {profile}" in str(answer)


@pytest.mark.parametrize(
    "wrong",
    [
        'ip = "0.0.0.0/0"; apply {}',
        'ip = "203.0.113.1"; apply { groups_disabled = "spf"; }',
        'ip = "203.0.113.1"; apply { symbols_disabled = "SPF_CHECK"; }',
        'ip = "203.0.113.1"; apply { symbols_enabled = "SPF_CHECK"; }',
    ],
)
def test_one_wrong_line_stops_all_profiles(lab, wrong):
    lab.write("settings.conf", f'falsch {{ {wrong} }}\nrichtig {{ ip = "192.0.2.10"; apply {{}} }}\n')
    verdict = lab.scan("sauber")
    answer = which(lab.rspamd, Asked(verdict.envelope, verdict.mail), verdict)
    assert answer.profile == "" and answer.decision.agrees and answer.decision.said == ""
    assert "scheitern alle Profile" in str(answer)


def test_a_mail_of_another_role_names_the_condition_that_failed(lab):
    verdict = lab.worker.scan(EMPTY, Envelope(mta_name="internal"), {})
    answer = which(lab.rspamd, Asked(verdict.envelope, EMPTY), verdict)
    assert answer.profile == "internal" and answer.decision.agrees
    assert "MTA-Name = ^incoming_default$ (die Mail: internal)" in str(answer)


def test_what_a_mail_brings_is_escaped(lab):
    evil = "<script>alert(1)</script>@x.test"
    lab.write("settings.conf", 'a { from = "@partner.example"; apply {} }')
    asked = Asked(Envelope(from_=evil), EMPTY)
    page = which(lab.rspamd, asked)._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_without_profiles_none_holds(lab):
    lab.write("settings.conf", "")
    verdict = lab.scan("sauber")
    answer = which(lab.rspamd, Asked(verdict.envelope, verdict.mail), verdict)
    assert answer.profile == "" and "Es gilt kein Profil. Rspamd sagt dasselbe: kein Profil." in str(answer)
