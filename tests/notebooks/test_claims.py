"""What the chapters' texts say of an output is what the cell really prints.

The notebooks store no outputs, so nbval has nothing to compare with; the expected text stands here, by cell id.
"""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from labs import paths

CLAIMS = {
    "00-willkommen": {
        "gtube-anzahl": r"\(1, 1\d\)",  # "Es ist eines"
        "phishing-symbole": r"DBL_PHISH +7\.5.*\n.*VIOLATED_DIRECT_SPF",  # "Am schwersten wiegt DBL_PHISH"
        "vergleich": r"neu +DBL_PHISH.*neu +DMARC_POLICY_REJECT.*neu +R_SPF_FAIL.*weg +DMARC_POLICY_ALLOW",
        "fehler": r"Zeile 2.*Anführungszeichen.*Nächster Schritt",
        "fehler-danach": r"'no action'",
        "umschlag": r"\(19\.8, 9\.3\)",  # without the envelope fewer points
    },
    "04-symbole": {
        "zahl": r"\([4-9]\d\d, 19\)",  # "einige Hundert", "ein kleiner Teil"
        "gewicht": r"PHISHING +4\.0 +1\.165",  # "Bringt es auch 4 Punkte? Nein"
        "bauen-ergebnis": r"phishing → 3\.0 Punkte\npillen → 1\.5 Punkte\nbank-echt → 0 Punkte",
        "one-shot-ergebnis": r"1\.5",
        "deckel": r"MISSING_SUBJECT +2\.0 +0\.5 +headers",
        "deckel-summe": r"Gewichte: 26\.0 · Punkte: 24\.5 · Mail: 24\.5",  # weights too many, scores add up
        "deckel-log": r"maximum group score 8\.00 for group headers has been reached, reduce weight of symbol MISSING_SUBJECT",
        "composite": r"DMARC_POLICY_ALLOW +-0\.5 +0\.0",
        "phasen-log": r"PHASE connfilter\n.*PHASE prefilter\n.*PHASE normal\n.*PHASE postfilter\n.*PHASE idempotent$",
        "ohne-abhaengigkeit-ergebnis": r"\(\('false',\), True\)",
        "mit-abhaengigkeit-ergebnis": r"\('true',\)",
        "genug-ergebnis": r"\((?:[7-9]|1[0-2]), 21\)",  # "Nur etwa halb so viele"; how many depends on the order
        "negativ": r"\+4,7.*neu +VIOLATED_DIRECT_SPF.*weg +R_SPF_ALLOW",
    },
}


@pytest.fixture(scope="module")
def texts():
    """Each notebook's outputs as text, by cell id."""
    found = {}
    for name in CLAIMS:
        notebook = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
        found[name] = {cell.id: _text(cell) for cell in notebook.cells if cell.cell_type == "code"}
    return found


def _text(cell) -> str:
    parts = []
    for output in cell.outputs:
        parts.append(
            output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", ()))
        )
    return "\n".join(parts)


def test_every_chapter_has_claims():
    assert set(CLAIMS) == {path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")}


@pytest.mark.parametrize(
    ("notebook", "cell"), [(notebook, cell) for notebook, cells in CLAIMS.items() for cell in cells]
)
def test_the_cell_prints_what_the_text_says(texts, notebook, cell):
    assert re.search(CLAIMS[notebook][cell], texts[notebook][cell], re.DOTALL), texts[notebook][cell]


@pytest.mark.parametrize("notebook", list(CLAIMS))
def test_no_cell_shows_a_traceback(texts, notebook):
    assert not [cell for cell, text in texts[notebook].items() if "Traceback" in text]
