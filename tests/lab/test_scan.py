"""Scanning: the same answer every time, and a German sentence for everything that can go wrong."""

import re
import time
from email.message import EmailMessage

import pytest

from labs.errors import LabError
from labs.mails import catalogue
from labs.rspamd.controller import Controller


def essence(verdict):
    return verdict.action, verdict.score, sorted((hit.name, round(hit.score, 2)) for hit in verdict.hits)


@pytest.mark.parametrize("name", list(catalogue()))
def test_twenty_scans_give_the_same_verdict(lab, name):
    content, _ = lab.load(name)
    mail = catalogue()[name].envelope
    verdicts = [
        lab.scan(
            content,
            ip=mail.ip,
            helo=mail.helo,
            hostname=mail.hostname,
            from_=mail.from_,
            rcpt=mail.rcpt,
            mta_name=mail.mta_name,
        )
        for _ in range(20)
    ]
    assert verdicts[0].hits
    assert all(essence(verdict) == essence(verdicts[0]) for verdict in verdicts)


def promises(name):
    """The symbols that the catalogue names for a mail."""
    return set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\bMAILLIST\b", catalogue()[name].shows))


def test_most_sample_mails_promise_symbols():
    assert sum(bool(promises(name)) for name in catalogue()) >= 12


@pytest.mark.parametrize("name", [name for name in catalogue() if promises(name)])
def test_what_the_catalogue_promises_is_there(lab, name):
    promised = promises(name)
    found = {hit.name for hit in lab.scan(name).hits}
    assert promised <= found


def test_every_sample_mail_has_a_promise_or_says_what_to_look_at():
    assert len(catalogue()) >= 14
    assert all(len(mail.shows) > 40 for mail in catalogue().values())


def test_what_is_given_replaces_the_sample_mails_envelope(lab):
    assert lab.scan("sauber").symbol("RBL_SPAMHAUS_XBL") is None
    assert lab.scan("sauber", ip="198.51.100.66").symbol("RBL_SPAMHAUS_XBL")
    assert lab.scan("sauber", mta_name="internal").symbol("INTERNAL")
    assert lab.scan("sauber", settings_id="outgoing_default", mta_name="").symbol("OUTGOING_DEFAULT") is None


def test_an_email_message_a_path_and_bytes_are_the_same_mail(lab, tmp_path):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Grüße", "a@partner.example", "b@firma.example"
    message.set_content("Hallo\n")
    path = tmp_path / "mail.eml"
    path.write_bytes(lab.load(message)[0])
    verdicts = [lab.scan(form) for form in (message, path, str(path), path.read_bytes())]
    assert len({str(essence(verdict)) for verdict in verdicts}) == 1
    assert verdicts[0].subject == "Grüße"


@pytest.mark.parametrize(
    "mail",
    [
        bytes(range(256)) * 40,
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: \x00\x00\r\n\r\n\xff\x00",
    ],
    ids=["garbage", "broken MIME with NUL"],
)
def test_broken_mail_is_judged_not_refused(lab, mail):
    assert lab.scan(mail).action in lab.scan(mail).thresholds | {"no action": 0}
    assert lab.scan("sauber").action == "no action"


@pytest.mark.parametrize(
    ("mail", "part"),
    [
        (b"", "Die Mail ist leer"), (b"x" * 60_000_000, "zu groß"), ("phising", "Meintest du „phishing“"), (42, "keine Mail"),
        ("/gibt/es/nicht.eml", "lässt sich nicht lesen"),
    ],
    ids=["empty", "60 MB", "unknown name", "number", "no file"],
)  # fmt: skip
def test_what_is_no_mail_is_named(lab, mail, part):
    with pytest.raises(LabError) as error:
        lab.scan(mail)
    assert part in str(error.value) and "Nächster Schritt" in str(error.value)


@pytest.mark.parametrize(
    ("envelope", "part"),
    [
        ({"ip": "300.1.2.3"}, "eine IP-Adresse"), ({"helo": 7}, "„helo“ muss ein Text sein"), ({"from_": "a\r\nIP: 1.2.3.4"}, "Zeilenumbrüche"),
        ({"rcpt": 5}, "eine Liste von Adressen"), ({"user": b"x"}, "„user“ muss ein Text sein"),
        ({"helo": " x"}, "ohne Leerzeichen am Rand"), ({"from_": "a\ud800@b.example"}, "Steuerzeichen"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_envelope_values_are_named(lab, envelope, part):
    with pytest.raises(LabError) as error:
        lab.scan("sauber", **envelope)
    assert part in str(error.value)


def test_umlauts_in_the_envelope_are_allowed(lab):
    assert lab.scan("sauber", from_="jürgen@partner.example").hits


def test_a_frozen_worker_ends_in_a_timeout_and_recovers(lab):
    lab.scan("sauber")
    lab.freeze("rspamd1")
    started = time.monotonic()
    with pytest.raises(LabError, match="rspamd1 ist eingefroren"):
        lab.scan("sauber", timeout=1)
    assert time.monotonic() - started < 5
    lab.resume("rspamd1")
    assert lab.scan("sauber").action == "no action"


def test_without_redis_rspamd_still_answers(lab):
    lab.freeze("redis1")
    assert lab.scan("sauber", timeout=12).action == "no action"
    lab.resume("redis1")
    lab.kill("redis1")
    assert lab.scan("sauber").action == "no action"
    assert lab.cluster.wait_ready("redis1")


def test_a_worker_that_is_gone_is_named(lab):
    address = lab.cluster.node("rspamd1")
    lab.kill("rspamd1")
    with pytest.raises(LabError, match=r"keine Verbindung|geschlossen"):
        for _ in range(50):
            lab.worker.scan(b"Subject: x\r\n\r\nx", lab.load("sauber")[1], {})
    assert lab.cluster.wait_ready(address.name)


def test_a_wrong_controller_password_is_named(lab):
    with pytest.raises(LabError, match="lehnt das Passwort ab"):
        Controller(lab.controller.url, "falsch").get("stat")
    with pytest.raises(LabError, match="antwortet nicht"):
        Controller("http://127.0.0.1:9", "egal").get("stat")


def test_the_log_of_one_scan_holds_only_its_own_lines(lab):
    first, second = lab.scan("sauber"), lab.scan("pillen")
    assert first.queue_id in lab.log(first) and second.queue_id not in lab.log(first)
    assert lab.log(second, "rspamd_task_write_log").count("\n") == 0


def test_headers_show_the_result(lab):
    headers = lab.scan("phishing").headers
    assert "DBL_PHISH" in headers["X-Spamd-Result"] and "dmarc=fail" in headers["Authentication-Results"]


def test_only_an_envelope_too_large_for_rspamd_is_refused_and_explained(lab):
    many = [f"p{number:05}@partner.example" for number in range(5000)]
    assert lab.scan("sauber", rcpt=many[:3450]).hits
    with pytest.raises(LabError, match="mit 5000 Empfängern ist zu groß"):
        lab.scan("sauber", rcpt=many)
