"""The sender widget, without a browser: what a click does to what is shown."""

import json
from datetime import UTC, datetime

import pytest

from labs.mails import catalogue
from labs.widgets.sender import TABS, Sender


@pytest.fixture
def sender(lab):
    return Sender(lab.rspamd)


def test_it_begins_with_a_mail_and_no_result(sender):
    assert sender.template.value == "sauber" and "Lena Hartwig" in sender.text.value
    assert sender.fields["ip"].value == "192.0.2.10"
    assert sender.picture.value == "" and sender.tab.layout.display == "none"


def test_send_shows_action_and_picture(sender):
    sender.send_button.click()
    assert "no action" in sender.headline.value and "<svg" in sender.picture.value
    assert sender.view.children == (sender.picture,) and not sender.send_button.disabled


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_sample_mail_can_be_sent(sender, name):
    sender.template.value = name
    sender.send_button.click()
    assert "<svg" in sender.picture.value, sender.notice.value
    assert sender.headline.value.count("<strong") == 2


def test_the_untouched_mail_is_sent_as_it_is(sender):
    assert sender.model.content == sender.model.original
    sender.send_button.click()
    assert sender.model.results[-1].verdict.symbol("R_DKIM_ALLOW")


def test_an_edited_mail_is_sent_edited(sender):
    sender.text.value = sender.text.value.replace("Angebot", "Angebott")
    sender.send_button.click()
    assert sender.model.results[-1].verdict.symbol("R_DKIM_REJECT")


def test_results_go_stale_when_an_input_changes(sender):
    sender.send_button.click()
    assert "lab-stale" not in sender.view._dom_classes
    sender.fields["ip"].value = "198.51.100.66"
    assert "lab-stale" in sender.view._dom_classes and "veraltet" in sender.notice.value
    sender.send_button.click()
    assert "lab-stale" not in sender.view._dom_classes
    assert sender.model.results[-1].verdict.symbol("RBL_SPAMHAUS_XBL")


def test_reset_brings_back_the_sample_mail(sender):
    sender.text.value, sender.fields["helo"].value = "kaputt", "x"
    sender.reset_button.click()
    assert "Lena Hartwig" in sender.text.value and sender.fields["helo"].value == "mail.partner.example"


@pytest.mark.parametrize(
    ("tab", "part"),
    [("Kopfzeilen", "X-Spamd-Result"), ("Rohdaten", "&quot;required_score&quot;"), ("Log", "rspamd_task_write_log")],
)
def test_the_tabs_show_the_other_sides(sender, tab, part):
    sender.send_button.click()
    sender.tab.value = tab
    assert part in sender.view.children[0].value


def test_the_symbol_table_is_sortable_and_explains(sender):
    sender.send_button.click()
    sender.tab.value = "Symbole"
    assert "DMARC ist bestanden" in str(sender.view.children[0].get_state())
    assert TABS[0] == "Ergebnis"


def test_any_two_results_can_be_compared(sender):
    for name in ("sauber", "pillen", "phishing"):
        sender.template.value = name
        sender.send_button.click()
    assert sender.history.layout.display == "" and [option[1] for option in sender.before.options] == [1, 2, 3]
    assert (sender.before.value, sender.after.value) == (2, 3)
    assert "DBL_PHISH" in sender.difference.value
    sender.before.value = 1
    assert "DMARC_POLICY_ALLOW" in sender.difference.value


def test_only_the_last_results_stay(sender):
    for _ in range(10):
        sender.send_button.click()
    assert [result.number for result in sender.model.results] == list(range(3, 11))


def upload(sender, content):
    file = {
        "name": "x.eml",
        "type": "",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": datetime.now(UTC),
    }
    sender.upload.value = (file,)


def test_an_uploaded_mail_becomes_the_mail_in_hand(sender):
    upload(sender, b"Subject: Eigene\r\n\r\nHallo\r\n")
    assert sender.template.value == "" and sender.text.value.startswith("Subject: Eigene")
    sender.send_button.click()
    assert sender.model.results[-1].title == "Eigene Mail"


def test_reset_brings_back_the_own_mail_and_the_same_file_can_come_twice(sender):
    sender.template.value = "phishing"
    for _ in range(2):
        upload(sender, b"Subject: Eigene\r\n\r\nHallo\r\n")
        assert sender.text.value.startswith("Subject: Eigene") and sender.fields["ip"].value == ""
        sender.template.value = "sauber"
    sender.template.value = ""
    sender.text.value = "kaputt"
    sender.reset_button.click()
    assert sender.text.value.startswith("Subject: Eigene")


def test_a_latin_1_mail_survives_editing(sender):
    upload(sender, "Subject: x\r\n\r\nSchöne Grüße\r\n".encode("latin-1"))
    assert "Schöne" in sender.text.value
    sender.text.value = sender.text.value.replace("Grüße", "Grüsse")
    assert sender.model.content == "Subject: x\r\n\r\nSchöne Grüsse\r\n".encode("latin-1")


def test_the_widget_follows_a_restarted_lab(lab):
    sender = Sender(lab.rspamd)
    sender.send_button.click()
    lab.stop()
    sender.send_button.click()
    assert "Das Labor läuft nicht" in sender.notice.value
    lab.cluster.start(lambda part, text: None)
    sender.reset_button.click()
    sender.send_button.click()
    assert sender.model.results[-1].verdict.symbol("R_DKIM_ALLOW"), sender.notice.value


def test_mistakes_are_shown_in_german(sender):
    sender.fields["ip"].value = "keine Adresse"
    sender.send_button.click()
    assert "eine IP-Adresse wie 192.0.2.10" in sender.notice.value and 'role="alert"' in sender.notice.value
    sender.template.value = ""
    sender.send_button.click()
    assert "Es ist keine Mail da" in sender.notice.value


def markup(widget):
    """All that a widget and those in it give the browser as HTML."""
    state = widget.get_state()
    if "_dt_args" in state:
        yield json.dumps(state["_dt_args"])
    elif state["_model_name"] == "HTMLModel":
        yield widget.value
    for child in getattr(widget, "children", ()):
        yield from markup(child)


def test_hostile_mail_is_escaped_everywhere(sender):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    sender.text.value = f'From: "{evil}" <a@partner.example>\nSubject: {evil} $x^2$\nX-{evil}: 1\n\n<html><a href="http://{evil}.test">{evil}</a></html>\n'
    sender.fields["from_"].value = f"{evil}@partner.example"
    sender.send_button.click()
    for tab in TABS:
        sender.tab.value = tab
        for shown in markup(sender.view):
            assert "<script>alert" not in shown and "<img src=x" not in shown, tab
    assert "<script>alert" not in sender.headline.value + sender.notice.value + sender.difference.value
    assert any("<script>" in text for text, _ in sender.before.options) is False


def test_a_result_can_be_tried_with_other_weights(lab):
    sender = Sender(lab.rspamd, "pillen")
    sender.send_button.click()
    sender.tab.value = "Was wäre, wenn?"
    (what_if,) = sender.view.children
    assert what_if.model.before.action == "reject" and "DBL_SPAM" in what_if.weights
