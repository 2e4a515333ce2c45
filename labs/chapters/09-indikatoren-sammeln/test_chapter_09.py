"""What chapter 09 says in passing, without a cell that shows it."""

import time

import pytest


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
