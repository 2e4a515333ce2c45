"""Rspamd's log at its usual level: which lines belong to one scan, and what its summary says.

Source: Rspamd's logging.inc (log_format); src/libstat/learn, lua_bayes_learn.lua (autolearn).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from labs.cluster.topology import Service
from labs.logs import last_lines
from labs.visible import Text

SUMMARY = "rspamd_task_write_log"
"""The function that writes the summary names itself in it."""

_TAG = re.compile(r"<(\w{6})>;")
_POINTS = re.compile(r"(?:^|,)([\w.-]+)\((-?\d+\.\d+)\)\{")
_LEARNED = re.compile(r"\bautolearn (spam|ham) for classifier\b")
_NOT_LEARNED = re.compile(r"\b(skip learning|learn error|cannot learn)\b")


def log_of(service: Service) -> Path:
    """Where a worker or proxy logs."""
    return service.folder / "log/rspamd.log"


def lines_of(path: Path, queue_id: str, containing: str = "") -> Text:
    """The lines of the scan that carries ``queue_id`` (and contain a word), without date and process number.

    Rspamd marks each line of a scan with the same short tag: ``<a1b2c3>``.
    """
    recent = last_lines(path)
    tags = {match[1] for line in recent if f"<{queue_id}>" in line and (match := _TAG.search(line))}
    own = (_short(line) for line in recent if (match := _TAG.search(line)) and match[1] in tags)
    return Text("\n".join(line for line in own if containing in line))


def _short(line: str) -> str:
    return re.sub(r"^(?:\S+ ){2}#\d+", "", line, count=1)


@dataclass(frozen=True)
class Summary:
    """The line that Rspamd writes when it is done with a mail. What it does not say is "", 0 or empty."""

    line: str

    @property
    def written(self) -> datetime:
        """When, to the second, in local time. Raises ValueError for a line without its date (see ``lines_of``)."""
        return datetime.fromisoformat(self.line[:19])

    @property
    def message_id(self) -> str:
        return self._first(r" id: <([^>]+)>")

    @property
    def queue_id(self) -> str:
        """Of the Postfix that asked, or of ``lab.scan``."""
        return self._first(r" qid: <(\w+)>")

    @property
    def action(self) -> str:
        return self._first(r"\(default: \w \(([\w ]+)\): ")

    @property
    def score(self) -> float:
        return float(self._first(r"\): \[(-?[\d.]+)/") or 0)

    @cached_property
    def symbols(self) -> dict[str, float]:
        """Name -> points, out of "NAME(1.50){options},…"."""
        return {name: float(points) for name, points in _POINTS.findall(self.line.partition("] [")[2])}

    @property
    def seconds(self) -> float:
        """What the scan took."""
        return float(self._first(r", time: ([\d.]+)ms") or 0) / 1000

    @property
    def questions(self) -> int:
        """Asked of the DNS."""
        return int(self._first(r", dns req: (\d+)") or 0)

    @property
    def forced_by(self) -> str:
        """The module that set the action whatever the points."""
        return self._first(r", forced: .*\(set by (\w+)\)")

    @property
    def settings_id(self) -> str:
        """Of the settings profile that held."""
        return self._first(r", settings_id: (\S+)$")

    def _first(self, pattern: str) -> str:
        match = re.search(pattern, self.line)
        return match[1] if match else ""


def summaries(lines: Iterable[str]) -> Iterator[Summary]:
    """The summaries among the lines of a log."""
    return (Summary(line) for line in lines if f"; {SUMMARY}: " in line)


def learned(lines: str) -> str:
    """What Bayes learned of its own accord from one scan, by the lines of it: "spam", "ham" or ""."""
    match = _LEARNED.search(lines)
    return match[1] if match and not _NOT_LEARNED.search(lines) else ""
