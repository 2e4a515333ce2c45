"""Change a worker's configuration as a transaction: check, reload, wait; on an error the old one keeps running.

Source: https://docs.rspamd.com/configuration (local.d, override.d), rspamadm-configtest.
"""

from __future__ import annotations

import difflib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from labs.cluster import render
from labs.cluster.cluster import Cluster, disk_errors
from labs.cluster.roles import rspamd_variables
from labs.cluster.topology import Service
from labs.errors import LabError
from labs.rspamd.controller import Controller
from labs.rspamd.lint import explain_errors, warnings

RELOAD_SECONDS = 5
CHECK_SECONDS = 20


@dataclass(frozen=True)
class Change:
    """What a change did. ``diff``: unified diff; ``warnings``: German sentences; ``seconds``: until the new worker."""

    files: tuple[str, ...]
    diff: str
    warnings: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        if not self.files:
            return "Es gibt nichts zu ändern: Diese Konfiguration gilt schon."
        lines = [f"Übernommen: {', '.join(self.files)}"]
        lines += [self.diff] if self.diff else []
        lines += [f"Achtung: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    __repr__ = __str__


class Configuration:
    """The files of the Rspamd workers: relative path -> text, such as "local.d/composites.conf".

    What is read and checked is the first worker's; a change reaches all workers of the lab.
    """

    def __init__(self, cluster: Cluster, controller: Controller, node: str = "rspamd1") -> None:
        self._cluster, self._controller, self.node = cluster, controller, node
        self._history: list[dict[str, str]] = []

    @property
    def _service(self) -> Service:
        return self._cluster.node(self.node).main

    @property
    def _workers(self) -> list[Service]:
        return [node.main for node in self._cluster.nodes.values() if "rspamd-worker" in node.services]

    @property
    def folder(self) -> Path:
        return self._service.folder / "etc"

    def read(self) -> dict[str, str]:
        """All files as they are now."""
        return {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8")
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def base(self, chapter: str = "") -> dict[str, str]:
        """All files as the workbook ships them, with the chapter's overlay."""
        return render.files(self._service, self._cluster.nodes, self._cluster.secrets, self._cluster.bundle, chapter)

    def place(self, file: str) -> str:
        """Where a file that the learner names belongs. Raises LabError for a path that leaves the folder or is unknown to Rspamd."""
        path = PurePosixPath(file.strip())
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise LabError(
                f"„{file}“ ist kein Name einer Datei in local.d.",
                next_step="Schreibe zum Beispiel `%%rspamd composites.conf`.",
            )
        if len(path.parts) > 1:
            if path.parts[0] not in ("local.d", "maps.d", "lua.local.d"):
                raise LabError(
                    f"In den Ordner „{path.parts[0]}“ schreibt das Arbeitsbuch nicht.",
                    next_step="Nimm local.d, maps.d oder lua.local.d.",
                )
            return str(path)
        if path.suffix == ".lua":
            return "rspamd.local.lua" if path.name == "rspamd.local.lua" else f"lua.local.d/{path.name}"
        known = self._included()
        if path.name not in known:
            nearest = difflib.get_close_matches(path.name, known, 1)
            hint = f"Meintest du {nearest[0]}?" if nearest else "Maps gehören nach maps.d/, Lua nach rspamd.local.lua."
            raise LabError(
                f"Eine Datei local.d/{path.name} liest Rspamd nicht.", why="Kein Modul bindet sie ein.", next_step=hint
            )
        return f"local.d/{path.name}"

    def _included(self) -> list[str]:
        """The file names that Rspamd's own configuration includes from local.d."""
        texts = (
            path.read_text()
            for path in self._cluster.bundle.path("etc/rspamd").rglob("*")
            if path.suffix in (".conf", ".inc")
        )
        return sorted({name for text in texts for name in re.findall(r"local\.d/([\w.-]+\.(?:conf|inc))", text)})

    def write(self, file: str, text: str) -> Change:
        """Replace one file and take the configuration into use. Raises LabError when Rspamd rejects it."""
        return self.apply(self.read() | {self.place(file): text if text.endswith("\n") else f"{text}\n"})

    def reset(self, chapter: str = "") -> Change:
        """Back to what the workbook ships (with the chapter's overlay)."""
        return self.apply(self.base(chapter))

    def undo(self) -> Change:
        """Back to the configuration before the last change made through this object."""
        if not self._history:
            raise LabError(
                "Es gibt nichts rückgängig zu machen.",
                next_step="`lab.reset()` stellt die mitgelieferte Konfiguration wieder her.",
            )
        change = self.apply(self._history[-1])
        del self._history[-2:]
        return change

    def apply(self, contents: Mapping[str, str]) -> Change:
        """Make ``contents`` the configuration: check, replace, reload, wait; roll back when the new one does not answer."""
        started, before = time.monotonic(), self.read()
        names = tuple(
            sorted(name for name in before.keys() | contents.keys() if before.get(name) != contents.get(name))
        )
        if not names:
            return Change((), "", (), 0.0)
        with disk_errors(self.folder):
            self.check(contents)
            old_warnings = self._warnings(before)
            self._write(contents)
        try:
            self._reload()
        except LabError:
            self._write(before)
            self._restart()
            raise
        self._history.append(before)
        return Change(
            names,
            "\n".join(_diff(before, contents, names)),
            tuple(text for text in self._warnings(contents) if text not in old_warnings),
            time.monotonic() - started,
        )

    def check(self, contents: Mapping[str, str]) -> None:
        """Let ``rspamadm configtest -s`` judge ``contents``. Raises LabError with file, line and reason."""
        candidate = self._service.folder / "candidate"
        render.write(contents, candidate)
        try:
            result = self._rspamadm(candidate, "configtest", "-s")
        except subprocess.TimeoutExpired:
            raise LabError(
                f"Rspamd ist nach {CHECK_SECONDS} Sekunden mit dieser Konfiguration nicht fertig. Die bisherige läuft weiter.",
                why="Meist ist es eine Endlosschleife in Lua, die schon beim Laden läuft.",
                next_step="Ändere die Zelle und führe sie noch einmal aus.",
            ) from None
        finally:
            shutil.rmtree(candidate, ignore_errors=True)
        if result.returncode:
            raise explain_errors(result.stderr, str(candidate), contents)

    def _rspamadm(self, folder: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        service, bundle = self._service, self._cluster.bundle
        return subprocess.run(
            [
                bundle.program("rspamadm"), *rspamd_variables(bundle, folder, service), command, *arguments,
                "-c", bundle.path("etc/rspamd/rspamd.conf"),
            ],
            capture_output=True, text=True, errors="replace", timeout=CHECK_SECONDS, cwd=service.folder,
        )  # fmt: skip

    def _warnings(self, contents: Mapping[str, str]) -> list[str]:
        return warnings(contents, self._controller, self.folder)

    def _write(self, contents: Mapping[str, str]) -> None:
        """Write ``contents`` for every worker; a file as shipped stays each worker's own, with its own addresses."""
        shipped = self.base()
        for service in self._workers:
            own = render.files(service, self._cluster.nodes, self._cluster.secrets, self._cluster.bundle)
            files = {
                name: own.get(name, text) if shipped.get(name) == text else text for name, text in contents.items()
            }
            render.write(files, service.folder / "etc")

    def _reload(self) -> None:
        """SIGHUP, then wait until the old workers are gone: from then on only the new configuration answers."""
        nodes, old = [service.node for service in self._workers], []
        for node in nodes:
            processes = self._cluster.processes(node)
            if not processes:
                raise LabError(
                    "Rspamd läuft gerade nicht.", next_step="Warte eine Sekunde und führe die Zelle noch einmal aus."
                )
            processes[0].send_signal(signal.SIGHUP)
            old += processes[1:]
        _, alive = psutil.wait_procs(old, RELOAD_SECONDS)
        for process in alive:  # stuck in a rule; it would hold its sockets and never end
            process.kill()
        if not all(self._cluster.wait_ready(node, RELOAD_SECONDS) for node in nodes):
            raise LabError(
                "Rspamd startet mit der neuen Konfiguration nicht; die alte gilt wieder.",
                next_step="Sieh mit `lab.logs()` nach dem Grund.",
            )

    def _restart(self) -> None:
        for service in self._workers:
            self._cluster.signal(service.node, signal.SIGKILL)
        for service in self._workers:
            self._cluster.wait_ready(service.node, RELOAD_SECONDS)


def _diff(before: Mapping[str, str], after: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    return [
        line
        for name in names
        for line in difflib.unified_diff(
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
            f"{name} (vorher)",
            f"{name} (jetzt)",
            lineterm="",
            n=2,
        )
    ]
