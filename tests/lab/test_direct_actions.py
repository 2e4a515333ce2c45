"""What chapter 08 says about actions in plugins, beyond what its own cells show."""

import pytest

from labs.cluster import http
from labs.mails import Envelope
from labs.policy.observation import Observation
from labs.rspamd.inquiry.run import FIRED, NEVER, SILENT

CHAPTER = "08-aktionen-in-plugins"
LIST = '"$LOCAL_CONFDIR/maps.d/sender_blocked.map"'
ORDERED = 'RCPT_ORDERED { type = "rcpt"; map = "$LOCAL_CONFDIR/maps.d/newsletter_ordered.map"; }\n'
CLAMAV = 'clamav {\n  .include "$LOCAL_CONFDIR/maps.d/clamav.inc"\n  symbol = "CLAM_VIRUS";\n  %s\n}\n'
TRAP = 'enabled = true;\nmap = "$LOCAL_CONFDIR/maps.d/spamtrap.map";\n%s\n'
BAIT = "kontakt1998@firma.example"


@pytest.fixture
def direct(big):
    """A cluster with the five direct actions, and nothing learned or counted."""
    big.reset(CHAPTER)
    big.forget()
    return big


def blocked(lines: str) -> str:
    return f'SENDER_BLOCKED {{ type = "from"; filter = "email:domain"; map = {LIST}; {lines} }}\n{ORDERED}'


def learned(lab, verdict) -> str:
    return Observation.of(verdict, lab.rspamd).learned


def test_a_direct_action_keeps_nine_of_ten_rules_from_running(direct):
    early = direct.ran(direct.scan("pillen"))
    direct.write("multimap.conf", blocked(""))
    whole = direct.ran(direct.scan("pillen"))
    found = direct.compare_runs(direkt=early, Indikator=whole)
    assert early.ended_by == "multimap" and whole.ended_by == ""
    assert len(early.rules) * 8 < len(whole.rules) and early.questions * 5 < whole.questions
    assert found.never("Indikator") == () and len(found.never("direkt")) > 250
    gone = found.missing("direkt")
    for family in ("Inhalt", "Composite", "Anhänge"):
        assert gone[family] == found.rules[family], family
    assert early.state("SENDER_BLOCKED") == FIRED and early.state("MAILLIST") == SILENT
    assert early.state("SPAMHAUS_CHECK") == NEVER and whole.state("SPAMHAUS_CHECK") == FIRED


def test_asking_for_all_filters_does_not_undo_an_early_result(direct):
    mail, envelope = direct.load("pillen")
    headers = asked(envelope) | {"Pass": "all", "Flags": "pass_all"}
    reply = http.session().post(f"{direct.worker.url}/checkv2", data=mail, headers=headers, timeout=10).json()
    assert reply["action"] == "reject" and len(reply["symbols"]) < 10


def asked(envelope: Envelope) -> dict[str, str]:
    return {
        "From": envelope.from_, "Rcpt": envelope.rcpt[0], "IP": envelope.ip, "Helo": envelope.helo,
        "Hostname": envelope.hostname, "MTA-Name": envelope.mta_name,
    }  # fmt: skip


def test_a_second_early_result_comes_too_late(direct):
    """The rule without require_action makes the list of exceptions run early; even then the first result holds."""
    rule = '{ action = "no action"; expression = "RCPT_ORDERED"; %s }'
    direct.write("force_actions.conf", f"rules {{ A {rule % ''} B {rule % 'require_action = [reject];'} }}")
    verdict = direct.scan("newsletter", rcpt="chef@firma.example")
    assert verdict.action == "reject"


def test_multimap_knows_an_exception_of_its_own(direct):
    direct.write("multimap.conf", blocked('action = "reject"; require_symbols = "!RCPT_ORDERED";'))
    assert direct.scan("newsletter", rcpt="chef@firma.example").action == "no action"
    assert direct.scan("newsletter", rcpt="max.beispiel@firma.example").action == "reject"


def test_clamav_forgets_the_text_of_a_macro_but_not_its_symbol(direct):
    direct.write("antivirus.conf", CLAMAV % "patterns { CLAM_PATTERN = 'ContainsMacros'; }")
    first, second = direct.scan("makro"), direct.scan("makro")
    assert first.symbol("CLAM_PATTERN") and not first.symbol("CLAM_VIRUS_MACRO")
    assert second.symbol("CLAM_VIRUS_MACRO") and not second.symbol("CLAM_PATTERN")


def test_an_indicator_without_a_rule_lets_eicar_through_and_learns_it_as_ham(direct):
    direct.write("antivirus.conf", CLAMAV % "")
    verdict = direct.scan("eicar")
    assert verdict.action == "no action" and verdict.symbol("CLAM_VIRUS") and learned(direct, verdict) == "ham"


@pytest.mark.parametrize("direct_action", ['action = "reject";', ""])
def test_clear_spam_to_the_trap_is_learned_only_without_an_action(direct, direct_action):
    direct.write("multimap.conf", blocked(""))
    direct.write("spamtrap.conf", TRAP % direct_action)
    verdict = direct.scan("pillen", rcpt=BAIT)
    assert verdict.action == "reject" and verdict.score > 15
    assert learned(direct, verdict) == ("" if direct_action else "spam")


def test_one_symbol_alone_is_never_learned(direct):
    direct.write("spamtrap.conf", TRAP % "score = 20.0;")
    verdict = direct.scan("sauber", rcpt=BAIT)
    assert verdict.action == "reject" and learned(direct, verdict) == ""
    assert direct.learned().iloc[0].tolist() == [0, 0]


def test_learn_spam_learns_every_mail_to_the_trap(direct):
    direct.write("spamtrap.conf", TRAP % 'action = "reject"; learn_spam = true;')
    assert direct.scan("sauber", rcpt=BAIT).action == "reject"
    assert direct.learned().iloc[0].tolist() == [1, 0]


def test_skip_soft_reject_says_nothing_at_all(direct):
    direct.write("ratelimit.conf", 'rates { user { bucket { burst = 1; rate = "1 / 1h"; skip_soft_reject = true; } } }')
    verdicts = [direct.scan("antwort") for _ in range(3)]
    assert {verdict.action for verdict in verdicts} == {"no action"}
    assert not [hit for verdict in verdicts for hit in verdict.hits if "RATELIMIT" in hit.name]


def test_the_variants_stand_side_by_side(direct):
    before = {"Virenscanner": direct.send("eicar")}
    direct.write("antivirus.conf", CLAMAV % "")
    table = direct.side_by_side(direkt=before, Indikator={"Virenscanner": direct.send("eicar")})
    assert table["Variante"].tolist() == ["direkt", "Indikator"]
    assert table["Action"].tolist() == ["reject", "no action"]
    assert [reply[:3] for reply in table["Antwort an den Absender"]] == ["554", "250"]
    assert table["Gelernt"].tolist() == ["nein", "als Ham"]
