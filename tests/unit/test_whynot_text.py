"""The answer to „Warum nicht?“ as text and HTML, and how Rspamd's trace is read."""

from labs.rspamd.dialect.trace import Trace
from labs.rspamd.inquiry.reason import Kind, WhyNot
from labs.rspamd.inquiry.registry import modules_off

LINES = [
    "lua; settings.lua:387: <1@x> apply static settings probe (id = 7); request_header:mta_name matched; priority high",
    "symcache; is_allowed: deny execution of MISSING_MID as it is forbidden for settings id 7",
    "symcache; process_symbol: do not check MISSING_MID, 232",
    "symcache; process_symbol: execute SPF_CHECK, 567; symbol type = filter",
    "symcache; rspamd_symcache_item_async_inc_full: increase async events counter for SPF_CHECK(567) = 0 + 1; subsystem x",
    "lua; spf.lua:189: skip SPF checks for local networks and authorized users",
    "symcache; finalize_item: process finalize for item SPF_CHECK(567)",
    "lua; other.lua:1: skip something else",
    "symcache; check_item_deps: dependency 567(R_SPF_ALLOW) for symbol 356(DMARC_CHECK) is already finished",
    "symcache; is_allowed: deny symbol insertion of R_SPF_FAIL as it is forbidden for settings id 7",
    "composites; process_symbol_removal: (NULL): added symbol MIME_GOOD to removal: 3 policy, from composite WEG",
    "composites; rspamd_composite_expr_process: (NULL): result for atom MIME_GOOD in composite WEG is -0.1000",
    "composites; composites_foreach_callback: (NULL): final result for composite WEG is 1.0000",
    "composites; process_symbol_removal: (NULL): added symbol MIME_GOOD to removal: 3 policy, from composite NIE",
    "composites; rspamd_composite_expr_process: (NULL): result for atom g:dmarc in composite NIE is 0.0000",
    "composites; composites_foreach_callback: (NULL): final result for composite NIE is 0.0000",
    "composites; remove_symbols: (NULL): normal remove symbol MIME_GOOD (score 0.00), score removal affected by no policy",
    "task; rspamd_check_group_score: maximum group score 1.50 for group policies has been reached, reduce weight of symbol X from 2.00 to 0.50",
    "task; rspamd_add_passthrough_result: <1@x>: set pre-result to 'reject' (15.00): 'Gtube pattern' from GTUBE(3)",
]


def test_a_trace_says_what_ran_and_what_did_not():
    trace = Trace.parse(LINES)
    assert trace.executed == {"SPF_CHECK"} and trace.unchecked == {"MISSING_MID"}
    assert trace.denied == {"MISSING_MID": "is forbidden for settings id 7"}
    assert trace.barred == {"R_SPF_FAIL": "is forbidden for settings id 7"}
    assert trace.needs == {"DMARC_CHECK": ("R_SPF_ALLOW",)}
    assert trace.skips("SPF_CHECK") == ("lua; spf.lua:189: skip SPF checks for local networks and authorized users",)
    assert trace.profile.startswith("apply static settings probe") and len(trace.ends) == 1
    assert (trace.capped["X"].group, trace.capped["X"].limit) == ("policies", 1.5)


def test_only_a_composite_that_came_true_removes():
    trace = Trace.parse(LINES)
    assert trace.removed == {"MIME_GOOD": ("WEG",)}
    assert trace.atoms == {"WEG": {"MIME_GOOD": True}, "NIE": {"g:dmarc": False}}


def test_an_empty_trace_says_nothing():
    trace = Trace.parse([])
    assert not trace.executed and not trace.ends and trace.profile == ""


def test_modules_that_do_not_run_have_a_german_reason():
    dump = "Modules enabled: spf, dkim\nModules disabled (explicitly): neural, asn\nModules disabled (unconfigured): antivirus\nModules disabled (no Redis): \n"
    assert modules_off(dump) == {"neural": "abgeschaltet", "asn": "abgeschaltet", "antivirus": "nicht konfiguriert"}


def test_an_answer_is_readable_text_and_escaped_html():
    answer = WhyNot("X<b>", Kind.NO_MATCH, ("Sie lief & passt nicht.",), ("Rspamd: <script>",))
    assert str(answer) == "X<b>: geprüft, passt nicht\n  Sie lief & passt nicht.\n  · Rspamd: <script>"
    shown = answer._repr_html_()
    assert (
        "<script>" not in shown and "X&lt;b&gt;" in shown and "lief &amp; passt" in shown and 'role="status"' in shown
    )
