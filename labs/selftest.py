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


def run(arguments: tuple[str, ...] = ()) -> int:
    """Run all steps, the later ones also when an earlier one fails. Returns 0 when everything is fine."""
    for name in ("servers", "browser"):
        with progress_bar(f"Paketsatz {name} holen") as progress:
            ensure(name, progress)
    name = f"test-{os.getpid()}"
    scratch = paths.state() / "tmp"
    paths.make_state()
    scratch.mkdir(exist_ok=True)
    variables = environment() | {"LABS_NAME": name, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(scratch)}
    for launchers in ("LABS_PROGRAM", "LABS_CWD"):
        variables.pop(launchers, None)
    steps = {
        "Stil": ["ruff", "check"],
        "Format": ["ruff", "format", "--check"],
        "Einheiten, Labor, Browser, Notebooks": ["pytest", "-rs", "--nbval-lax", "tests", "notebooks", *arguments],
    }
    results = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        for title, (module, *words) in steps.items():
            click.secho(f"\n== {title}", bold=True)
            results[title] = step([sys.executable, "-m", module, *words], variables)
    finally:
        Cluster(name).stop()
        shutil.rmtree(paths.state() / "labs" / name, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    for title, code in results.items():
        click.echo(f"{'✓' if code == 0 else '✗'} {title}")
    return int(any(results.values()))


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
