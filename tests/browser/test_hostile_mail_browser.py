"""Hostile mail in real JupyterLab, where MathJax typesets HTML: a subject stays text."""

from playwright.sync_api import expect

FORMULA = r"$\href{https://evil.example/}{WEB}$"
CELLS = (
    'from IPython.display import HTML, Math\n\nfrom labs import Lab\n\nlab = Lab.start(profile="cluster")',
    f'SUBJECT = r"{FORMULA}"\n'
    'WAY = {"from_": "erika.muster@firma.example", "rcpt": "max.beispiel@firma.example"}\n'
    'mail = f"From: {SUBJECT} <erika.muster@firma.example>\\nSubject: {SUBJECT}\\n\\n{SUBJECT}\\n".encode()',
    "HTML(SUBJECT)",
    "verdict = lab.scan(mail, **WAY)\nverdict",
    'verdict.compare(lab.scan("sauber"))',
    "lab.decision(verdict)",
    'lab.send(mail, "internal", **WAY).trace()',
    'lab.mailbox("max.beispiel", 1)',
    "sender = lab.sender()\nsender.text.value = mail.decode()\nsender.send_button.click()\nsender",
    'sender.tab.value = "Symbole"',
    "Math(r'x^2')",
)


def test_a_formula_in_a_mail_becomes_neither_a_formula_nor_a_link(page, run):
    run(*CELLS)
    page.locator(".jp-RenderedLatex mjx-container").wait_for()
    expect(page.locator(".lab-table")).to_contain_text(FORMULA)
    page.locator(".lab-sender table.dataTable tbody tr").first.wait_for()
    outputs = page.locator(".jp-OutputArea-output")
    assert outputs.filter(has_text=FORMULA).count() == 4, "HTML, verdict, decision and mailbox show it whole"
    assert page.locator("mjx-container").count() == 1, "only the formula of the notebook itself is one"
    assert outputs.locator("a[href*=evil]").count() == 0
    assert page.problems == [] and page.strangers == []
