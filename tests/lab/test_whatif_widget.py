"""The what-if widget and its model, without a browser."""

import pytest

from labs.rspamd.inquiry.reason import Kind
from labs.widgets.whatif import WhatIf
from labs.widgets.whatif_model import STRONGEST, WhatIfModel


@pytest.fixture
def widget(lab):
    lab.reset("04-symbole")
    return WhatIf(lab.rspamd, "phishing")


def test_it_opens_with_the_mail_as_it_is(widget):
    before = widget.model.before
    assert before.action == "reject" and widget.headline.value.count("reject") and "<svg" in widget.picture.value
    assert widget.lines.value == "" and not widget.model.changes
    assert len(widget.model.strongest) == STRONGEST and len(widget.weights) == len(before.hits) > STRONGEST
    assert set(widget.thresholds) == set(before.thresholds)


def test_a_weight_changes_picture_action_and_lines(widget):
    widget.weights["DBL_PHISH"].value = 0
    assert "add header" in widget.headline.value and "DBL_PHISH" in widget.picture.value
    assert "groups.conf" in widget.lines.value and "weight = 0;" in widget.lines.value
    widget.weights["DBL_PHISH"].value = 7.5
    assert not widget.model.changes and widget.lines.value == ""


def test_a_threshold_that_is_off_and_reset(widget):
    widget.switches["reject"].value = True
    assert widget.thresholds["reject"].disabled and "add header" in widget.headline.value
    assert "reject = null;" in widget.lines.value
    widget._on_reset()
    assert not widget.model.changes and not widget.switches["reject"].value and not widget.thresholds["reject"].disabled
    assert ">reject<" in widget.headline.value


def test_a_composite_of_ones_own(widget):
    widget.name.value = "MEINS"
    assert not widget.model.changes
    widget.score.value = 3
    widget.expression.value = "DBL_PHISH & PHISHING"
    assert (
        "MEINS" in widget.picture.value
        and "composites.conf" in widget.lines.value
        and "score = 3;" in widget.lines.value
    )


def test_a_wrong_expression_shows_an_error_and_no_old_result(widget):
    widget.name.value, widget.expression.value = "MEINS", "(A & B"
    assert "lab-error" in widget.notice.value and "Klammern" in widget.notice.value
    assert widget.picture.value == widget.headline.value == ""
    widget.expression.value = ""
    assert "lab-error" not in widget.notice.value and "<svg" in widget.picture.value


def test_an_action_that_a_rule_forces_is_said_to_be_forced(lab):
    lab.write("force_actions.conf", 'rules { PROBE { action = "reject"; expression = "DBL_PHISH"; } }\n')
    widget = WhatIf(lab.rspamd, "phishing")
    widget.thresholds["reject"].value = 30
    assert ">reject<" in widget.headline.value and "erzwungen" in widget.notice.value
    widget.switches["reject"].value = True  # what is off cannot be forced either
    assert ">add header<" in widget.headline.value and "erzwungen" not in widget.notice.value


def test_another_role(widget):
    other = next(role for role in widget.model.roles[1:] if role)
    widget.role.value = other
    assert widget.model.changes.mta_name == other and other in widget.lines.value


def test_why_not_answers_below_and_escapes(widget):
    widget.symbol.value = "R_SPF_ALLOW"
    widget._on_why()
    assert Kind.NO_MATCH.value in widget.answer.value and "SPF_CHECK" in widget.answer.value
    widget.symbol.value = "<img src=x>"
    widget._on_why()
    assert "<img" not in widget.answer.value and Kind.UNKNOWN.value in widget.answer.value


def test_the_weight_shown_is_the_profile_s(lab):
    lab.write(
        "settings.conf",
        'probe { id = "probe"; priority = high; request_header = { "MTA-Name" = "^probe$"; } apply { scores { DBL_PHISH = 3; } } }\n',
    )
    model = WhatIfModel.of(lab, lab.scan("phishing", mta_name="probe"))
    hit = model.before.symbol("DBL_PHISH")
    assert model.weight(hit) == 3 and model.roles == ["probe"]
    model.set_weight(hit, 3)
    assert not model.changes
    model.set_weight(hit, 4)
    assert "settings.conf" in model.lines() and model.run().after.points("DBL_PHISH") == 4
