"""Every answer to „Warum nicht?“ in a situation that the configuration or the envelope makes."""

import pytest

from labs.errors import LabError
from labs.rspamd.inquiry.reason import Kind
from labs.rspamd.inquiry.whynot import why_not
from labs.rspamd.verdict import Verdict

PROFILE = """
probe {
  id = "probe"; priority = high;
  request_header = { "MTA-Name" = "^probe$"; }
  apply { %s }
}
"""

LUA = """
rspamd_config:register_symbol {
  name = "PROBE", type = "%s", priority = 20, score = 100.0, %s
  callback = function(task) %s end
}
"""


def ask(lab, symbol, mail="newsletter", **envelope):
    return why_not(lab.rspamd, symbol, lab.scan(mail, **envelope))


def test_a_symbol_that_fired_says_with_how_many_points(lab):
    answer = ask(lab, "R_SPF_ALLOW")
    assert answer.kind is Kind.FIRED and "−0,2 Punkte" in str(answer)


def test_points_that_a_group_takes_away_are_explained(lab):
    lab.write("groups.conf", 'group "policies" { max_score = 1.5; }\n')
    verdict = lab.scan("phishing")
    less = [hit.name for hit in verdict.hits if "policies" in hit.groups and 0 <= hit.score < hit.weight]
    assert less
    answer = why_not(lab.rspamd, less[0], verdict)
    assert answer.kind is Kind.FIRED and "policies" in str(answer) and "höchstens 1,5" in str(answer)


def test_a_composite_that_removed_the_symbol_is_named(lab):
    lab.write("composites.conf", 'NIMMT_WEG { expression = "MIME_GOOD & ARC_NA"; score = 1.0; }\n')
    answer = ask(lab, "MIME_GOOD")
    assert answer.kind is Kind.REMOVED and "NIMMT_WEG" in answer.sentences[0]
    assert answer.evidence == ("NIMMT_WEG: MIME_GOOD & ARC_NA",)


def test_a_wrong_name_gets_the_nearest_one(lab):
    answer = ask(lab, "MISSING_MIDD")
    assert answer.kind is Kind.UNKNOWN and "Meintest du MISSING_MID " in str(answer)


@pytest.mark.parametrize(
    ("symbol", "module", "said"),
    [
        ("NEURAL_SPAM", "neural", "override.d/neural.conf"),
        ("GREYLIST", "greylist", "override.d/greylist.conf"),
        ("FUZZY_DENIED", "fuzzy_check", "override.d/fuzzy_check.conf"),
        ("ASN", "asn", "override.d/asn.conf"),
        ("CLAM_VIRUS", "antivirus", "nicht konfiguriert"),
    ],
)
def test_a_module_that_does_not_run_is_named(lab, symbol, module, said):
    answer = ask(lab, symbol)
    assert answer.kind is Kind.OFF and f"Modul {module}," in str(answer) and said in str(answer)


def test_a_part_of_a_module_that_is_switched_off_is_named(lab):
    lab.write("rbl.conf", "rbls { spamhaus { enabled = false; } }\n")
    answer = ask(lab, "RBL_SPAMHAUS_SBL")
    assert answer.kind is Kind.OFF and "rbl.rbls.spamhaus" in str(answer)


def test_points_without_a_rule_are_told_from_a_wrong_name(lab):
    lab.write("groups.conf", 'group "probe" { symbols = { "NUR_PUNKTE" { weight = 3.0; } } }\n')
    answer = ask(lab, "NUR_PUNKTE")
    assert answer.kind is Kind.NO_RULE and "probe" in str(answer)


def test_a_symbol_that_groups_conf_switches_off(lab):
    lab.write("groups.conf", 'symbols = { "R_SPF_FAIL" { weight = 1.0; enabled = false; } }\n')
    answer = ask(lab, "R_SPF_FAIL", "phishing")
    assert answer.kind is Kind.OFF and "groups.conf" in str(answer) and "hat angeschlagen" in str(answer)


@pytest.mark.parametrize(
    ("apply", "symbol", "said"),
    [
        ('symbols_disabled = ["R_SPF_FAIL"];', "R_SPF_FAIL", "symbols_disabled"),
        ('groups_disabled = ["dmarc"];', "DMARC_POLICY_REJECT", "groups_disabled"),
        ('symbols_enabled = ["R_DKIM_NA"];', "MISSING_MID", "symbols_enabled"),
        ('groups_enabled = ["dkim"];', "MISSING_MID", "groups_enabled"),
    ],
)
def test_the_settings_profile_of_this_mail_is_named(lab, apply, symbol, said):
    lab.write("settings.conf", PROFILE % apply)
    answer = ask(lab, symbol, "phishing", mta_name="probe")
    assert answer.kind is Kind.PROFILE and "Settings-Profil probe" in str(answer)
    assert "MTA-Name probe" in str(answer) and said in answer.sentences[0]
    assert any("settings id" in line for line in answer.evidence)


def test_a_hit_that_the_profile_throws_away_is_said_to_be_one(lab):
    lab.write("settings.conf", PROFILE % 'symbols_disabled = ["R_SPF_FAIL"];')
    assert "Die Regel hat angeschlagen" in str(ask(lab, "R_SPF_FAIL", "phishing", mta_name="probe"))


def test_a_symbol_whose_rule_the_profile_switches_off_depends_on_it(lab):
    lab.write("settings.conf", PROFILE % 'symbols_disabled = ["SPF_CHECK"];')
    answer = ask(lab, "R_SPF_FAIL", "phishing", mta_name="probe")
    assert answer.kind is Kind.DEPENDENCY and "R_SPF_FAIL vergibt die Regel SPF_CHECK" in str(answer)
    assert "Settings-Profil probe schaltet SPF_CHECK ab" in str(answer)


def test_dmarc_says_that_it_waits_for_spf(lab):
    lab.write("settings.conf", PROFILE % 'symbols_disabled = ["SPF_CHECK"];')
    answer = ask(lab, "DMARC_POLICY_REJECT", "phishing", mta_name="probe")
    assert answer.kind is Kind.DEPENDENCY and "braucht das Ergebnis von SPF_CHECK" in str(answer)
    assert any("skip DMARC checks" in line for line in answer.evidence)


def test_gtube_ends_the_scan(lab):
    answer = ask(lab, "R_SPF_ALLOW", "gtube")
    assert answer.kind is Kind.ENDED and "GTUBE hat die Action reject vorab festgelegt" in str(answer)


def test_a_prefilter_that_rejects_ends_the_scan(lab):
    lab.write("rspamd.local.lua", LUA % ("prefilter", "", 'task:set_pre_result("reject", "weg", "mein_modul")'))
    for symbol in ("MISSING_MID", "AUTH_NA"):
        answer = ask(lab, symbol, "phishing")
        assert answer.kind is Kind.ENDED and "mein_modul hat die Action reject" in str(answer)


def test_a_score_above_the_threshold_of_reject_ends_the_scan(lab):
    lab.write("rspamd.local.lua", LUA % ("normal", "", "return true, 1.0"))
    answer = ask(lab, "MISSING_MID", "phishing")
    assert answer.kind is Kind.ENDED and "die Schwelle für reject (15,0)" in str(answer)


def test_mail_of_users_who_logged_in_is_not_checked(lab):
    answer = ask(lab, "R_SPF_ALLOW", user="anna")
    assert answer.kind is Kind.CONDITION and "angemeldeten Benutzern (user = anna)" in str(answer)
    assert any("skip SPF checks" in line for line in answer.evidence)


def test_mail_from_own_addresses_is_not_checked(lab):
    answer = ask(lab, "R_DKIM_ALLOW", ip="127.0.0.1")
    assert answer.kind is Kind.CONDITION and "127.0.0.1" in str(answer) and "local_addrs" in str(answer)


def test_a_rule_whose_condition_says_no_shows_the_parts_of_the_mail(lab):
    lab.write("rspamd.local.lua", LUA % ("normal", "condition = function(task) return #task:get_images() > 0 end,", ""))
    answer = ask(lab, "PROBE")
    assert answer.kind is Kind.CONDITION and any("Teile der Mail" in line for line in answer.evidence)


def test_an_empty_mail_is_not_checked(lab):
    verdict = lab.worker.scan(b"", lab.load("sauber")[1], {})
    answer = why_not(lab.rspamd, "RDNS_NONE", verdict)
    assert answer.kind is Kind.CONDITION and "leere Mail" in str(answer)


def test_a_client_without_an_address_is_told(lab):
    answer = ask(lab, "R_SPF_ALLOW", ip="")
    assert answer.kind is Kind.CONDITION and "braucht die Adresse des Clients" in str(answer)


def test_a_profile_that_takes_mail_without_a_check_ends_the_scan(lab):
    lab.write("settings.conf", PROFILE.replace("apply { %s }", "whitelist = true;"))
    answer = ask(lab, "MISSING_MID", "phishing", mta_name="probe")
    assert answer.kind is Kind.ENDED and "Settings-Profil probe nimmt die Mail ohne Prüfung an" in str(answer)


def test_bayes_says_that_it_has_not_learned_enough(lab):
    lab.forget()
    answer = ask(lab, "BAYES_SPAM")
    assert answer.kind is Kind.UNTRAINED and any("needs more training" in line for line in answer.evidence)


def test_a_rule_that_ran_and_did_not_match_gives_its_time(lab):
    answer = ask(lab, "R_SPF_FAIL")
    assert (
        answer.kind is Kind.NO_MATCH and " ms)" in str(answer) and "Vergeben hat die Regel: R_SPF_ALLOW" in str(answer)
    )


def test_a_composite_shows_which_atoms_are_there(lab):
    lab.write("composites.conf", 'NIE { expression = "MIME_GOOD & (MISSING_MID | !ARC_NA)"; score = 1.0; }\n')
    answer = ask(lab, "NIE")
    assert answer.kind is Kind.COMPOSITE and "MIME_GOOD & (MISSING_MID | !ARC_NA)" in answer.sentences[0]
    assert {"✓ MIME_GOOD", "✗ MISSING_MID", "✓ ARC_NA (darf nicht da sein)"} <= set(answer.evidence)


def test_a_composite_that_is_switched_off(lab):
    lab.write("composites.conf", 'NIE { expression = "MIME_GOOD"; score = 1.0; enabled = false; }\n')
    assert ask(lab, "NIE").kind is Kind.OFF


def test_a_symbol_that_would_fire_now_says_so(lab):
    before = lab.scan("newsletter")
    lab.write("composites.conf", 'NEU { expression = "MIME_GOOD"; score = 1.0; }\n')
    assert why_not(lab.rspamd, "NEU", before).kind is Kind.NOW


def test_the_running_lab_notices_nothing(lab):
    service = lab.cluster.node("rspamd1").main
    verdict, state = lab.scan("newsletter"), lab.configuration.state
    processes = {process.pid for process in lab.cluster.processes("rspamd1")}
    why_not(lab.rspamd, "R_SPF_FAIL", verdict)
    assert not list(service.folder.glob("spare-*")) and not list((service.folder / "run").glob("spare-*"))
    assert lab.configuration.state == state
    assert {process.pid for process in lab.cluster.processes("rspamd1")} == processes


def test_a_verdict_without_its_mail_is_refused(lab):
    verdict = Verdict.parse({"action": "no action", "score": 0}, {})
    with pytest.raises(LabError, match="fehlt die Mail"):
        why_not(lab.rspamd, "R_SPF_FAIL", verdict)
