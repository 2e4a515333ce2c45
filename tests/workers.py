"""Several test processes at once, each with labs of its own (pytest-xdist); what belongs together stays together.

Tests of one file run in one process, in their order, as they share servers; files whose tests take long are split. What
has to run alone (labs/selftest.py) is marked ``serial``.
"""

from __future__ import annotations

import os
from zlib import crc32

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from labs.selftest import ALONE

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
SPLIT = {
    "tests/lab/test_exercises.py": 6, "tests/lab/test_policy_rules.py": 3,
    "tests/lab/test_check.py": 2, "tests/lab/test_nodes.py": 3, "tests/lab/test_composites.py": 2,
    "tests/lab/test_force_actions.py": 2,
}  # fmt: skip
"""File -> into how many parts its tests are dealt."""

if WORKER:
    os.environ["LABS_NAME"] = f"{os.environ.get('LABS_NAME', 'test')}-{WORKER}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "serial: runs alone, after all others")


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.nodeid.startswith(ALONE):
        item.add_marker(pytest.mark.serial)


class ByFile(LoadScopeScheduling):
    """Deals files, or parts of them, to the processes."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return f"{file} {crc32(nodeid.encode()) % SPLIT.get(file, 1)}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)
