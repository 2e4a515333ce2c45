"""Change the configuration of one or several roles as one transaction: check, replace, reload, wait, or roll back.

Only one change of a lab runs at a time, whatever processes want to. What ends it (a server that does not answer, a full
disk, Ctrl+C): then the old configuration lies on all nodes, is remembered and is in force.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from labs.cluster import render
from labs.cluster.cluster import Cluster, disk_errors
from labs.cluster.configuration import MEMORY, NO_CHANGE, Change, Configuration, State, differences
from labs.errors import LabError
from labs.interrupts import uninterrupted

PATIENCE = 60
"""Seconds to wait for a change that another window makes."""


@dataclass
class Step:
    """The change of one role. ``known``: its state before; ``before``, ``after``: node -> its files; ``names``: what differs."""

    configuration: Configuration
    known: State
    wanted: State
    before: Mapping[str, Mapping[str, str]]
    after: Mapping[str, Mapping[str, str]]
    names: tuple[str, ...]
    change: Change = NO_CHANGE
    _staged: dict[Path, Path] = field(default_factory=dict)
    _old: dict[Path, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, configuration: Configuration, wanted: State) -> Step:
        chapter, edits = wanted
        services = configuration.services
        before = {service.node: configuration.read(service) for service in services}
        after = {service.node: configuration.edited(edits, chapter, service) for service in services}
        old, new = before[configuration.first.node], after[configuration.first.node]
        names = tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
        return cls(configuration, configuration.state, wanted, before, after, names)

    @property
    def old(self) -> Mapping[str, str]:
        return self.before[self.configuration.first.node]

    @property
    def new(self) -> Mapping[str, str]:
        return self.after[self.configuration.first.node]

    @property
    def doubtful(self) -> bool:
        """Whether the new files say something that nobody has tried yet."""
        return bool(self.wanted[1]) or not self.configuration.proven

    def check(self) -> list[str]:
        """Raise LabError when the new files are refused; the warnings of the old ones."""
        if not self.doubtful:
            return []
        self.configuration.check(self.new)
        return self.configuration.warnings(self.old)

    def stage(self) -> None:
        """Write the new files beside the old ones."""
        chapter, edits = self.wanted
        memory = {MEMORY: json.dumps({"chapter": chapter, "edits": dict(edits)})}
        for service in self.configuration.services:
            folder = service.folder / "etc"
            self._staged[folder] = render.stage({**self.after[service.node], **memory}, folder)

    def swap(self) -> None:
        """Put the new files in the place of the old ones."""
        for folder, fresh in self._staged.items():
            self._old[folder] = render.swap(fresh, folder)

    def take_back(self) -> None:
        """Put the old files back, wherever they were replaced."""
        for folder, old in self._old.items():
            shutil.rmtree(render.swap(old, folder), ignore_errors=True)

    def tidy(self) -> None:
        for path in (*self._staged.values(), *self._old.values()):
            shutil.rmtree(path, ignore_errors=True)


def apply(wanted: Mapping[Configuration, Callable[[], State]]) -> list[Step]:
    """Bring configurations into the states that the functions give, which are asked when nobody else changes anything.

    Raises LabError: a file is refused, a server does not answer, the disk is full, somebody else takes too long.
    """
    cluster, started = next(iter(wanted)).cluster, time.monotonic()
    with _alone(cluster), disk_errors(cluster.folder), ThreadPoolExecutor() as pool:
        for service in (service for configuration in wanted for service in configuration.services):
            render.mend(service.folder / "etc")
        steps = [Step.of(configuration, state()) for configuration, state in wanted.items()]
        changing = [step for step in steps if step.names]
        known_warnings = list(pool.map(Step.check, changing))
        try:
            for step in changing:
                step.stage()
            with uninterrupted():
                for step in changing:
                    step.swap()
            said = list(pool.map(lambda step: step.configuration.reload(step.configuration.services), changing))
        except BaseException:
            with uninterrupted():
                for step in changing:
                    step.take_back()
                list(pool.map(lambda step: step.configuration.recover(step.configuration.services), changing))
            raise
        finally:
            for step in changing:
                step.tidy()
        for step, old, complaints in zip(changing, known_warnings, said, strict=True):
            found = step.configuration.warnings(step.new) if step.doubtful else []
            new = [text for text in found if text not in old]
            diff = differences(step.old, step.new, step.names)
            step.change = Change(step.names, diff, (*new, *complaints), time.monotonic() - started)
    return steps


def apply_one(configuration: Configuration, edits: Mapping[str, str], chapter: str = "") -> Change:
    """The same for a single configuration."""
    return apply({configuration: lambda: (chapter, edits)})[0].change


@contextmanager
def _alone(cluster: Cluster) -> Iterator[None]:
    try:
        with filelock.FileLock(cluster.folder / "change.lock", timeout=PATIENCE):
            yield
    except filelock.Timeout:
        raise LabError(
            f"Ein anderes Fenster ändert seit {PATIENCE} Sekunden die Konfiguration.",
            next_step="Warte, bis es fertig ist, und führe die Zelle noch einmal aus.",
        ) from None
