"""Which rules ran, as a value and as a picture: states, families, nothing overlaps, hostile names stay text."""

from xml.etree import ElementTree

import pytest

from labs.plots.rungrid import alternative_text_runs, run_grid, tooltips_runs
from labs.plots.svg import svg
from labs.rspamd.dialect.trace import Trace
from labs.rspamd.inquiry.run import FIRED, NEVER, SILENT, Run, RunComparison
from labs.rspamd.verdict import Verdict
from tests.unit.test_plots import boxes, check_legible

EVIL = "<script>alert(1)</script>"
REGISTERED = {
    "SPF_CHECK": {"groups": ["spf"]},
    "R_SPF_FAIL": {"groups": ["spf"], "parent": "SPF_CHECK"},
    "DBL": {"groups": ["rbl"]},
    "OWN": {},
    "COMPOSITE": {"groups": ["composite"]},
}
LINES = (
    "symcache; process_symbol: execute SPF_CHECK, 1; symbol type = filter",
    "symcache; process_symbol: execute OWN, 2; symbol type = filter",
    "task; rspamd_add_passthrough_result: <x>: set pre-result to 'reject' (no score): 'nein' from multimap(1)",
    "task; rspamd_task_write_log: id: <x>, time: 3ms, dns req: 7, digest: <y>",
)
MORE = (
    "symcache; process_symbol: execute SPF_CHECK, 1; symbol type = filter",
    "symcache; process_symbol: execute DBL, 3; symbol type = filter",
    "composites; result for atom OWN in composite COMPOSITE is 0.000000",
    "task; rspamd_add_passthrough_result: <x>: set pre-result to 'reject' *least (no score): 'nein' from dmarc(1)",
)


def run(lines, *hits, action="reject"):
    reply = {"action": action, "symbols": {name: {"score": 1.0, "description": EVIL} for name in hits}}
    return Run.of(Verdict.parse(reply, {}), Trace.parse(lines), REGISTERED)


EARLY, WHOLE = run(LINES, "R_SPF_FAIL"), run(MORE, "R_SPF_FAIL", EVIL, action=EVIL)
MANY = Run(EARLY.verdict, {f"RULE_{n}": "Kopfzeilen" for n in range(400)} | EARLY.rules, {}, 30, "")
COMPARISONS = {
    "two": RunComparison({"direkt": EARLY, "Indikator": WHOLE}),
    "three": RunComparison({"eins": EARLY, EVIL: WHOLE, "viele": MANY}),
    "one": RunComparison({"allein": WHOLE}),
}


def test_a_run_knows_what_ran_fired_and_who_ended_it():
    assert EARLY.rules == {"OWN": "Sonstiges", "SPF_CHECK": "Absenderprüfung"}
    assert EARLY.fired == {"SPF_CHECK": ("R_SPF_FAIL",)} and EARLY.questions == 7 and EARLY.ended_by == "multimap"
    assert [EARLY.state(name) for name in ("SPF_CHECK", "OWN", "DBL")] == [FIRED, SILENT, NEVER]
    assert WHOLE.ended_by == "", "least ends nothing"
    assert str(EARLY) == "reject: 2 Regeln liefen, 1 Symbol, 7 DNS-Fragen; multimap beendete die Prüfung"


def test_what_never_ran_is_what_ran_elsewhere():
    found = COMPARISONS["two"]
    assert found.never("direkt") == ("COMPOSITE", "DBL", EVIL)
    assert found.missing("direkt") == {"Composite": ("COMPOSITE",), "Sperrlisten": ("DBL",), "Sonstiges": (EVIL,)}
    assert found.never("Indikator") == ("OWN",) and list(found.rules)[-1] == "Sonstiges"


@pytest.mark.parametrize("found", COMPARISONS.values(), ids=COMPARISONS)
def test_the_picture_is_legible_described_and_escaped(found):
    figure = run_grid(found)
    texts = boxes(figure)
    assert len(texts) > 6
    check_legible(figure, texts)
    text = svg(figure, alternative_text_runs(found), tooltips_runs(found))
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img" and "Regeln" in root.get("aria-label") and "<script" not in text
    for state in (FIRED, SILENT, NEVER):
        assert any(element.text == state for element in root.iter()), state


def test_a_rule_that_fired_names_its_symbols():
    assert tooltips_runs(COMPARISONS["two"])["SPF_CHECK"].startswith("Regel SPF_CHECK\nR_SPF_FAIL: ")
