"""The overview and the tracer in a real browser: the picture changes while a cell runs, a click freezes a node."""

CELLS = (
    'from labs import Lab\nlab = Lab.start(profile="cluster")',
    "lab.overview()",
    "lab.tracer()",
    'lab.send("pillen").trace()',
    'import time\nlab.freeze("rspamd1")\ntime.sleep(4)\nlab.resume()',
)


def test_overview_tracer_and_trace(page, run):
    run(*CELLS)
    overview = page.locator(".lab-overview").first
    overview.get_by_text("eingefroren: rspamd1").wait_for()
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
    assert any("*" in prompt for prompt in prompts), "the last cell still runs"
    overview.get_by_text("Alle 11 Knoten mit Diensten laufen").wait_for(timeout=20_000)

    row = overview.locator(".lab-node", has_text="rspamd2")
    row.get_by_role("button", name="Einfrieren").click()
    overview.get_by_text("rspamd2 ist eingefroren").wait_for(timeout=20_000)
    overview.locator("svg").get_by_text("eingefroren: rspamd2").wait_for(timeout=20_000)
    row.get_by_role("button", name="Weiter").click()
    overview.get_by_text("rspamd2 läuft weiter").wait_for(timeout=20_000)

    tracer = page.locator(".lab-tracer").first
    tracer.get_by_role("button", name="Senden").click()
    tracer.get_by_text("Fertig.").wait_for()
    assert "client → mx1 → hub1 → imap1" in tracer.locator("svg").text_content()
    page.get_by_text("Weg der Mail: client → mx1", exact=True).first.wait_for()
    assert page.problems == [] and page.strangers == []
