"""What ``./arbeitsbuch test`` runs; it reads like a table of contents."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

import click

from labs import paths
from labs.bundle import ensure
from labs.cluster.cluster import Cluster
from labs.jupyter import environment
from labs.progress import progress_bar

EVERYTHING = ("tests", "labs/chapters", "notebooks")
QUICK = ("tests/unit", "tests/lab/test_scan.py", "tests/lab/test_cluster.py", "tests/lab/test_transaction.py",
         "tests/hostile/test_strangers.py", "notebooks/00-willkommen.ipynb", "notebooks/05-actions.ipynb")  # fmt: skip
"""What ``--schnell`` runs: the parts, the servers, a change, one chapter without and one with the cluster."""
FINE = (0, 5)
"""Exit codes of pytest: all passed; there was nothing to run."""
PROCESSES = 3
"""Test processes at once; most of the time each waits for its servers."""


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
    chosen = [word for word in arguments if (paths.REPOSITORY / word.partition("::")[0]).exists()]
    options = [word for word in arguments if word not in chosen]
    tests = ["pytest", "-rs", "--nbval-lax", *(chosen or (QUICK if quick else EVERYTHING)), *options]
    steps = {
        "Stil": ["ruff", "check"],
        "Format": ["ruff", "format", "--check"],
        "Einheiten, Labor, Browser, Notebooks": [
            *tests, "-m", "not serial", f"--numprocesses={PROCESSES}", "--no-loadscope-reorder",
        ],
        "Was allein laufen muss": [*tests, "-m", "serial"],
    }  # fmt: skip
    results = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        for title, (module, *words) in steps.items():
            click.secho(f"\n== {title}", bold=True)
            results[title] = step([sys.executable, "-m", module, *words], variables)
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
