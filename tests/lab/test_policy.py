"""The policy that the workbook ships does what its expect.toml says: one test for each case."""

import pytest

from labs.check import WORKBOOK
from labs.policy.expectation import read
from labs.policy.report import check_one

FILE = WORKBOOK / "expect.toml"
CASES = read(FILE) if FILE.exists() else []


@pytest.fixture(scope="module")
def shipped(running_cluster):
    """The cluster as shipped; the cases change nothing but Redis, which each finds empty."""
    running_cluster.reset()
    yield running_cluster
    running_cluster.reset()
    running_cluster.forget()


def test_there_are_expectations():
    assert len(CASES) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_policy_holds(shipped, case):
    checked = check_one(shipped.system, case, clean=True)
    assert checked.passed, str(checked)
