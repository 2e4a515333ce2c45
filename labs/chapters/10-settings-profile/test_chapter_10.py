"""What chapter 10 says in passing, without a cell that shows it."""

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
    """„Im Betrieb“."""
    lab.set_up({"maps.d/netz.map": "198.51.100.0/24\n", "settings.conf": PROFILE.format(condition=condition)})
    assert (lab.scan("pillen").symbol("NETZ") is not None) is matches


def test_no_stat_keeps_a_mail_from_being_counted_but_not_from_being_learned(lab):
    """„flags“."""
    for flags, counted in (("", 1), ('flags = ["no_stat"];', 0)):
        text = PROFILE.format(condition='ip = "198.51.100.66"').replace("apply {}", f"apply {{ {flags} }}")
        lab.set_up({"settings.conf": text})
        lab.forget()
        before = lab.controller.get("stat")["scanned"]
        verdict = lab.scan("pillen")
        assert lab.controller.get("stat")["scanned"] - before == counted
        assert lab.log(verdict, "autolearn spam for")
