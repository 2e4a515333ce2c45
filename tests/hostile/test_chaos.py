"""A stream of mail while nodes are killed, stopped and restarted at random: what got a 250 is somewhere."""

import random

import pytest

pytestmark = pytest.mark.timeout(600)

NODES = ("mx1", "mx2", "hub1", "imap1", "rspamd1", "rspamd2", "redis1", "av1", "dns")
VERBS = ("kill", "kill", "restart", "restart", "stop", "freeze")
RATE = 50


def test_every_accepted_mail_is_delivered_or_waits(big, pytestconfig):
    seconds = pytestconfig.getoption("--chaos")
    stream = big.stream(RATE * seconds, plan(seconds), rate=RATE)
    print(stream)
    assert len(stream.events) > seconds / 2 and stream.count("at once") > RATE * seconds / 10
    assert {name: stream.count(name) for name in ("lost", "corrupt")} == {"lost": 0, "corrupt": 0}, stream


def plan(seconds):
    """Events at random times; what was stopped or frozen comes back a second later, the last ones before the end."""
    chance, events = random.Random(13), {}
    for at in range(1, seconds - 3):
        verb, node = chance.choice(VERBS), chance.choice(NODES)
        events[at + chance.random() / 2] = f"{verb} {node}"
        back = {"stop": "restart", "freeze": "resume"}.get(verb)
        if back:
            events[at + 1.6 + chance.random() / 4] = f"{back} {node}"
    return events
