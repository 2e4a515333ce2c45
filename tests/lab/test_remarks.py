"""What chapters say in passing, without a cell that shows it."""

import time

import pytest

PROFILE = (
    'netz {{ id = "netz"; priority = high; {condition}; register_symbols {{ NETZ {{ score = 0.0; }} }} '
    'symbols = ["NETZ"]; apply {{}} }}\n'
)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [('ip = "198.51.100.0/24"', True), ('ip_map = "$LOCAL_CONFDIR/maps.d/netz.map"', False)],
)
def test_a_list_of_networks_matches_as_ip_and_never_as_ip_map(lab, condition, matches):
    """Chapter 10, "Im Betrieb"."""
    lab.set_up({"maps.d/netz.map": "198.51.100.0/24\n", "settings.conf": PROFILE.format(condition=condition)})
    assert (lab.scan("pillen").symbol("NETZ") is not None) is matches


def test_no_stat_keeps_a_mail_from_being_counted_but_not_from_being_learned(lab):
    """Chapter 10, "flags"."""
    for flags, counted in (("", 1), ('flags = ["no_stat"];', 0)):
        text = PROFILE.format(condition='ip = "198.51.100.66"').replace("apply {}", f"apply {{ {flags} }}")
        lab.set_up({"settings.conf": text})
        lab.forget()
        before = lab.controller.get("stat")["scanned"]
        verdict = lab.scan("pillen")
        assert lab.controller.get("stat")["scanned"] - before == counted
        assert lab.log(verdict, "autolearn spam for")


def test_least_with_no_action_lowers_a_reject(lab):
    """Chapter 07, "least"."""
    rule = 'rules {{ MILD {{ action = "{action}"; expression = "DBL_SPAM"; require_action = ["reject"]; least = true; }} }}\n'
    lab.set_up({"force_actions.conf": rule.format(action="no action")})
    assert lab.scan("pillen").action == "no action"
    lab.set_up({"force_actions.conf": rule.format(action="add header")})
    assert lab.scan("pillen").action == "reject"


@pytest.mark.parametrize(
    ("role", "learned"),
    [
        ("incoming_default", 1),
        ("internal", 1),
        ("incoming_from_mx", 0),
        ("outgoing_prequeue", 0),
        ("outgoing_default", 1),
    ],
)
def test_the_policy_learns_each_mail_once(lab, role, learned):
    """classifier-bayes.conf: not behind the MX and not before the queue."""
    lab.write("groups.conf", 'symbols { "MIME_GOOD" { weight = -3.0; } }\n')
    lab.forget()
    assert lab.scan("sauber", mta_name=role).score < -0.5
    deadline = time.monotonic() + (3 if learned else 0.5)
    while not lab.learned()["Ham"].iloc[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert lab.learned()["Ham"].iloc[0] == learned
