"""Mail while something fails: with the recommended settings nothing is lost and nothing is refused wrongly."""

import pytest

from labs.errors import LabError

WORKERS = {"rspamd1", "rspamd2"}


@pytest.mark.parametrize(
    ("events", "mail"),
    [
        ({0.5: "kill rspamd1"}, "sauber"),
        ({0.5: "restart rspamd1"}, "sauber"),
        ({0.5: "freeze rspamd1", 3: "resume rspamd1"}, "sauber"),
        ({0.5: "kill mx1"}, "sauber"),
        ({0.5: "kill mx1.rspamd-proxy"}, "sauber"),
        ({0.5: "kill redis1"}, "sauber"),
        ({0.5: "freeze redis1", 3: "resume redis1"}, "sauber"),
        ({0.5: "kill av1"}, "mit-anhang"),
        ({0.5: "freeze av1", 3: "resume av1"}, "mit-anhang"),
        ({0.5: "stop hub1", 2: "restart hub1"}, "sauber"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else value,
)
def test_no_accepted_mail_is_lost_and_none_is_refused(big, events, mail):
    stream = big.stream(100, events, mail=mail, rate=50, patience=60)
    assert len(stream.mails) == 100 and len(stream.events) == len(events)
    assert stream.count("at once") + stream.count("delayed") == 100, f"{stream}\n{stream.replies}"
    assert set(stream.workers) == WORKERS


def test_a_frozen_scanner_delays_what_it_would_check(big):
    big.reset("03-kapseln-und-dimensionieren")
    stream = big.stream(20, {0.1: "freeze av1", 6: "resume av1"}, mail="mit-anhang", rate=20, patience=60)
    assert stream.count("at once") == 20 and stream.longest_wait > 2


def test_with_one_try_only_the_proxy_defers_mail_when_a_worker_dies(big):
    big.write("rspamd-proxy/worker-proxy.inc", "max_retries = 1;\n")
    stream = big.stream(100, {0.5: "freeze rspamd1", 0.9: "kill rspamd1"}, rate=50, patience=60)  # mails in hand
    assert stream.count("delayed") > 0 and stream.replies["Antwort"].str.startswith("451").any()
    assert stream.count("lost") == stream.count("refused") == 0


def test_without_a_proxy_postfix_decides_alone(big):
    """milter_default_action: "tempfail" defers, "accept" lets even GTUBE in."""
    big.stop("mx1.rspamd-proxy")
    assert big.send("gtube", "mx1").code == 451
    big.write("postfix-mx/main.cf", "milter_default_action = accept\n")
    assert big.send("gtube", "mx1").accepted


def test_without_a_worker_postfix_decides_as_well(big):
    """The proxy gives up its milter session."""
    for node in WORKERS:
        big.stop(node)
    assert big.send("gtube", "mx1").code == 451
    big.write("postfix-mx/main.cf", "milter_default_action = accept\n")
    assert big.send("gtube", "mx1").accepted


def test_while_the_hub_is_down_the_mx_keeps_what_it_took(big):
    assert big.send("sauber", "mx1").accepted and big.send("sauber", "mx2").accepted  # the recipient is known now
    big.stop("hub1")
    stream = big.stream(5, rate=50, patience=3)
    assert stream.count("waiting") == 5 and len(big.queue()) >= 5
    assert big.queue()["Grund"].str.contains("Connection refused").any()
    big.restart("hub1")
    for node in ("mx1", "mx2"):
        big.flush(node)
    assert big.stream(1, patience=20).count("at once") == 1


def test_a_frozen_scanner_is_reported_and_not_waited_for_in_vain(big):
    big.freeze("av1")
    verdict = big.scan("eicar")
    assert verdict.symbol("CLAM_VIRUS_FAIL") and verdict.symbol("CLAM_VIRUS") is None
    big.resume("av1")
    assert big.scan("eicar").symbol("CLAM_VIRUS")


def test_an_unknown_event_is_named(big, lab):
    with pytest.raises(LabError, match="kein Postfix"):
        lab.stream(1)
    with pytest.raises(LabError, match="freeze"):
        big.stream(1, {1: "explode rspamd1"})
    with pytest.raises(LabError, match="rspamd9"):
        big.stream(1, {1: "kill rspamd9"})
