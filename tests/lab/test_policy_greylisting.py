"""The shipped policy where Greylisting runs, as it does outside of the lab: what a rule rejects is not put off first."""

import pytest


@pytest.fixture(scope="module")
def greylisting(running_cluster):
    running_cluster.reset()
    running_cluster.configurations.apply({"rspamd-worker": ("", {"override.d/greylist.conf": "# Greylisting runs.\n"})})
    running_cluster.forget()
    yield running_cluster
    running_cluster.reset()
    running_cluster.forget()


@pytest.mark.parametrize("mail", ["exe-im-zip", "makro-gefaelscht", "eigene-domain-von-aussen", "bank-gefaelscht"])
def test_a_violation_is_rejected_at_the_first_attempt(greylisting, mail):
    verdict = greylisting.scan(mail)
    assert verdict.action == "reject"
    assert "Kennung" in verdict.messages["smtp_message"]


def test_mail_to_abuse_does_not_wait(greylisting):
    assert greylisting.scan("exe-im-zip", rcpt="abuse@firma.example").action == "add header"


@pytest.mark.parametrize("mail", ["grossbuchstaben", "zip-verschluesselt"])
def test_other_mail_is_put_off(greylisting, mail):
    assert greylisting.scan(mail).action == "soft reject"
