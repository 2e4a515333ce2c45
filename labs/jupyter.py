"""Run JupyterLab on the workbook, with all its files in the user's state folder, and end the lab with it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click
import psutil
import requests

from labs import files, nickname, paths
from labs.bundle import ensure
from labs.cluster.cluster import Cluster
from labs.cluster.network import check_loopback
from labs.errors import LabError
from labs.progress import Progress, progress_bar

FIRST = "00-willkommen.ipynb"
KERNEL_SOCKET = len("/kernel-12345678-1234-1234-1234-123456789012-ipc-1")

SETTINGS = {
    "translation-extension/plugin": {"locale": "de_DE"},
    # offline: no news feed, no question about it
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def environment() -> dict[str, str]:
    """The environment in which Jupyter, IPython and matplotlib keep their files below the state folder."""
    home = paths.make_state() / "jupyter"
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "run",
        "IPYTHONDIR": "ipython",
    }
    folders |= {
        "MPLCONFIGDIR": "matplotlib",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    for folder in folders.values():
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, value in SETTINGS.items():
        path = home / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            files.replace(path, json.dumps(value))
    return os.environ | {variable: str(home / folder) for variable, folder in folders.items()}


def workspace(*, fresh: bool = False) -> Path:
    """The reader's own copies of the notebooks: the checkout stays clean, and an update never meets their work.

    A new version of a chapter replaces a copy whose cells the reader has not changed; a changed one stays.
    ``fresh``: all copies are made anew, and the changed ones move to a subfolder named after the time.
    """
    folder = paths.make_state() / "notebooks"
    record = folder / ".original.json"
    folder.mkdir(exist_ok=True)
    known = files.read_json(record, dict) or {}
    attic = folder / time.strftime("alt %Y-%m-%d %H.%M.%S")
    for original in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        copy, last = folder / original.name, known.get(original.name)
        changed = copy.exists() and _cells(copy) != last
        if changed and fresh:
            attic.mkdir(exist_ok=True)
            copy.rename(attic / copy.name)
        if not copy.exists() or (not changed and _cells(original) != last):
            shutil.copyfile(original, copy)
            known[copy.name] = _cells(original)
    files.replace(record, json.dumps(known))
    return folder


def _cells(path: Path) -> str:
    """A fingerprint of what a notebook's cells say; outputs and the metadata that JupyterLab adds do not count."""
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(path.read_text())["cells"]]
    except (ValueError, KeyError, TypeError):
        return "unreadable"
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


@dataclass(frozen=True)
class Server:
    """A JupyterLab of ours. ``token``: who knows it may do everything that its user may; ``run``: its runtime folder."""

    process: subprocess.Popen
    token: str
    run: Path

    @property
    def port(self) -> int:
        """Where it listens, as it has noted itself: when others start at the same moment, it goes on to the next port.

        0: not yet.
        """
        noted = files.read_json(self.run / f"jpserver-{self.process.pid}.json", dict) or {}
        return noted["port"] if noted.get("token") == self.token else 0

    def url(self, path: str) -> str:
        """Where a page is, with the token; such as "lab/tree/00-willkommen.ipynb"."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def answers(self) -> bool:
        try:
            return self.port > 0 and requests.get(self.url("api"), timeout=1, proxies={"http": ""}).ok
        except requests.RequestException:
            return False


@contextmanager
def serving(folder: Path, output: IO | int, variables: Mapping[str, str]) -> Iterator[Server]:
    """A JupyterLab that shows ``folder`` and listens on 127.0.0.1 only; it ends with the block, or with this process.

    Other users of the machine see command lines and open ports: the token goes by the environment, and kernels talk to
    their server over Unix sockets, because what a kernel publishes on a port is read by anyone.
    """
    root = ["--allow-root"] if os.geteuid() == 0 else []
    token = secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": 8888, "ServerApp.port_retries": 50, "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False, "ServerApp.log_level": "ERROR", "KernelManager.transport": "ipc",
        "LanguageServerManager.autodetect": False, "ServerApp.tornado_settings": {"websocket_max_message_size": 80 * 2**20},
        "ContentsManager.allow_hidden": False,
    }  # fmt: skip
    lab = [sys.executable, "-m", "jupyterlab", *root, *(f"--{name}={value}" for name, value in options.items())]
    with nickname.plain(Path(variables["JUPYTER_RUNTIME_DIR"]), KERNEL_SOCKET) as run:
        environ = {**variables, "JUPYTER_TOKEN": token, "JUPYTER_RUNTIME_DIR": str(run)}
        with subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *lab], env=environ, start_new_session=True, stdout=output, stderr=output
        ) as process:
            try:
                yield Server(process, token, run)
            finally:
                process.terminate()


def run(*, fresh: bool = False) -> int:
    """Fetch what is missing, run JupyterLab until Ctrl+C or its end, then end the lab. Returns the exit code.

    ``fresh``: begin with new copies of all chapters.
    """
    check_loopback()
    with progress_bar("Server holen") as progress:
        ensure("servers", progress)
    folder, variables, log = workspace(fresh=fresh), environment(), paths.state() / "jupyter/jupyter.log"
    with log.open("wb") as output, serving(folder, output, variables) as server:
        owner = server.process.pid, psutil.Process(server.process.pid).create_time()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: server.process.terminate())
        try:
            with progress_bar("JupyterLab startet") as progress:
                _await(server, progress)
            url = server.url(f"lab/tree/{FIRST}")
            click.echo(
                f"\nDas Arbeitsbuch ist bereit. Deine Fassung der Kapitel liegt in {folder}\nÖffne diese Adresse im Browser:\n\n    {url}\n\nBeenden: Strg+C"
            )
            if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
                _open(url)
            code = server.process.wait()
        except KeyboardInterrupt:
            click.echo("\nIch beende JupyterLab und das Labor …")
            code = 0
    Cluster().release(*owner)
    return max(code, 0)


def _open(url: str) -> None:
    """Open a page in the browser by a file of the user's own: other users see the browser's command line."""
    page = paths.state() / "jupyter/start.html"
    files.replace(page, f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}">')
    webbrowser.open(page.as_uri())


def _await(server: Server, progress: Progress) -> None:
    for step in range(600):
        if server.process.poll() is not None:
            raise LabError(
                "JupyterLab startet nicht.",
                why=(paths.state() / "jupyter/jupyter.log").read_text(errors="replace")[-800:],
                next_step="`./arbeitsbuch doctor` hilft bei der Suche.",
            )
        progress(min(step / 60, 0.95), "bitte warten")
        if server.answers():
            return
        time.sleep(0.1)
    server.process.kill()
    raise LabError(
        "JupyterLab antwortet nach einer Minute nicht.", next_step="`./arbeitsbuch doctor` hilft bei der Suche."
    )
