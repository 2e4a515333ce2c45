"""Several test processes at once, each with labs of its own (pytest-xdist); what belongs together stays together.

Tests of one file run in one process, in their order, as they share servers; files whose tests take long are split. What
counts what is left on the machine, or needs its calm, is marked ``serial`` and runs alone at the end.
"""

from __future__ import annotations

import os

import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
SPLIT = {
    "tests/browser/test_chapters.py": 3, "tests/lab/test_exercises.py": 6, "tests/lab/test_policy_rules.py": 3,
    "tests/lab/test_check.py": 2,
}  # fmt: skip
"""File -> into how many groups its tests are dealt."""

if WORKER:
    os.environ["LABS_NAME"] = f"{os.environ.get('LABS_NAME', 'test')}-{WORKER}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "serial: runs alone, after all others")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its group; the longest files first, so that no process is left with one of them at the end."""
    dealt: dict[str, int] = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        dealt[file] = dealt.get(file, -1) + 1
        group = f"{file} {dealt[file] % SPLIT[file]}" if file in SPLIT else file
        item.add_marker(pytest.mark.xdist_group(group))
