"""What arrives in a mailbox, and the alert that the policy really sends."""

import time

import pytest

from labs.errors import LabError

LIMIT = 20


def arrivals(lab, since, patience=5):
    """Alerts that came after ``since`` were there already; waits for at least one more."""
    deadline = time.monotonic() + patience
    while len(lab.mailbox("postmaster", 200)) <= since and time.monotonic() < deadline:
        time.sleep(0.05)
    return lab.mailbox("postmaster", 200).iloc[: len(lab.mailbox("postmaster", 200)) - since]


def test_above_the_first_limit_the_administration_is_told_and_the_mail_goes_out(big):
    big.forget()
    before = len(big.mailbox("postmaster", 200))
    for _ in range(LIMIT):
        assert big.send("antwort", "submission").accepted
    assert len(big.mailbox("postmaster", 200)) == before
    assert big.send("antwort", "submission").trace().hops[-1].node == "internet1"
    alert = arrivals(big, before).iloc[0]
    assert alert["Betreff"] == "Ungewoehnlich viel Post von erika.muster@firma.example"
    assert "Bitte sieh nach" in alert["Text"] and "Queue-ID: " in alert["Text"]


def test_a_mailbox_shows_the_latest_mail_first(big):
    big.send("hausmitteilung", "internal").trace()
    newest = big.mailbox("max.beispiel", 1).iloc[0]
    assert newest["Absender"].endswith("<empfang@firma.example>")
    assert newest["Text"]


def test_of_a_huge_mail_only_the_beginning_is_read(big):
    path = big.cluster.node("imap1").main.folder / "mail/max.beispiel/new/riesig"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"Subject: " + b"riesig " * 150_000 + b"\n\n")
    try:
        subject = big.mailbox("max.beispiel", 1).iloc[0]["Betreff"]
    finally:
        path.unlink()
    assert subject.startswith("riesig") and len(subject) < 70_000


def test_an_unknown_mailbox_and_a_lab_without_mailboxes_are_explained(big, lab):
    with pytest.raises(LabError, match="postmaster"):
        big.mailbox("niemand")
    with pytest.raises(LabError, match="Postfix"):
        lab.mailbox("postmaster")
