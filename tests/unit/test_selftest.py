"""What ``./arbeitsbuch test`` runs for a path, and what it says meanwhile."""

import os
import subprocess
import sys

import pytest

from labs import paths
from labs.selftest import ALONE, EVERYTHING, QUICK, steps

STYLE, MANY, SERIAL = ["Stil", "Format"], "Einheiten, Labor, Browser, Notebooks", "Was allein laufen muss"


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        (EVERYTHING, [MANY, SERIAL]),
        (QUICK, [MANY]),
        (("tests/unit/test_verdict.py",), [MANY]),
        (("tests/lab",), [MANY, SERIAL]),
        (("tests/lab/test_robust.py::test_stop_ends_frozen_nodes",), [MANY, SERIAL]),
        (("tests/lab/test_outage.py",), [SERIAL]),
        ((str(paths.REPOSITORY / "tests/hostile"),), [MANY, SERIAL]),
    ],
)
def test_a_path_gets_the_steps_that_it_needs(chosen, wanted):
    found = steps(chosen, ["-k", "x"], ("", ""))
    assert [step.title for step in found] == STYLE + wanted
    assert all({*chosen, "-k"} <= set(step.words) for step in found[2:])


def test_a_single_file_needs_neither_processes_nor_notebooks():
    words = steps(("tests/unit/test_verdict.py",), [], ("", ""))[2].words
    assert "no:nbval" in words and not any("numprocesses" in word for word in words)
    assert "--nbval-lax" in steps(("notebooks/05-actions.ipynb",), [], ("", ""))[2].words


def test_what_runs_alone_is_there():
    for name in ALONE:
        file, _, test = name.partition("::")
        assert test in (paths.REPOSITORY / file).read_text()


def test_a_line_says_what_runs_and_each_failure_at_once(tmp_path):
    (tmp_path / "test_x.py").write_text("def test_good(): pass\ndef test_bad(): assert False\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:nbval",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.progress",
        tmp_path,
    ]
    result = subprocess.run(
        command, env=os.environ | {"LABS_STEP": "Schritt 3 von 4"}, cwd=paths.REPOSITORY, capture_output=True, text=True
    )
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Schritt 3 von 4 · 0 von 2 · läuft: ") and lines[0].endswith("test_x.py")
    assert lines[1].startswith("✗ ") and lines[1].endswith("test_x.py::test_bad")
    assert result.returncode == 1 and "1 failed, 1 passed" in lines[-1]
