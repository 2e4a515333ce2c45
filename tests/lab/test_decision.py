"""What lab.decision says of a mail is what Rspamd did: for every example of the policy, and for policies of a reader."""

from __future__ import annotations

from collections import Counter

import pytest

from labs.check import WORKBOOK
from labs.errors import LabError
from labs.policy.cases import Case
from labs.policy.expectation import read
from labs.rspamd.decision.value import Column, State
from labs.rspamd.dialect.sights import PREFIX
from labs.widgets.display import decision_html

CASES = [
    case
    for case in read(WORKBOOK / "expect.toml")
    if isinstance(case, Case) and "via" not in case.envelope and case.again == 1 and not case.stopped
]


@pytest.fixture(scope="module")
def shipped(running_cluster):
    """The cluster as shipped; the cases change nothing but Redis."""
    running_cluster.reset()
    yield running_cluster
    running_cluster.reset()
    running_cluster.forget()


def scanned(lab, mail, **envelope):
    lab.forget()
    verdict = lab.scan(mail, **{("from_" if name == "from" else name): value for name, value in envelope.items()})
    return verdict, lab.decision(verdict)


def states(decision, column):
    return {node.name: node.state for node in decision.of(column)}


def test_every_example_of_the_policy_is_decided_as_by_rspamd(shipped):
    kinds = Counter()
    known = set(shipped.controller.weights())
    for case in CASES:
        verdict, decision = scanned(shipped, case.mail, **case.envelope)
        fired = {hit.name.removeprefix(PREFIX) for hit in verdict.hits if hit.name.startswith(PREFIX)}
        said = {hit.name for hit in verdict.hits} & {"composite", *known} & composites(shipped)
        assert not decision.doubts, (case.title, decision)
        assert decision.action == verdict.action
        assert decision.composites == said, case.title
        assert {decision.forced_by} - {""} == fired, (case.title, decision)
        assert decision.forced_by or decision.module == (verdict.raw.get("passthrough_module") or ""), case.title
        kinds["forced" if decision.forced_by else "module" if decision.module else "points"] += 1
        kinds.update({state.name for state in states(decision, Column.COMPOSITE).values()})
        kinds.update({f"rule {state.name}" for state in states(decision, Column.RULE).values()})
        assert decision_html(decision).startswith("<svg")
    for kind in ("forced", "points", "module", "ACTIVE", "HELD", "MISSING", "rule HELD", "rule BARRED", "rule MISSING"):
        assert kinds[kind], kinds


def composites(lab):
    from labs.rspamd.inquiry.registry import Registry

    return set(Registry.of(lab.rspamd).composites)


def test_malware_is_told_as_one_way(shipped):
    _, decision = scanned(shipped, "eicar")
    assert str(decision).splitlines()[:2] == [
        "reject, erzwungen von MALWARE: „Schadcode gefunden (Kennung …)“",
        "  CLAM_VIRUS → g:av_malware → POLICY_MALWARE → MALWARE",
    ]


def test_an_exception_holds_a_finding_back(shipped):
    _, decision = scanned(shipped, "auswertung")
    assert decision.headline.startswith("no action nach Punkten: ")
    assert states(decision, Column.COMPOSITE) == {"EXCEPTION_MACRO": State.ACTIVE, "POLICY_MACRO": State.HELD}
    held = [edge for edge in decision.into("composite:POLICY_MACRO") if edge.negated]
    assert [edge.source for edge in held] == ["composite:EXCEPTION_MACRO"]
    assert states(decision, Column.RULE)["MACRO"] is State.MISSING


def test_a_rule_that_may_not_replace_the_action_is_barred(shipped):
    _, decision = scanned(shipped, "phishing")
    notes = {node.name: node.note for node in decision.of(Column.RULE)}
    assert notes["DMARC"] == "gesperrt: reject (nach Punkten) fehlt in require_action"
    assert decision.forced_by == "" and decision.action == "reject"


def test_a_threshold_that_the_profile_switches_off_does_not_count(shipped):
    verdict, decision = scanned(shipped, "nur-bild", mta_name="outgoing_default")
    assert verdict.score > verdict.thresholds["add header"] and verdict.action == "no action"
    assert not decision.doubts and "(reject ab 15)" in decision.headline


def test_a_mail_that_concerns_no_rule_shows_only_its_points(shipped):
    _, decision = scanned(shipped, "sauber")
    assert not decision.of(Column.COMPOSITE) and [node.name for node in decision.of(Column.RULE)] == ["Punkte"]
    assert decision.others > 20 and decision.of(Column.HINT)


def test_hints_that_a_composite_removed_are_still_told(big):
    big.write("composites.conf", 'GEFAHR { expression = "CLAM_VIRUS & HAS_ATTACHMENT"; score = 20.0; }')
    verdict, decision = scanned(big, "eicar")
    assert not verdict.symbol("CLAM_VIRUS") and verdict.symbol("GEFAHR")
    assert "  CLAM_VIRUS + HAS_ATTACHMENT → GEFAHR" in str(decision).splitlines()
    assert not decision.doubts


OWN = 'EIGENES { expression = "R_DKIM_ALLOW"; policy = "leave"; }'
RULES = {
    "ERSTE": 'action = "quarantine"; expression = "EIGENES & !HAS_X_PRIO_ONE"; require_action = ["no action"];',
    "GLEICH": 'action = "no action"; expression = "EIGENES"; require_action = ["no action"];',
    "FREMD": 'action = "reject"; expression = "EIGENES"; require_action = ["greylist"];',
    "HALT": 'action = "reject"; expression = "R_DKIM_ALLOW & !EIGENES"; require_action = ["no action"];',
}


def rules(**bodies):
    return "rules {\n" + "".join(f"  {name} {{ {body} }}\n" for name, body in bodies.items()) + "}\n"


def notes(decision):
    return {node.name: node.note for node in decision.of(Column.RULE)}


def test_rules_of_a_reader_say_why_they_are_silent(big):
    big.write("composites.conf", OWN)
    big.write("force_actions.conf", rules(**RULES))
    _, decision = scanned(big, "sauber")
    assert decision.forced_by == "ERSTE" and decision.action == "quarantine" and not decision.doubts
    assert notes(decision) == {
        "ERSTE": "erzwingt quarantine",
        "GLEICH": "no action gilt schon (nach Punkten)",
        "FREMD": "gesperrt: no action (nach Punkten) fehlt in require_action",
        "HALT": "zurückgehalten von EIGENES",
        "Punkte": "−1,0, wäre no action",
    }


def test_a_rule_with_least_is_no_matter_of_points(big):
    """It lifts the score of the verdict to the threshold, and Rspamd names no module."""
    big.write("composites.conf", OWN)
    big.write(
        "force_actions.conf",
        rules(MARKE='action = "add_header"; expression = "EIGENES"; require_action = ["no action"]; least = true;'),
    )
    verdict, decision = scanned(big, "sauber")
    assert verdict.score == 6 and not verdict.raw.get("passthrough_module")
    assert decision.headline == "add header, erzwungen von MARKE"
    assert notes(decision)["Punkte"] == "−1,0, wäre no action"


def test_the_action_of_a_plugin_is_no_matter_of_points(big):
    text = big.configuration.read()["local.d/multimap.conf"]
    big.write("multimap.conf", text.replace("SENDER_BLOCKED {", 'SENDER_BLOCKED {\n  action = "reject";', 1))
    verdict, decision = scanned(big, "sauber", from_="angebot@billighoster.test")
    assert verdict.action == "reject" and decision.module == verdict.raw["passthrough_module"]
    assert decision.headline.startswith("reject, gesetzt vom Modul ") and not decision.doubts


def test_a_rule_that_runs_as_a_filter_comes_before_the_composites(big):
    big.write("composites.conf", OWN)
    big.write("force_actions.conf", rules(FRUEH='action = "quarantine"; expression = "R_DKIM_ALLOW";'))
    verdict, decision = scanned(big, "sauber")
    assert decision.forced_by == "FRUEH" and not verdict.symbol("EIGENES")
    assert [node.note for node in decision.of(Column.COMPOSITE)] == ["force_actions kam zuvor"]


def test_a_verdict_from_before_a_change_is_refused(big):
    big.write("composites.conf", OWN)
    verdict = big.scan("sauber")
    big.write("composites.conf", 'EIGENES { expression = "R_DKIM_REJECT"; policy = "leave"; }')
    with pytest.raises(LabError, match="passt nicht zur Konfiguration"):
        big.decision(verdict)


def test_a_composite_that_the_profile_drops_is_told(big):
    big.write("composites.conf", OWN)
    settings = big.configuration.read()["local.d/settings.conf"].replace(
        "  apply {}", '  apply { symbols_disabled = ["EIGENES"]; }'
    )
    big.write("settings.conf", settings)
    verdict, decision = scanned(big, "sauber")
    assert not verdict.symbol("EIGENES")
    assert states(decision, Column.COMPOSITE)["EIGENES"] is State.VOID
