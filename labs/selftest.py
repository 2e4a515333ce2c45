"""What ``./arbeitsbuch test`` runs; it reads like a table of contents."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

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
    scratch.mkdir(parents=True, exist_ok=True)
    variables = environment() | {"LABS_NAME": name, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(scratch)}
    for launchers in ("LABS_PROGRAM", "LABS_CWD"):
        variables.pop(launchers, None)
    steps = {
        "Stil": ["ruff", "check"],
        "Format": ["ruff", "format", "--check"],
        "Einheiten, Labor, Browser, Notebooks": ["pytest", "-rs", "--nbval-lax", "tests", "notebooks", *arguments],
    }
    results = {}
    try:
        for title, (module, *words) in steps.items():
            click.secho(f"\n== {title}", bold=True)
            results[title] = subprocess.run(
                [sys.executable, "-m", module, *words], cwd=paths.REPOSITORY, env=variables
            ).returncode
    finally:
        Cluster(name).stop()
        shutil.rmtree(paths.state() / "labs" / name, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    for title, code in results.items():
        click.echo(f"{'✓' if code == 0 else '✗'} {title}")
    return int(any(results.values()))
