"""One line says how far a step of ``./arbeitsbuch test`` is and what runs just now. Loaded by labs/selftest.py.

In a terminal it takes the place of pytest's dots and changes with each test; elsewhere a line comes every minute.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator

import pytest

SECONDS = 60
"""Between two lines where there is no terminal."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):  # not in the processes of pytest-xdist
        reporter.showfspath = False
        config.pluginmanager.register(Line(reporter, os.environ["LABS_STEP"]))


class Line:
    """The line, and each failure as soon as it is known. ``running``: test -> its file; ``due``: when to write again."""

    def __init__(self, reporter: pytest.TerminalReporter, step: str) -> None:
        self.reporter, self.step = reporter, step
        self.total, self.done, self.running, self.due = 0, 0, dict[str, str](), 0.0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.running[nodeid] = nodeid.partition("::")[0]
        numbers = f"{self.done} von {self.total:,}".replace(",", ".")
        text = f"{self.step} · {numbers} · läuft: {', '.join(dict.fromkeys(self.running.values()))}"
        if self.reporter.isatty:
            self.reporter.rewrite(text[: shutil.get_terminal_size().columns - 1], erase=True)
        elif time.monotonic() > self.due:
            self.due = time.monotonic() + SECONDS
            self.reporter.write_line(text)
        self.reporter.flush()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.done += 1
        self.running.pop(nodeid, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.clear()
            self.reporter.write_line(f"✗ {report.nodeid}")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator:
        category, _, _ = yield
        return category, "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self.clear()

    def clear(self) -> None:
        if self.reporter.isatty:
            self.reporter.rewrite("", erase=True)
            self.reporter.write("\r")
