"""No rule of the policy without an example: take any one away, and an expectation fails."""

import re

import pytest

from labs.cluster.render import RECOMMENDED
from labs.policy.cases import Case
from labs.policy.expectation import read

FOLDER = RECOMMENDED / "rspamd-worker"
CASES = [case for case in read(FOLDER / "expect.toml") if isinstance(case, Case)]
BLOCK = r"^{indent}{name} \{{\n(?:{indent} .*\n|\n)*{indent}\}}\n"


def rules(file, indent=""):
    """The names of the blocks in a file."""
    return re.findall(rf"^{indent}([A-Z_]+) \{{$", (FOLDER / "local.d" / file).read_text(), re.MULTILINE)


def without(text, name, indent):
    shorter, count = re.subn(BLOCK.format(name=name, indent=indent), "", text, flags=re.MULTILINE)
    assert count == 1, name
    return shorter


RULES = [
    *(("composites.conf", name, "") for name in rules("composites.conf")),
    *(("multimap.conf", name, "") for name in rules("multimap.conf")),
    *(("force_actions.conf", name, "  ") for name in rules("force_actions.conf", "  ")),
]


@pytest.fixture(scope="module")
def policy(running_cluster):
    """The shared cluster; each test takes its own change and with it the last one's back: one reload a test."""
    running_cluster.reset()
    yield running_cluster
    running_cluster.reset()


@pytest.mark.parametrize(("file", "name", "indent"), RULES, ids=[f"{file}-{name}" for file, name, _ in RULES])
def test_without_a_rule_an_expectation_fails(policy, file, name, indent):
    shipped = policy.configuration.base()[f"local.d/{file}"]
    policy.configurations.apply({"rspamd-worker": ("", {f"local.d/{file}": without(shipped, name, indent)})})
    likely = sorted(CASES, key=lambda case: (name not in str(case.expect), "via" in case.envelope, case.again))
    assert any(fails(policy, case) for case in likely), "no expectation noticed"


def fails(lab, case):
    lab.forget()
    return bool(case.findings(lab.system))


def test_there_are_rules():
    assert len(RULES) >= 25
