"""Chapter 10 in a real browser: the explorer answers while one types, and an exercise goes from start to solved."""

from labs.exercises.engine import find
from tests.browser.fixtures import cells


def test_the_explorer_answers_and_an_exercise_is_solved(page, run):
    run(*cells("10-settings-profile", "start", "erkunder", "uebung-3"))
    explorer = page.locator(".lab-profile-explorer").first
    explorer.get_by_text("Es gilt das Profil incoming_default.").wait_for()
    explorer.get_by_label("MTA-Name", exact=True).fill("internal")
    explorer.get_by_text("Es gilt das Profil internal. Rspamd ist nicht gefragt.").wait_for()
    explorer.get_by_role("button", name="Rspamd fragen").click()
    explorer.get_by_text("Rspamd sagt dasselbe: settings_id internal.").wait_for()
    exercise = page.locator(".lab-exercise", has_text="Übung 3: Ein Profil, das nie gilt").last
    exercise.locator("textarea").first.fill(find("profil-reparieren").solution()["local.d/profile.conf"])
    exercise.get_by_role("button", name="Prüfen").click()
    exercise.locator("[role=status] b", has_text="richtig").wait_for(timeout=30_000)
    assert page.problems == [] and page.strangers == []
