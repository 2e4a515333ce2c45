"""What a reader sees and clicks, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.fixtures import cells


@pytest.fixture
def sender(page, run):
    """The sender widget of chapter 00."""
    run(*cells("00-willkommen", "start", "sender"))
    widget = page.locator(".lab-sender").first
    widget.get_by_role("button", name="Senden").wait_for()
    return widget


def send(widget, number):
    widget.get_by_role("button", name="Senden").click()
    widget.get_by_text(f"Ergebnis #{number} um").wait_for(timeout=10_000)


def picture(widget):
    return widget.locator("svg[role=img]").first


def choose(widget, title):
    widget.locator("select", has=widget.page.locator("option", has_text="Eigene Mail")).select_option(label=title)


def test_a_click_on_senden_draws_the_picture(sender, page):
    assert picture(sender).count() == 0
    send(sender, 1)
    first = picture(sender).get_attribute("aria-label")
    assert "no action" in first.lower()
    choose(sender, "Betrug: Phishing im Namen der Bank")
    sender.get_by_text("Ergebnis veraltet").wait_for()
    assert sender.locator(".lab-stale").count() >= 1
    send(sender, 2)
    assert picture(sender).get_attribute("aria-label") != first
    assert sender.locator(".lab-stale").count() == 0
    assert "REJECT" in picture(sender).text_content()
    assert page.problems == [] and page.strangers == []


def test_the_widget_can_be_used_with_the_keyboard_alone(sender, page):
    sender.get_by_role("button", name="Senden").focus()
    page.keyboard.press("Enter")
    sender.get_by_text("Ergebnis #1 um").wait_for()
    sender.get_by_role("button", name="Symbole").focus()
    page.keyboard.press("Enter")
    sender.get_by_text("DMARC ist bestanden").first.wait_for()
    for label in ("Vorlage", "Rolle", "Absender", "IP-Adresse", "HELO"):
        assert sender.get_by_label(label, exact=True).count() == 1, label
    assert sender.get_by_role("status").count() >= 1


def test_the_symbol_table_sorts(sender, page):
    send(sender, 1)
    sender.get_by_role("button", name="Symbole").click()
    rows = sender.locator("table.dataTable tbody tr td:first-child")
    rows.first.wait_for()
    before = rows.all_text_contents()
    sender.locator("table.dataTable thead th", has_text="Symbol").first.click()
    page.wait_for_timeout(300)
    after = rows.all_text_contents()
    assert after == sorted(before, key=str.lower) and after != before


def test_hostile_mail_runs_no_script(sender, page):
    choose(sender, "Eigene Mail (hochladen oder einfügen)")
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    sender.locator("textarea").first.fill(
        f"From: {evil} <a@partner.example>\nSubject: {evil}\n\n{evil} http://x.test/{evil}\n"
    )
    send(sender, 1)
    for tab in ("Symbole", "Was wäre, wenn?", "Kopfzeilen", "Rohdaten", "Log", "Ergebnis"):
        sender.get_by_role("button", name=tab).click()
        page.wait_for_timeout(200)
    send(sender, 2)
    assert page.dialogs == [] and page.strangers == []


def test_an_exercise_is_checked_by_a_click(page, run):
    run(*cells("00-willkommen", "start", "uebung-2"))
    exercise = page.locator(".jp-OutputArea", has_text="Übung 2: Die Schwelle verschieben").last
    exercise.get_by_role("button", name="Prüfen").click()
    exercise.get_by_text("nicht bearbeitet").wait_for()
    exercise.get_by_role("button", name="Tipp").click()
    exercise.get_by_text("Wie viele Punkte hat").wait_for()
    exercise.get_by_role("button", name="Lösung").click()
    exercise.get_by_text("reject = 6.5;").first.wait_for()
    editor = exercise.locator("textarea")
    editor.fill(editor.input_value().replace("reject = 15", "reject = 6.5"))
    exercise.get_by_role("button", name="Prüfen").click()
    exercise.get_by_text("richtig", exact=True).wait_for()
    exercise.get_by_role("button", name="Zurücksetzen").click()
    exercise.get_by_text("richtig", exact=True).wait_for(state="detached")


def test_a_question_takes_one_answer_and_explains_it(page, run):
    run(*cells("05-actions", "start", "greylist-frage"))
    question = page.locator(".jp-OutputArea", has_text="Vorhersage: Der zweite Versuch").last
    boxes = question.locator("input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    expect(boxes.nth(0)).not_to_be_checked()
    question.get_by_role("button", name="Prüfen").click()
    question.get_by_text("richtig", exact=True).wait_for()
    question.get_by_text("Dann entscheidet die Summe").wait_for()
