"""A chapter is a notebook and a folder of the same name: with both there, everything else knows it."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from labs import paths

NAME = "99-probe"
FILES = {
    "chapter.toml": """
title = "Probe: ein Kapitel zum Wegwerfen"
summary = "Probe: nur für diesen Test"
promise = "Danach weißt du, dass ein Kapitel ein Ordner ist."
minutes = 5
needs = ["04-symbole"]
nodes = ["core"]
builds_on = "06-composites"
""",
    "config/rspamd-worker/local.d/groups.conf": 'symbols { "HAUS_OHNE_AUSWEIS" { weight = 2.5; } }\n',
    "exercises/1-probeschwelle/task.md": "### Übung 1: Probe\n\nLehne ab 3 Punkten ab.\n",
    "exercises/1-probeschwelle/expect.toml": """
[[mail]]
title = "Pillen werden abgelehnt"
mail = "ohne-kopfzeilen"
expect = { action = "reject" }
""",
    "exercises/1-probeschwelle/hints.toml": '[[hint]]\ntext = "Die Schwelle heißt reject."\n',
    "exercises/1-probeschwelle/solution/actions.conf": "reject = 3;\nadd_header = 2;\ngreylist = 1;\n",
    "exercises/1-probeschwelle/wrong/hoch/actions.conf": "reject = 30;\n",
    "exercises/1-probeschwelle/wrong/hoch/hint.txt": "Die Schwelle heißt reject.",
    "exercises/1-probeschwelle/wrong/aus/actions.conf": "reject = null;\n",
    "exercises/1-probeschwelle/wrong/aus/hint.txt": "Die Schwelle heißt reject.",
    "claims.py": 'CLAIMS = {"gewicht": r"HAUS_OHNE_AUSWEIS +2\\.5"}\n',
    "test_chapter_99.py": f"""
def test_the_remark(lab):
    lab.reset("{NAME}")
    assert lab.controller.weights()["HAUS_OHNE_AUSWEIS"] == 2.5
    lab.reset("06-composites")
    assert lab.controller.weights()["HAUS_OHNE_AUSWEIS"] == 0
""",
}
CELLS = {
    "titel": "# Titel\n\n| | |\n|---|---|\n| Dauer | |\n| Voraussetzungen | |\n| Danach kannst du | alles |\n\nVorhersage: ja",
    "start": f'from labs import Lab\n\nlab = Lab.start(chapter="{NAME}")',
    "gewicht": "symbole = lab.symbols()\nsymbole[symbole.symbol == 'HAUS_OHNE_AUSWEIS'][['symbol', 'weight']]",
    "bild": 'lab.scan("ohne-kopfzeilen")',
    "uebung": 'lab.exercise("probeschwelle")',
    "noch-einmal": 'lab.exercise("probeschwelle")',
    "ende": "## Im Betrieb\n\nNie.\n\n## Zusammenfassung\n\n**Weiter:** [x](x.ipynb)\n\n**Zum Nachlesen:** nichts",
}


@pytest.fixture
def checkout(tmp_path):
    """A copy of the checkout with one more chapter."""
    for name in ("labs", "notebooks", "tests"):
        shutil.copytree(paths.REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(paths.REPOSITORY / name, tmp_path)
    for name, text in FILES.items():
        path = tmp_path / "labs/chapters" / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    notebook = json.loads((tmp_path / "notebooks/04-symbole.ipynb").read_text())
    notebook["cells"] = [_cell(name, source) for name, source in CELLS.items()]
    (tmp_path / f"notebooks/{NAME}.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def _cell(name, source):
    lines = {"id": name, "metadata": {}, "source": source.splitlines(keepends=True)}
    if name in ("titel", "ende"):
        return {"cell_type": "markdown", **lines}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **lines}


def run(checkout, *words):
    """Run a module of Python in the copy; what it printed."""
    variables = os.environ | {"PYTHONPATH": str(checkout), "LABS_NAME": f"neu-{os.getpid()}"}
    variables = {name: value for name, value in variables.items() if not name.startswith("PYTEST_XDIST")}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=checkout, env=variables, capture_output=True, text=True, timeout=230
    ).stdout


def test_a_chapter_is_a_notebook_and_a_folder(checkout):
    run(checkout, "labs.chapters")
    assert f"| [99](notebooks/{NAME}.ipynb) | Probe: nur für diesen Test |" in (checkout / "README.md").read_text()
    text = (checkout / f"notebooks/{NAME}.ipynb").read_text()
    assert "| Dauer | 5 Minuten |" in text and "[04 Symbole](04-symbole.ipynb)" in text
    before = (checkout / "notebooks/10-settings-profile.ipynb").read_text()
    assert f"**Weiter:** [99 Probe]({NAME}.ipynb)" in before
    said = run(
        checkout, "pytest", "-v", "--nbval-lax", "-p", "no:cacheprovider", f"notebooks/{NAME}.ipynb", "labs/chapters",
        "tests/lab/test_exercises.py", "tests/unit/test_project.py", "-k", f"probeschwelle or {NAME} or Cell or told",
    )  # fmt: skip
    passed = re.findall(r"(\S+) PASSED", said)
    assert "failed" not in said and "error" not in said.lower(), said
    for part in (
        "Cell 1",
        "test_the_remark",
        "test_the_solution_passes",
        "test_a_wrong_answer",
        "in_shape",
        "in JupyterLab",
    ):
        assert any(part in line for line in said.splitlines() if "PASSED" in line), (part, said)
    assert len(passed) >= 8


def test_a_wrong_claim_of_it_fails(checkout):
    (checkout / "labs/chapters" / NAME / "claims.py").write_text('CLAIMS = {"gewicht": "HAUS_OHNE_AUSWEIS +9"}\n')
    run(checkout, "labs.chapters")
    said = run(checkout, "pytest", "--nbval-lax", "-p", "no:cacheprovider", f"notebooks/{NAME}.ipynb", "-k", "Cell")
    assert "1 failed" in said and "expected: HAUS_OHNE_AUSWEIS +9" in said, said
