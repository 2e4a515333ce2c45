"""What the table of force_actions says, held against Rspamd's own outcome, and the facts that chapter 07 teaches."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter

import pytest

from labs.cluster import render
from labs.errors import LabError
from labs.rspamd.dialect.sights import PREFIX
from labs.rspamd.forcing.rules import Outcome
from labs.widgets.forcetable import force_html

CHAPTER = "07-force-actions"
MAILS = ("sauber", "zip-verschluesselt", "phishing", "pillen", "exe-im-zip", "newsletter")
ACTIONS = ("no action", "greylist", "add header", "reject")
ATOMS = ("R_SPF_ALLOW", "R_DKIM_ALLOW", "DBL_SPAM", "DBL_PHISH", "MIME_ENCRYPTED_ARCHIVE", "MAILLIST", "R_SPF_FAIL",
         "HAS_ATTACHMENT", "SCHULE_ECHT", "g:policies", "-R_SPF_ALLOW")  # fmt: skip
SHAPES = (
    "{0}",
    "!{0}",
    "{0} & {1}",
    "{0} | {1}",
    "{0} & !{1}",
    "({0} | {1}) & !{2}",
    "{0} | !({1} & {2})",
    "{0} + {1} > 0.15",
)
COMPOSITE = 'SCHULE_ECHT { expression = "R_SPF_ALLOW & ~R_DKIM_ALLOW"; score = 0.5; policy = "leave"; }\n'


def written(**rules: str) -> str:
    return "rules {\n" + "".join(f"  {name} {{ {body} }}\n" for name, body in rules.items()) + "}\n"


def random_rule(dice: random.Random) -> str:
    def some() -> str:
        return ", ".join(f'"{action}"' for action in dice.sample(ACTIONS, dice.randint(1, 4)))

    parts = [
        f'action = "{dice.choice([*ACTIONS, "quarantine", "soft reject"])}"',
        f'expression = "{dice.choice(SHAPES).format(*(dice.choice(ATOMS) for _ in range(3)))}"',
    ]
    kind = dice.choice(["require", "require", "honor", "both", "filter"])
    if kind in ("require", "both"):
        parts.append(f"require_action = [{some()}]")
    if kind in ("honor", "both"):
        parts.append(f"honor_action = [{some()}]")
    parts += ['message = "Nein (${queueid})"'] if dice.random() < 0.3 else []
    parts += ["least = true"] if dice.random() < 0.15 else []
    return "; ".join(parts) + ";"


@pytest.fixture
def chapter(big):
    big.reset(CHAPTER)
    big.write("composites.conf", COMPOSITE)
    return big


def test_every_rule_ends_as_rspamd_says(chapter):
    """24 sets of five rules over six mails; what is expected follows from the rule and what it saw, not from the log of its result."""
    dice, seen = random.Random(7), Counter()
    for number in range(24):
        rules = written(**{f"R{index}": random_rule(dice) for index in range(5)})
        mail = MAILS[number % len(MAILS)]
        found = chapter.force_actions(chapter.scan(mail), rules)
        reported = {hit.name.removeprefix(PREFIX) for hit in found.verdict.hits if hit.name.startswith(PREFIX)}
        assert len(found.rules) == 5
        for judged in found.rules:
            about = f"{mail}\n{rules}\n{found}"
            rule, sight = judged.rule, judged.sight
            assert judged.fired == (rule.name in reported), about
            if sight:
                expected = judged.tree.value > rule.limit
                same = sight.action == rule.action and not rule.message
                assert judged.fired == (expected and rule.allows(sight.action) and not same), about
                assert sight.value is None or (sight.value > 0) == expected, about
            else:
                assert judged.outcome is Outcome.NOT_RUN, about
            seen[judged.outcome] += 1
        decider = found.decider
        if decider:
            assert decider.rule.action == found.verdict.action, f"{mail}\n{rules}\n{found}"
        elif found.verdict.action != "soft reject":
            assert not [one for one in found.rules if one.outcome is Outcome.LATE], f"{mail}\n{rules}\n{found}"
    assert {Outcome.DECIDES, Outcome.LATE, Outcome.SAME, Outcome.BARRED, Outcome.FALSE} <= set(seen), seen
    assert seen[Outcome.DECIDES] >= 6, seen


def test_a_rule_on_a_composite_without_require_runs_too_early(chapter):
    rules = written(
        ZU_FRUEH='action = "reject"; expression = "SCHULE_ECHT";',
        AM_ENDE='action = "reject"; expression = "SCHULE_ECHT"; require_action = ["no action"];',
    )
    found = chapter.force_actions(chapter.scan("sauber"), rules)
    assert found.verdict.symbol("SCHULE_ECHT") and found.verdict.action == "reject"
    assert found.rule("ZU_FRUEH").outcome is Outcome.EARLY and "SCHULE_ECHT" in found.rule("ZU_FRUEH").why
    assert found.decider.rule.name == "AM_ENDE"
    with pytest.raises(LabError, match="SCHULE_ECHT"):
        chapter.write("force_actions.conf", rules)


@pytest.mark.parametrize(
    ("body", "outcome", "why"),
    [
        ('action = "reject"; expression = "g:policies"; require_action = ["no action"];', Outcome.FALSE, "Gruppen kennt"),
        ('action = "reject"; expression = "-R_SPF_ALLOW"; require_action = ["no action"];', Outcome.FALSE, "Präfixe"),
        ('action = "reject"; expression = "R_SPF_ALOW"; require_action = ["no action"];', Outcome.FALSE, "gibt es nicht"),
        ('action = "reject"; expression = "R_SPF_ALLOW"; require_action = ["no_action"];', Outcome.BARRED, "no action fehlt"),
        ('action = "reject"; expression = "R_SPF_ALLOW"; honor_action = ["no action"];', Outcome.BARRED, "steht in honor"),
        ('action = "weg"; expression = "R_SPF_ALLOW"; require_action = ["no action"];', Outcome.BROKEN, "„weg“"),
        ('expression = "R_SPF_ALLOW";', Outcome.BROKEN, "ohne expression"),
        ('action = "reject"; expression = "R_SPF_ALLOW & (";', Outcome.BROKEN, "Zeichen"),
        ('action = "add_header"; expression = "R_SPF_ALLOW"; require_action = ["no action"];', Outcome.DECIDES, "no action"),
    ],
)  # fmt: skip
def test_why_a_rule_does_nothing(chapter, body, outcome, why):
    judged = chapter.force_actions(chapter.scan("sauber"), written(EINE=body)).rule("EINE")
    assert judged.outcome is outcome and why in judged.why, str(judged)


def test_only_the_strict_configtest_finds_the_rule_that_never_acts(chapter):
    rules = written(ZU_FRUEH='action = "reject"; expression = "SCHULE_ECHT";')
    configuration = chapter.configuration
    folder = configuration.first.folder / "candidate"
    render.write(configuration.read() | {"local.d/force_actions.conf": rules}, folder)
    try:
        assert configuration.rspamadm(folder, "configtest").returncode == 0
        assert configuration.rspamadm(folder, "configtest", "-s").returncode != 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("add header", "reject"),
        ("quarantine", "reject"),
        ("rewrite subject", "rewrite subject"),
        ("no action", "no action"),
    ],
)
def test_least_lowers_only_to_actions_without_a_threshold(chapter, action, outcome):
    """Chapter 07: "Nimm es nur für Actions, die eine Schwelle haben"."""
    rules = written(R=f'action = "{action}"; expression = "DBL_SPAM"; least = true; honor_action = ["discard"];')
    found = chapter.force_actions(chapter.scan("pillen"), rules)
    assert found.verdict.action == outcome and found.rule("R").fired
    assert found.rule("R").outcome is (Outcome.WEAKER if outcome == "reject" else Outcome.DECIDES)


def test_what_a_composite_removed_is_gone(chapter):
    chapter.write("composites.conf", 'WEG { expression = "R_SPF_ALLOW & MIME_TRACE"; score = 0.1; }')
    rules = written(EINE='action = "reject"; expression = "R_SPF_ALLOW"; require_action = ["no action"];')
    assert "WEG" in chapter.force_actions(chapter.scan("sauber"), rules).rule("EINE").why


def test_the_order_of_rules_is_another_one_after_each_start(chapter):
    rules = written(
        A='action = "quarantine"; expression = "R_SPF_ALLOW"; honor_action = ["discard"];',
        B='action = "reject"; expression = "R_DKIM_ALLOW"; honor_action = ["discard"];',
    )
    verdict, actions = chapter.scan("sauber"), set()
    for _ in range(30):
        found = chapter.force_actions(verdict, rules)
        first, second = found.rules
        assert (first.outcome, second.outcome) == (Outcome.DECIDES, Outcome.LATE)
        actions.add(found.verdict.action)
        if len(actions) == 2:
            break
    assert actions == {"quarantine", "reject"}


def test_switched_off_by_a_profile_but_not_by_a_missing_threshold(chapter):
    chapter.write(
        "force_actions.conf",
        written(R='action = "reject"; expression = "R_SPF_ALLOW"; require_action = ["no action"];'),
    )
    chapter.write("actions.conf", "reject = null;\nadd_header = 6;\ngreylist = 4;\n")
    assert chapter.scan("sauber").action == "reject"
    chapter.write(
        "settings.conf",
        'ohne_reject { id = "ohne_reject"; priority = high; request_header = { "MTA-Name" = "^x$"; } apply { actions { reject = null; } } }',
    )
    verdict = chapter.scan("sauber", mta_name="x")
    assert verdict.action == "no action" and verdict.symbol("FORCE_ACTION_R")
    assert chapter.force_actions(verdict).rule("R").outcome is Outcome.OFF


def test_after_an_early_end_no_rule_runs(chapter):
    found = chapter.force_actions(
        chapter.scan("gtube"),
        written(R='action = "reject"; expression = "GTUBE"; require_action = ["reject"]; message = "x";'),
    )
    assert found.rule("R").outcome is Outcome.NOT_RUN and "GTUBE" in found.rule("R").why


def test_the_table_is_escaped_and_says_the_same_as_the_text(chapter):
    rules = written(
        X='action = "<b>"; expression = "<i>R_SPF_ALLOW"; require_action = ["<u>"];',
        Y='action = "reject"; expression = "R_SPF_ALLOW & !MAILLIST"; require_action = ["no action"];',
    )
    found = chapter.force_actions(chapter.scan("sauber"), rules)
    table = force_html(found)
    assert not {"<b>", "<i>", "<u>"} & set(re.findall(r"<\w>", table))
    assert 'class="decides"' in table and "R_SPF_ALLOW ✓" in table and "MAILLIST ✗" in table
    assert "R_SPF_ALLOW✓ & !MAILLIST✗" in str(found) and "entschieden durch Y" in str(found)
    with pytest.raises(LabError, match=r"X, Y|Y, X"):
        found.rule("Z")


def test_without_rules_it_says_so(chapter):
    found = chapter.force_actions(chapter.scan("sauber"))
    assert not found.rules and "keine Regel" in str(found) and "keine Regel" in force_html(found)


def test_the_policys_own_rules_are_understood(lab):
    found = lab.force_actions(lab.scan("exe-im-zip"))
    assert found.decider.rule.name == "ATTACHMENT" and not found.warning and len(found.rules) > 8


@pytest.mark.parametrize("extra", ["", "least = true;"])
def test_bayes_learns_nothing_once_a_rule_has_set_a_result(chapter, extra):
    """Chapter 07: "Erzwungenes wird nicht gelernt", even where the rule changes nothing."""
    chapter.write(
        "classifier-bayes.conf", "autolearn { spam_threshold = 12.0; ham_threshold = -5.0; check_balance = false; }\n"
    )
    assert "autolearn spam" in chapter.log(chapter.scan("pillen"), "autolearn")
    rule = f'action = "add header"; expression = "DBL_SPAM"; honor_action = ["discard"]; {extra}'
    chapter.write("force_actions.conf", written(R=rule))
    verdict = chapter.scan("pillen")
    assert verdict.symbol("FORCE_ACTION_R") and not chapter.log(verdict, "autolearn")
