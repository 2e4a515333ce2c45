"""One line of the bench and how its numbers are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement. ``ratio`` is ``value / reference`` and must not exceed the number in ``goal``."""

    name: str
    value: float
    reference: float
    ratio: float
    goal: str
    met: bool


def row(name: str, value: float, reference: float, limit: float) -> Row:
    ratio = value / reference
    return Row(name, value, reference, ratio, f"≤ {limit:g}", ratio <= limit)


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def median(action: Callable[[], object], times: int = 60) -> float:
    """The median of ``times`` runs in seconds, after one that does not count."""
    action()
    return statistics.median(seconds(action) for _ in range(times))


def silent(part: float, text: str) -> None:
    """A progress callback for starts that are measured."""
