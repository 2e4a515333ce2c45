"""Check a policy in a lab of its own: started for it, ended after it, with nothing left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from labs.bundle import ensure
from labs.cluster import render
from labs.cluster.cluster import Cluster
from labs.cluster.topology import place
from labs.interrupts import uninterrupted
from labs.lab import Lab
from labs.nodes import new_cluster
from labs.policy.cases import Case, Setting
from labs.policy.expectation import SchemaError, read
from labs.policy.names import is_expectation
from labs.policy.report import Report, check
from labs.progress import Progress
from labs.rspamd.dialect.version import warning
from labs.rspamd.own.files import Own, no_folder
from labs.rspamd.own.fitting import Fitted, OwnConfiguration

WORKBOOK = render.RECOMMENDED / "rspamd-worker"
"""The policy that the workbook ships, with its expectations."""

_NUMBERS = count(1)


@dataclass(frozen=True)
class OwnLab:
    """A lab that runs only for a check. ``notes``: what differs from the reader's configuration, and warnings."""

    lab: Lab
    notes: tuple[str, ...]

    def check(self, cases: Sequence[Case | Setting], progress: Progress) -> Report:
        """Run the cases, each on an empty Redis."""
        return replace(check(self.lab.system, cases, progress, clean=True), notes=self.notes)


def files_of_expectations(folder: Path) -> list[Path]:
    """Those in a folder itself. Raises NoConfiguration when there is no such folder, SchemaError when it has none."""
    if not folder.is_dir():
        raise no_folder(folder)
    found = [path for path in sorted(folder.iterdir()) if is_expectation(path.name)]
    if not found:
        raise SchemaError(
            f"In {folder} liegt keine expect.toml.",
            next_step="Schreibe dort auf, was gelten soll, oder nenne die Datei mit --expect.",
        )
    return found


def run(folder: Path, expectations: Sequence[Path], progress: Progress) -> Report:
    """Check the configuration in ``folder`` against these files. Raises SchemaError, NoConfiguration, LabError."""
    cases = [case for path in expectations for case in read(path)]
    with own_lab(folder, cases, lambda part, text: progress(0.5 * part, text)) as own:
        return own.check(cases, lambda part, text: progress(0.5 + 0.5 * part, text))


@contextmanager
def own_lab(folder: Path, cases: Sequence[Case | Setting], progress: Progress) -> Iterator[OwnLab]:
    """A lab of its own with the configuration in ``folder``; it and its folder are gone after the block.

    Raises NoConfiguration before anything starts, LabError when Rspamd refuses the configuration.
    """
    own = None if folder.resolve() == WORKBOOK else Own.read(folder)
    cluster = new_cluster(f"check-{os.getpid()}-{next(_NUMBERS)}")
    try:
        ensure("servers", lambda part, text: progress(0.5 * part, text))
        profile = _profile(cases, own, cluster)
        cluster.start(lambda part, text: progress(0.9 * part, text), profile)
        lab = Lab(cluster)
        other = [said] if (said := warning(cluster.bundle)) else []
        yield OwnLab(lab, (*other, *(_take(lab, own) if own else ())))
    finally:
        _remove(cluster)


def _take(lab: Lab, own: Own) -> tuple[str, ...]:
    """Put the reader's files on the workers, and their actions on the proxies; what to say about it."""
    configuration = OwnConfiguration(lab.cluster, own)
    warnings = configuration.take()
    notes = [*configuration.fitted.notes(), *(f"Achtung: {warning}" for warning in warnings)]
    actions = own.files.get("local.d/actions.conf")
    if "rspamd-proxy" in lab.configurations:
        if actions:
            lab.configurations.write("rspamd-proxy/actions.conf", actions)
        notes.append("Postfix und die Proxys sind die des Arbeitsbuchs; die Proxys kennen deine actions.conf.")
    return tuple(notes)


def _profile(cases: Sequence[Case | Setting], own: Own | None, cluster: Cluster) -> str:
    """ "cluster" when a case or the configuration needs more than the small lab."""
    core = place(77, cluster.folder, "core")
    roles = {role for node in core.values() for role in node.services}
    for case in cases:
        if isinstance(case, Setting):
            if case.role not in roles:
                return "cluster"
        elif "via" in case.envelope or any(name.partition(".")[0] not in core for name in case.stopped):
            return "cluster"
    scanners = Fitted.of(own, cluster.bundle).scanners if own else {"clamav"}
    return "cluster" if "clamav" in scanners else "core"


def _remove(cluster: Cluster) -> None:
    """End the lab and delete its folder; Ctrl-C must not interrupt that."""
    with uninterrupted():
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)
