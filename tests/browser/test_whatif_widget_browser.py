"""The what-if widget in a real browser: a changed weight changes the picture, a question gets its answer."""

CELLS = (
    "from labs import Lab\nfrom labs.widgets.whatif import WhatIf\nlab = Lab.start()",
    'WhatIf(lab.rspamd, lab.scan("phishing"))',
)


def test_change_a_weight_and_ask_why_not(page, run):
    run(*CELLS)
    widget = page.locator(".lab-whatif").first
    widget.get_by_role("button", name="Zurücksetzen").wait_for()
    weight = widget.locator(".widget-text", has_text="DBL_PHISH").locator("input")
    weight.fill("0")
    weight.press("Enter")
    widget.get_by_text("So wird es dauerhaft").wait_for(timeout=20_000)
    widget.get_by_text("weight = 0;").wait_for()

    question = widget.get_by_placeholder("Name eines Symbols")
    question.fill("R_SPF_ALLOW")
    question.press("Enter")
    widget.get_by_role("button", name="Antwort").click()
    widget.get_by_text("R_SPF_ALLOW vergibt die Regel SPF_CHECK.").wait_for(timeout=20_000)

    widget.get_by_role("button", name="Zurücksetzen").click()
    widget.get_by_text("So wird es dauerhaft").wait_for(state="detached", timeout=20_000)
    assert page.problems == [] and page.strangers == []
