"""A second Rspamd worker with a copy of the configuration, for a moment only: it may be changed, and it says what it does.

It sends no alerts and learns nothing; in Redis its mails count as others do (limits, greylisting). Source: https://docs.rspamd.com/configuration/logging (debug_modules).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from labs.cluster import http, render
from labs.cluster.configuration import Configuration
from labs.cluster.topology import Service
from labs.errors import LabError
from labs.rspamd.client import Worker
from labs.rspamd.dialect.log import lines_of
from labs.rspamd.dialect.lua import lua
from labs.rspamd.dialect.trace import DEBUG, ENDED
from labs.rspamd.programs import rspamd_main, shared_variables
from labs.rspamd.verdict import Verdict

START_SECONDS = 8


@dataclass(frozen=True)
class Spare:
    """A running spare worker: ``worker`` answers scans; ``folder`` holds its log and its table of symbols."""

    worker: Worker
    folder: Path

    def symbols(self) -> Mapping[str, Mapping[str, Any]]:
        """All registered symbols: score, groups, and ``parent``: the symbol whose callback inserts it."""
        return json.loads((self.folder / "symbols.json").read_text(encoding="utf-8"))

    def trace(self, verdict: Verdict) -> list[str]:
        """What this worker logged about one of its scans: "symcache; process_symbol: execute SPF_CHECK, 567; …"."""
        path, deadline = self.folder / "rspamd.log", time.monotonic() + 2
        while ENDED not in (text := lines_of(path, verdict.queue_id)):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        return [line.partition(">; ")[2] for line in text.splitlines()]


@contextmanager
def spare(configuration: Configuration, edits: Mapping[str, str] = MappingProxyType({})) -> Iterator[Spare]:
    """Start a worker with the first node's files and ``edits`` to them, {file: text}; it ends with the block.

    Raises LabError when it does not start.
    """
    service = configuration.first
    contents = configuration.read() | dict(edits)
    folder = Path(tempfile.mkdtemp(prefix="spare-", dir=service.folder))
    control, socket = (service.folder / "run" / f"{folder.name}-{what}.sock" for what in ("control", "worker"))
    try:
        render.write(contents | _own(contents, service, folder, control, socket), folder / "etc")
        process = _start(configuration, service, folder)
        try:
            _await(process, http.url(str(socket)), folder)
            yield Spare(Worker(http.url(str(socket))), folder)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in (control, socket):
            path.unlink(missing_ok=True)


def _own(contents: Mapping[str, str], service: Service, folder: Path, control: Path, socket: Path) -> dict[str, str]:
    """The files in which a spare worker differs from the node."""
    options = contents.get("override.d/options.inc", "")
    return {
        "override.d/options.inc": options.replace(f"{service.folder}/run/rspamd.sock", str(control)),
        "override.d/worker-normal.inc": f'bind_socket = "{socket}";\ncount = 1;\n',
        "override.d/worker-controller.inc": "enabled = false;\n",
        "override.d/worker-fuzzy.inc": "count = -1;\n",
        "override.d/metadata_exporter.conf": "enabled = false;\n",
        "override.d/classifier-bayes.conf": "autolearn = false;\n",
        "override.d/logging.inc": f'level = "info";\ntype = "file";\nfilename = "{folder}/rspamd.log";\n'
        f"debug_modules = {json.dumps(DEBUG)};\n",
        "lua.local.d/zz-symbols.lua": lua("symbols"),
    }


def _start(configuration: Configuration, service: Service, folder: Path) -> subprocess.Popen:
    bundle = configuration.cluster.bundle
    own = {"LOCAL_CONFDIR": folder / "etc", "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    insecure = ["--insecure"] if os.geteuid() == 0 else []
    command = [
        bundle.program("rspamd"), "-f", *insecure, "-c", rspamd_main(bundle, service),
        *shared_variables(bundle), *(f"--var={name}={path}" for name, path in own.items()),
    ]  # fmt: skip
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, start_new_session=True)


def _await(process: subprocess.Popen, url: str, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with http.session() as session:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(requests.RequestException):
                if session.get(f"{url}/ping", timeout=1).ok:
                    return
            time.sleep(0.01)
    said = (folder / "output").read_text(errors="replace").strip()[-300:]
    raise LabError(
        "Der zweite Rspamd, der nur für diese Frage läuft, startet nicht.",
        why=said or f"Nach {START_SECONDS} Sekunden hat er nicht geantwortet.",
        next_step="Führe die Zelle noch einmal aus.",
    )
