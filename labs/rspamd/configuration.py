"""The configuration of Rspamd's workers and proxies: rspamadm checks it, SIGHUP takes it into use.

Source: https://docs.rspamd.com/configuration (local.d, override.d), rspamadm-configtest.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import psutil

from labs.cluster import render
from labs.cluster.cluster import Cluster
from labs.cluster.configuration import RELOAD_SECONDS, Configuration
from labs.cluster.topology import Service
from labs.errors import LabError
from labs.rspamd.controller import Controller
from labs.rspamd.dialect.rspamadm import NO_RESOLVER, explain_errors
from labs.rspamd.lint import warnings
from labs.rspamd.programs import rspamd_main, rspamd_variables

CHECK_SECONDS = 20


class RspamdConfiguration(Configuration):
    """What workers and proxies have in common. ``grace``: seconds that old processes have for what they are doing."""

    grace = RELOAD_SECONDS

    def __init__(self, cluster: Cluster, role: str) -> None:
        super().__init__(cluster, role)
        self._dumped: dict[str, tuple[Mapping[str, str], str]] = {}

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
        """The file names that the main configuration and what it includes read from local.d."""
        folder = rspamd_main(self.cluster.bundle, self.first).parent
        texts = (path.read_text() for path in folder.rglob("*") if path.suffix in (".conf", ".inc"))
        return sorted({name for text in texts for name in re.findall(r"local\.d/([\w.-]+\.(?:conf|inc))", text)})

    def check(self, contents: Mapping[str, str]) -> None:
        """Let ``rspamadm configtest -s`` judge ``contents``. Raises LabError with file, line and reason."""
        candidate = render.stage(contents, self.first.folder / "candidate")
        try:
            result = self.rspamadm(candidate, "configtest", "-s")
        except subprocess.TimeoutExpired:
            raise LabError(
                f"Rspamd ist nach {CHECK_SECONDS} Sekunden mit dieser Konfiguration nicht fertig. Die bisherige läuft weiter.",
                why="Meist ist es eine Endlosschleife in Lua, die schon beim Laden läuft.",
                next_step="Ändere die Zelle und führe sie noch einmal aus.",
            ) from None
        finally:
            shutil.rmtree(candidate, ignore_errors=True)
        only_offline = NO_RESOLVER in result.stderr and result.stdout.startswith("1 errors found")
        if result.returncode and not only_offline:
            raise explain_errors(result.stderr.replace(NO_RESOLVER, ""), str(candidate), contents)

    def value(self, name: str) -> str:
        """A value of the merged configuration by its path, such as "options.task_timeout"; empty when it is not set."""
        found: Any = json.loads(self.dump("-j"))
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        return str(found)

    def dump(self, option: str) -> str:
        """What ``rspamadm configdump`` says of the files as they are now; asked only when they have changed."""
        files = self.read()
        if self._dumped.get(option, (None, ""))[0] != files:
            self._dumped[option] = files, self.rspamadm(self.folder, "configdump", option).stdout
        return self._dumped[option][1]

    def rspamadm(self, folder: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of rspamadm on the configuration in ``folder``."""
        service, bundle = self.first, self.cluster.bundle
        return subprocess.run(
            [
                bundle.program("rspamadm"), *rspamd_variables(bundle, folder, service), command, *arguments,
                "-c", rspamd_main(bundle, service, folder),
            ],
            capture_output=True, text=True, errors="replace", timeout=CHECK_SECONDS, cwd=service.folder,
        )  # fmt: skip

    def reload(self, services: list[Service]) -> list[str]:
        """SIGHUP, then wait until the old workers are gone: from then on only the new configuration answers."""
        old: list[psutil.Process] = []
        for service in services:
            processes = self.cluster.processes_of(service)
            if not processes:
                raise LabError(
                    "Rspamd läuft gerade nicht.", next_step="Warte eine Sekunde und führe die Zelle noch einmal aus."
                )
            processes[0].send_signal(signal.SIGHUP)
            old += processes[1:]
        _, alive = psutil.wait_procs(old, self.grace)
        for process in alive:  # stuck in a rule, or in an idle milter session that Postfix keeps open
            with suppress(psutil.NoSuchProcess):  # it ends just now
                process.kill()
        self.await_answer(services)
        return []

    def recover(self, services: list[Service]) -> None:
        for service in services:
            for process in self.cluster.processes_of(service):
                with suppress(psutil.NoSuchProcess):  # a child ends with its parent
                    process.kill()
        for service in services:
            self.cluster.wait_for([service], RELOAD_SECONDS)


class WorkerConfiguration(RspamdConfiguration):
    """The files of the workers, such as "local.d/composites.conf"."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, "rspamd-worker")

    def warnings(self, contents: Mapping[str, str]) -> list[str]:
        return warnings(contents, Controller.of(self.cluster), self.folder)


class ProxyConfiguration(RspamdConfiguration):
    """The files of the proxies: "local.d/worker-proxy.inc", "local.d/actions.conf"."""

    grace = 1.0

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, "rspamd-proxy")
