"""The dial of chapter 05: the sum of a mail is set, real Rspamd and Postfix do the rest."""

import pytest

from labs.errors import LabError
from labs.widgets.dial import DialView
from labs.widgets.dial_model import Dial


@pytest.mark.parametrize(
    ("points", "action", "code", "end"),
    [
        (-5, "no action", 250, "liegt im Postfach"),
        (3.9, "no action", 250, "liegt im Postfach"),
        (4, "soft reject", 451, "vertröstet"),
        (14.9, "soft reject", 451, "vertröstet"),
        (15, "reject", 554, "nimmt die Mail nicht an"),
        (20, "reject", 554, "nimmt die Mail nicht an"),
    ],
)
def test_the_sum_is_as_set_and_the_action_follows(big, points, action, code, end):
    big.reset("05-actions")
    shot = Dial(big.system).send(points)
    assert abs(shot.first.score - points) < 0.02
    assert (shot.first.action, shot.delivery.code) == (action, code) and end in shot.end


def test_the_second_try_passes_and_is_marked(big):
    big.reset("05-actions")
    dial = Dial(big.system)
    first = dial.send(8)
    second = dial.again(first)
    assert first.delivery.code == 451 and second.delivery.code == 250
    assert ("X-Spam", "Yes") in second.headers


def test_own_actions_end_in_hold_and_nowhere(big):
    big.reset("05-actions")
    big.write("actions.conf", "add_header = 6;\nquarantine = 10;\ndiscard = 20;\ngreylist = null;\n")
    big.write("greylist.conf", "enabled = false;\n")
    dial = Dial(big.system)
    assert "HOLD" in dial.send(11).end and "wirft sie weg" in dial.send(22).end
    assert dial.thresholds == {"add header": 6.0, "quarantine": 10.0, "discard": 20.0, "reject": 15.0}


def test_without_its_threshold_greylisting_still_puts_off_what_is_more_than_no_action(big):
    """The module asks for the threshold, and without one for any action but "no action" and "reject"."""
    big.reset("05-actions")
    big.write("actions.conf", "reject = 15;\nadd_header = 6;\ngreylist = null;\n")
    dial = Dial(big.system)
    assert [dial.send(points).delivery.code for points in (5, 8)] == [250, 451]


def test_outside_the_chapter_the_dial_says_so(big):
    with pytest.raises(LabError, match="05-actions"):
        Dial(big.system).send(5)
    assert "05-actions" in DialView(big.system).notice.value


def test_the_widget_shows_what_each_position_does(big):
    big.reset("05-actions")
    view = DialView(big.system)
    assert "NO ACTION" in view.picture.value and "liegt im Postfach" in view.details.value
    view.slider.value = 5
    assert "451" in view.details.value and not view.again_button.disabled
    view.again_button.click()
    assert "liegt im Postfach" in view.details.value and view.again_button.disabled
    view.slider.value = 16
    assert "554 5.7.1" in view.details.value and "REJECT" in view.picture.value
