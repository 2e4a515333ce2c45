"""One mail under all profiles: the heat map, what it costs, and the explorer's widget, against a real Rspamd."""

from __future__ import annotations

import pytest

from labs.plots.heatmap import alternative_text_heatmap
from labs.rspamd.settings.scans import State, profile_scans

ROLES = [
    "incoming_default", "incoming_from_mx", "internal", "outgoing_prequeue", "outgoing_default", "outgoing_no_action",
]  # fmt: skip


@pytest.fixture
def scans(lab):
    return profile_scans(lab.rspamd, "pillen")


def test_each_profile_judges_the_mail(scans):
    assert [scan.role for scan in scans.scans] == ROLES
    assert [scan.verdict.action for scan in scans.scans] == ["reject", *["no action"] * 3, "reject", "no action"]


def test_what_did_not_run_is_told_from_what_did_not_hit(scans):
    incoming, behind, _, prequeue, outgoing, _ = scans.scans
    assert scans.state("DBL_SPAM", incoming) is State.HIT
    assert scans.state("DBL_SPAM", behind) is State.NOT_RUN
    assert scans.state("INCOMING", behind) is State.RAN
    assert scans.state("SPAM_STOLEN_ACCOUNT", incoming) is State.RAN
    assert scans.state("SPAM_STOLEN_ACCOUNT", outgoing) is State.HIT
    assert scans.state("R_SPF_PLUSALL", prequeue) is State.NOT_RUN


def test_a_hit_that_the_profile_throws_away_is_seen(lab):
    lab.write(
        "settings.conf",
        'a { request_header = { "MTA-Name" = "^a$"; } apply {} }\n'
        'b { request_header = { "MTA-Name" = "^b$"; } apply { symbols_disabled = ["HFILTER_HELO_5"]; } }\n',
    )
    found = profile_scans(lab.rspamd, "pillen")
    assert [found.state("HFILTER_HELO_5", scan) for scan in found.scans] == [State.HIT, State.DISCARDED]


def test_the_picture_has_its_table_and_words(lab, scans):
    view = lab.profiles("pillen")
    assert list(view.table.columns) == ["Symbol", *ROLES] and len(view.table) == len(scans.symbols) > 20
    assert "internal: no action mit 0,3 Punkten" in alternative_text_heatmap(scans)
    assert "<svg" in view._repr_html_() and "lief nicht" in view._repr_html_()


def test_a_shorter_profile_runs_fewer_rules(lab):
    full, short, least = lab.effort("sauber", "incoming_default", "outgoing_prequeue", "outgoing_no_action").found.rows
    assert full.rules > short.rules > least.rules > 0
    assert full.questions > short.questions >= least.questions == 0
    assert "SPF_CHECK" in full.names and "SPF_CHECK" not in short.names
    assert "DKIM_CHECK" in lab.effort("sauber", "outgoing_no_action").rules("outgoing_no_action")
    assert full.milliseconds > 0 and "<svg" in lab.effort("sauber", "internal")._repr_html_()


def test_the_explorer_follows_the_fields_and_asks_rspamd(lab):
    view = lab.which_profile()
    assert "Es gilt das Profil incoming_default." in view.result.value
    view.fields["mta_name"].value = "internal"
    assert "Es gilt das Profil internal. Rspamd ist nicht gefragt." in view.result.value
    view.ask_button.click()
    assert "Rspamd sagt dasselbe: settings_id internal." in view.result.value
    view.fields["ip"].value = "kaputt"
    assert "keine IP-Adresse" in view.notice.value and "lab-stale" in view.result._dom_classes
    view.fields["ip"].value = ""
    assert view.notice.value == "" and "lab-stale" not in view.result._dom_classes
    view.mail.value = "antwort"
    assert view.fields["user"].value == "erika.muster@firma.example" and "outgoing_prequeue" in view.result.value


def test_the_explorer_sees_a_change_of_the_configuration(lab):
    view = lab.which_profile()
    lab.write("settings.conf", 'neu { ip = "192.0.2.0/24"; apply {} }')
    view.mail.value = "bank-echt"
    assert "Es gilt das Profil neu." in view.result.value
