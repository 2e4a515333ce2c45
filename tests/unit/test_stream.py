"""How the senders of a stream behave, without servers; tests/lab/test_outage.py does it with them."""

import pytest

from labs.errors import LabError
from labs.plots.streamplot import train_diagram
from labs.plots.svg import svg
from labs.smtp.stream import Sender, run
from tests.fixtures import silent


def stream(answers, arrived=(0,), queued=None, events=None, act=lambda event: None):
    """One mail whose attempts get ``answers``: SMTP codes, or None for no connection."""
    import time

    left, doors = list(answers), []

    def send(number, door):
        doors.append(door)
        code = left.pop(0) if len(left) > 1 else left[0]
        if code is None:
            raise LabError("weg", why="Connection refused")
        return code, "Text"

    sender = Sender(
        send, act, lambda: dict.fromkeys(arrived, time.time()), lambda: {0: "rspamd1"}, lambda: queued or {}
    )
    return run(sender, 1, 10, events or {}, silent, retry=0.02, patience=0.2), doors


@pytest.mark.parametrize(
    ("answers", "arrived", "queued", "outcome", "tried"),
    [
        ([250], [0], {}, "at once", ["mx1"]),
        ([451, 250], [0], {}, "delayed", ["mx1", "mx2"]),
        ([None, None, 250], [0], {}, "delayed", ["mx1", "mx2", "mx1"]),
        ([554], [], {}, "refused", ["mx1"]),
        ([250], [], {}, "lost", ["mx1"]),
        ([250], [], {0: "waiting"}, "waiting", ["mx1"]),
        ([250], [], {0: "corrupt"}, "corrupt", ["mx1"]),
    ],
)
def test_what_became_of_a_mail(answers, arrived, queued, outcome, tried):
    found, doors = stream(answers, arrived, queued)
    assert [mail.outcome for mail in found.mails] == [outcome] and doors == tried
    assert found.count(outcome) == 1


def test_a_sender_gives_up_after_its_patience():
    found, doors = stream([451], [])
    assert found.mails[0].outcome == "given up" and len(doors) > 3
    assert found.replies.to_numpy().tolist() == [["451 Text", len(doors)]]


def test_events_happen_even_after_the_last_mail_and_their_errors_show():
    happened = []
    found, _ = stream([250], events={0.0: "kill a", 0.1: "resume a"}, act=happened.append)
    assert happened == ["kill a", "resume a"] and [event for _, event in found.events] == happened

    def fail(event):
        raise LabError("kein Knoten")

    with pytest.raises(LabError, match="kein Knoten"):
        stream([250], events={0.0: "kill b"}, act=fail)


def test_the_picture_shows_events_outcomes_and_workers():
    found, _ = stream([451, 250], events={0.0: "kill <b>"})
    text = svg(train_diagram(found), str(found))
    assert "1 nach neuem Versuch angenommen" in text and "rspamd1: 1" in text
    assert "kill &lt;b&gt;" in text and "<b>" not in text
