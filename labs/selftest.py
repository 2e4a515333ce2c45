"""What ``./arbeitsbuch test`` runs; it reads like a table of contents."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from labs import paths
from labs.bundle import ensure
from labs.cluster.cluster import Cluster
from labs.jupyter import environment
from labs.progress import progress_bar

EVERYTHING = ("notebooks", "labs/chapters", "tests")
"""What takes long comes first: at the end the processes share many small files."""
QUICK = ("notebooks/00-willkommen.ipynb", "notebooks/05-actions.ipynb", "tests/lab/test_transaction.py",
         "tests/lab/test_cluster.py", "tests/hostile/test_strangers.py", "tests/lab/test_scan.py", "tests/unit")  # fmt: skip
"""What ``--schnell`` runs: the parts, the servers, a change, one chapter without and one with the cluster."""
ALONE = ("notebooks/02-rspamd-anbinden.ipynb", "tests/hostile/test_chaos.py", "tests/lab/test_outage.py",
         "tests/lab/test_robust.py::test_five_cycles_leave_what_two_leave")  # fmt: skip
"""Tests that count what is left on the machine, or need its calm: one after the other, when all others are done."""
FINE = (0, 5)
"""Exit codes of pytest: all passed; there was nothing to run."""
PROCESSES = 3
"""Test processes at once; most of the time each waits for its servers."""


@dataclass(frozen=True)
class Step:
    """A module to run. ``usually``: how long it takes on two cores, in German."""

    title: str
    words: tuple[str, ...]
    usually: str = ""


def steps(chosen: tuple[str, ...], options: Sequence[str], usually: tuple[str, str]) -> list[Step]:
    """The style of everything, and the tests below the chosen paths: most side by side, some alone.

    ``usually``: how long each of both takes.
    """
    chapters = ("--nbval-lax",) if _meet(chosen, ("notebooks",)) else ("-p", "no:nbval")
    tests = ("pytest", "-q", "-rs", "-p", "tests.progress", *chapters, *chosen, *options)
    several = len(chosen) > 1 or (paths.REPOSITORY / chosen[0]).is_dir()
    side_by_side = (f"--numprocesses={PROCESSES}", "--no-loadscope-reorder") if several else ()
    found = [Step("Stil", ("ruff", "check")), Step("Format", ("ruff", "format", "--check"))]
    if not set(chosen) <= set(ALONE):
        found.append(
            Step("Einheiten, Labor, Browser, Notebooks", (*tests, "-m", "not serial", *side_by_side), usually[0])
        )
    if _meet(chosen, ALONE):
        found.append(Step("Was allein laufen muss", (*tests, "-m", "serial"), usually[1]))
    return found


def _meet(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether any of these tests is one of the others, or lies below it, or the other way round."""
    files = [[(paths.REPOSITORY / name.partition("::")[0]).resolve() for name in names] for names in (some, others)]
    return any(one.is_relative_to(other) or other.is_relative_to(one) for one in files[0] for other in files[1])


def run(arguments: tuple[str, ...] = (), *, quick: bool = False) -> int:
    """Run all steps, the later ones also when an earlier one fails. Returns 0 when everything is fine.

    ``arguments``: paths of tests to run instead of everything, and options for pytest.
    """
    for name in ("servers", "browser"):
        with progress_bar(f"Paketsatz {name} holen") as progress:
            ensure(name, progress)
    name = f"test-{os.getpid()}"
    scratch = paths.make_state() / "tmp"
    scratch.mkdir(exist_ok=True)
    variables = environment() | {"LABS_NAME": name, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(scratch)}
    for launchers in ("LABS_PROGRAM", "LABS_CWD"):
        variables.pop(launchers, None)
    chosen = tuple(word for word in arguments if (paths.REPOSITORY / word.partition("::")[0]).exists())
    options = [word for word in arguments if word not in chosen]
    usually = ("", "") if chosen else ("meist 2 Minuten", "") if quick else ("meist 12 Minuten", "meist 3 Minuten")
    planned = steps(chosen or (QUICK if quick else EVERYTHING), options, usually)
    results = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        for number, one in enumerate(planned, 1):
            place, usually = f"Schritt {number} von {len(planned)}", f" · {one.usually}" if one.usually else ""
            click.secho(f"\n== {place}: {one.title}{usually}", bold=True)
            results[one.title] = step(
                [sys.executable, "-m", *one.words], variables | {"LABS_STEP": f"{place}{usually}"}
            )
    finally:
        for folder in (paths.state() / "labs").glob(f"{name}*"):
            Cluster(folder.name).stop()
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    for title, code in results.items():
        click.echo(f"{'✓' if code in FINE else '✗'} {title}")
    return int(any(code not in FINE for code in results.values()))


def step(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command in the checkout; its exit code. Ctrl-C reaches it once, and it has time to end its servers, also
    when this process is killed.
    """
    leashed = ["setpriv", "--pdeathsig", "INT", *command]
    with subprocess.Popen(leashed, cwd=paths.REPOSITORY, env=variables, start_new_session=True) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
