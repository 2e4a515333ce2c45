"""pytest runs expectations of a policy: one test for each case of expect.toml and \\*.expect.toml.

The configuration is the file's folder, or the one that ``--labs-config`` names. All files of the same configuration
share one lab, which ends with the session. Nothing of the workbook is loaded before there is such a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labs.policy.names import is_expectation

if TYPE_CHECKING:
    from labs.check import OwnLab
    from labs.policy.cases import Case, Setting
    from labs.policy.report import Checked


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("labs", "Rspamd policy tests (expect.toml)")
    group.addoption(
        "--labs-config", metavar="DIR", help="configuration that expect.toml is about (default: its folder)"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return ExpectationFile.from_parent(parent, path=file_path) if is_expectation(file_path.name) else None


class NotAsExpected(Exception):
    """A case that does not hold, or a configuration that cannot be checked; its text is the whole report."""


class ExpectationFile(pytest.File):
    """One file of expectations."""

    @property
    def configuration(self) -> Path:
        """The folder that the expectations are about."""
        named = self.config.getoption("--labs-config")
        return (self.config.invocation_params.dir / named if named else self.path.parent).resolve()

    def collect(self) -> Iterator[pytest.Item]:
        from labs.policy.expectation import SchemaError, read
        from labs.visible import one_line

        try:
            cases = read(self.path)
        except SchemaError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield ExpectationItem.from_parent(self, name=one_line(case.title), case=case)


class ExpectationItem(pytest.Item):
    """One [[mail]] or [[setting]]."""

    def __init__(self, *, case: Case | Setting, **words) -> None:
        super().__init__(**words)
        self.case = case

    def runtest(self) -> None:
        from labs.errors import LabError
        from labs.policy.report import check_one

        try:
            system = self._own_lab().lab.system
        except LabError as error:
            raise NotAsExpected(str(error)) from None
        checked: Checked = check_one(system, self.case, clean=True)
        if not checked.passed:
            raise NotAsExpected(str(checked))

    def _own_lab(self) -> OwnLab:
        return self.config.stash[_LABS].of(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style=None):
        return str(excinfo.value) if isinstance(excinfo.value, NotAsExpected) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


class Labs:
    """The labs of a session: one for each configuration, started when its first case runs."""

    def __init__(self, session: pytest.Session) -> None:
        self.session, self.stack = session, ExitStack()
        self.running: dict[Path, OwnLab | Exception] = {}

    def of(self, item: ExpectationItem) -> OwnLab:
        """The lab with the item's configuration. Raises LabError, for each item the same one."""
        from labs.check import own_lab
        from labs.errors import LabError

        folder = item.parent.configuration
        if folder not in self.running:
            others = (one for one in self.session.items if isinstance(one, ExpectationItem))
            cases = [one.case for one in others if one.parent.configuration == folder]
            try:
                self.running[folder] = self.stack.enter_context(own_lab(folder, cases, lambda part, text: None))
            except LabError as error:
                self.running[folder] = error
        found = self.running[folder]
        if isinstance(found, Exception):
            raise found
        return found


_LABS = pytest.StashKey[Labs]()


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_LABS] = Labs(session)


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[_LABS].stack.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What differs between the configuration and what was checked."""
    for found in config.stash[_LABS].running.values():
        for note in getattr(found, "notes", ()):
            terminalreporter.write_line(note)
