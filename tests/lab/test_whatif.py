"""What-if: a change of weights, thresholds, composites or the role, answered by a real Rspamd beside the running one."""

import math

import pytest

from labs.errors import LabError
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.whatif import Changes, permanent, what_if
from labs.rspamd.verdict import Verdict

PROFILE = """
probe {
  id = "probe"; priority = high;
  request_header = { "MTA-Name" = "^probe$"; }
  symbols = ["PROBE"]; register_symbols { PROBE { score = 0.0; } }
  apply { scores { DBL_PHISH = 3; PHISHING = 10; } actions { reject = 30; add_header = 7; } symbols_disabled = ["R_SPF_FAIL"]; %s }
}
"""


@pytest.fixture
def phishing(lab):
    """A mail that points alone refuse, 7.5 of 15.17 from DBL_PHISH: chapter 04 forces no actions."""
    lab.reset("04-symbole")
    verdict = lab.scan("phishing")
    assert verdict.action == "reject" and verdict.points("DBL_PHISH") == 7.5
    return verdict


def names(verdict):
    return {hit.name for hit in verdict.hits}


def test_a_weight_changes_the_score_and_the_action(lab, phishing):
    result = what_if(lab.rspamd, phishing, weights={"DBL_PHISH": 1})
    assert result.before is phishing and result.after.points("DBL_PHISH") == 1.0
    assert result.after.score == pytest.approx(phishing.score - 6.5) and result.after.action == "add header"
    assert [new.name for _, new in result.changed] == ["DBL_PHISH"] and not result.came and not result.went


def test_a_symbol_without_points_gets_some(lab, phishing):
    assert what_if(lab.rspamd, phishing, weights={"ARC_NA": 2}).after.score == pytest.approx(phishing.score + 2)


@pytest.mark.parametrize(
    ("thresholds", "action"),
    [({"reject": 20}, "add header"), ({"reject": None}, "add header"), ({"reject": None, "add_header": None}, "greylist"),
     ({"reject": None, "add header": None, "greylist": None}, "no action")],
    ids=str,
)  # fmt: skip
def test_thresholds_move_and_go(lab, phishing, thresholds, action):
    result = what_if(lab.rspamd, phishing, thresholds=thresholds)
    assert result.after.action == action and result.after.score == phishing.score
    off = {name.replace("_", " ") for name, value in thresholds.items() if value is None}
    assert not off & set(result.after.thresholds)


def test_a_composite_is_added_and_an_existing_one_replaced(lab, phishing):
    result = what_if(lab.rspamd, phishing, composites={"NEU": "DBL_PHISH & PHISHING"}, weights={"NEU": -4})
    assert result.after.points("NEU") == -4 and {hit.name for hit in result.went} == {"DBL_PHISH", "PHISHING"}
    lab.write("composites.conf", 'ALT { expression = "DBL_PHISH & PHISHING"; score = 2.5; policy = "leave"; }\n')
    result = what_if(lab.rspamd, lab.scan("sauber"), composites={"ALT": "MIME_GOOD"})
    assert result.after.points("ALT") == 2.5 and "MIME_GOOD" in names(result.after)


def test_another_role_chooses_another_profile(lab, phishing):
    lab.write("settings.conf", PROFILE % "")
    result = what_if(lab.rspamd, phishing, mta_name="probe")
    real = lab.scan("phishing", mta_name="probe")
    assert result.after.action == real.action and names(result.after) == names(real) and "PROBE" in names(real)


@pytest.mark.parametrize("more", ["", 'groups_disabled = ["dmarc"];'], ids=["symbols", "groups"])
def test_the_change_is_added_to_the_settings_profile_of_the_mail(lab, more):
    """As if the profile itself said it: symbols, lists, scores and thresholds of the profile stay."""
    lab.write("settings.conf", PROFILE % more)
    before = lab.scan("phishing", mta_name="probe")
    assert before.thresholds["reject"] == 30 and before.points("DBL_PHISH") == 3
    result = what_if(lab.rspamd, before, weights={"DBL_PHISH": 1}, thresholds={"add_header": 4.5, "greylist": None})
    changed = (
        (PROFILE % more)
        .replace("DBL_PHISH = 3", "DBL_PHISH = 1")
        .replace("add_header = 7", "add_header = 4.5; greylist = null")
    )
    lab.write("settings.conf", changed)
    real = lab.scan("phishing", mta_name="probe")
    assert {hit.name: hit.score for hit in result.after.hits} == {hit.name: hit.score for hit in real.hits}
    assert (result.after.action, result.after.score) == (real.action, real.score)
    assert result.after.thresholds["add header"] == 4.5 == real.thresholds["add header"]


def test_a_mail_without_a_profile_can_be_asked_too(lab):
    before = lab.scan("phishing", mta_name="")
    result = what_if(lab.rspamd, before, thresholds={"reject": 100})
    assert before.action == "reject" and result.after.action == "add header" and names(before) == names(result.after)


def test_nothing_of_the_running_lab_changes(lab, phishing):
    lab.write("actions.conf", "reject = 12;\n")
    state, files, history = lab.configuration.state, lab.configuration.read(), list(lab.configurations._history)
    processes = {process.pid for process in lab.cluster.processes("rspamd1")}
    what_if(lab.rspamd, phishing, composites={"NEU": "DBL_PHISH"}, weights={"DBL_PHISH": 1}, thresholds={"reject": 5})
    assert (lab.configuration.state, lab.configuration.read(), lab.configurations._history) == (state, files, history)
    assert {process.pid for process in lab.cluster.processes("rspamd1")} == processes
    assert not list(lab.cluster.node("rspamd1").main.folder.glob("spare-*"))
    lab.undo()
    assert lab.scan("sauber").required_score == 15


def test_the_lines_for_good_do_what_was_asked(lab, phishing):
    registry = Registry.of(lab.rspamd)
    asked = {"weights": {"DBL_PHISH": 2, "NEU": 1.5}, "thresholds": {"reject": 9, "greylist": None}}
    asked["composites"] = {"NEU": "PHISHING & !MISSING_MID"}
    result = what_if(lab.rspamd, phishing, **asked)
    lines = permanent(Changes(**asked).checked(registry), registry, phishing)
    assert set(lines) == {"groups.conf", "actions.conf", "composites.conf"}
    for file, text in lines.items():
        replaced = tuple(line.split(" ")[0] for line in text.splitlines() if line.endswith(";"))
        old = lab.configuration.read().get(f"local.d/{file}", "").splitlines()
        lab.write(file, "\n".join([*(line for line in old if not line.startswith(replaced or ("-",))), text]))
    real = lab.scan("phishing")
    assert {hit.name: hit.score for hit in result.after.hits} == {hit.name: hit.score for hit in real.hits}
    assert result.after.action == real.action


def test_what_the_profile_sets_itself_belongs_into_the_profile(lab):
    lab.write("settings.conf", PROFILE % "")
    registry, verdict = Registry.of(lab.rspamd), lab.scan("phishing", mta_name="probe")
    changes = Changes(weights={"DBL_PHISH": 1, "MISSING_MID": 3}, thresholds={"reject": 9, "greylist": 2}).checked(
        registry
    )
    lines = permanent(changes, registry, verdict)
    assert "DBL_PHISH = 1" in lines["settings.conf"] and "reject = 9;" in lines["settings.conf"]
    assert "MISSING_MID" in lines["groups.conf"] and lines["actions.conf"] == "greylist = 2;"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "nichts geändert"),
        ({"weights": {"DBL_PHIS": 1}}, "Meintest du DBL_PHISH?"),
        ({"weights": {"DBL_PHISH": "viel"}}, "fehlt eine Zahl"),
        ({"thresholds": {"rejct": 1}}, "Meintest du reject?"),
        ({"thresholds": {"discard": 1}}, "hat keine Schwelle"),
        ({"thresholds": {"reject": math.nan}}, "fehlt eine Zahl"),
        ({"mta_name": "incoming_defalt"}, "Meintest du incoming_default?"),
        ({"composites": {"NEU": "(MIME_GOOD & ARC_NA"}}, "runden Klammern"),
        ({"composites": {"NEU": " "}}, "unvollständig"),
        ({"composites": {"NEU WIE ALT": "MIME_GOOD"}}, "unvollständig"),
    ],
    ids=str,
)
def test_what_does_not_exist_is_refused_with_the_nearest_name(lab, phishing, change, said):
    with pytest.raises(LabError, match=said.replace("?", r"\?")):
        what_if(lab.rspamd, phishing, **change)


def test_a_verdict_without_its_mail_is_refused(lab):
    with pytest.raises(LabError, match="fehlt die Mail"):
        what_if(lab.rspamd, Verdict.parse({"action": "no action", "score": 0}, {}), weights={"DBL_PHISH": 1})


def test_a_verdict_keeps_what_was_asked(lab):
    content, envelope = lab.load("phishing")
    verdict = lab.scan(content, user="anna", from_=envelope.from_)
    assert verdict.mail == content and (verdict.envelope.user, verdict.envelope.from_) == ("anna", envelope.from_)
    assert "mail=" not in repr(verdict)
