"""The heat map and the bars of effort: drawn from values, whatever a mail's text says."""

from labs.plots.effort import alternative_text_effort, effort
from labs.plots.heatmap import alternative_text_heatmap, heatmap, tooltips_heatmap
from labs.plots.svg import svg
from labs.policy.effort import Effort, Efforts
from labs.rspamd.settings.scans import ProfileScans, Scan
from labs.rspamd.verdict import Verdict

EVIL = "<script>alert(1)</script> $\\frac{1}{0}$"


def scanned(role, symbols, action="no action"):
    reply = {
        "action": action, "score": sum(symbols.values()), "required_score": 15.0, "thresholds": {"reject": 15.0},
        "symbols": {name: {"score": score, "metric_score": score, "options": [EVIL]} for name, score in symbols.items()},
    }  # fmt: skip
    verdict = Verdict.parse(reply, {}, subject=EVIL)
    return Scan(role, verdict, frozenset({"A_CHECK"}), frozenset({"B"}), frozenset())


FOUND = ProfileScans(
    EVIL, (scanned("incoming_default", {"A": 16.0, "C": -2.0}, "reject"), scanned("outgoing_x", {"D": 0.0})),
    {"A": "A_CHECK", "B": "B_CHECK", "C": "C_CHECK"},
)  # fmt: skip


def test_the_picture_names_symbols_profiles_and_actions():
    page = svg(heatmap(FOUND), alternative_text_heatmap(FOUND), tooltips_heatmap(FOUND))
    for text in ("incoming", "default", "reject", "+16,0", "−2,0", "lief nicht", ">A<", ">B<"):
        assert text in page, text
    assert "<script>" not in page


def test_tooltips_say_what_became_of_each_cell():
    tips = tooltips_heatmap(FOUND)
    assert tips["outgoing_x A"] == "A, outgoing_x: lief, kein Treffer"
    assert tips["outgoing_x C"] == "C, outgoing_x: lief nicht"
    assert tips["outgoing_x B"] == "B, outgoing_x: Treffer, vom Profil verworfen"
    assert tips["incoming_default A"].startswith("A, incoming_default: +16,0 Punkte\nOptionen: ")


def test_symbols_with_points_come_first():
    assert FOUND.symbols == ["A", "C", "B", "D"]


def test_bars_of_effort_show_values_and_shares():
    found = Efforts(
        EVIL, (Effort("full", "no action", ("R",) * 40, 20, 4.0), Effort("short", "no action", ("R",) * 10, 0, 1.0))
    )
    page = svg(effort(found), alternative_text_effort(found))
    for text in ("40 (100 %)", "10 (25 %)", "0 (0 %)", "1,0 (25 %)", "short: 10 Regeln, 0 DNS-Fragen"):
        assert text in page, text
    assert "<script>" not in page


def test_effort_of_nothing_asked_is_drawn():
    found = Efforts("", (Effort("least", "no action", (), 0, 0.0),))
    assert "0 (0 %)" in svg(effort(found), alternative_text_effort(found))
