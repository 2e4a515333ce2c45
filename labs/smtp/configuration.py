"""The configuration of one kind of Postfix: parameters added to main.cf, and lookup tables.

Source: postconf(1), postconf(5), master(8) on SIGHUP.
"""

from __future__ import annotations

import difflib
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from labs.cluster import render
from labs.cluster.cluster import Cluster
from labs.cluster.configuration import RELOAD_SECONDS, Configuration
from labs.cluster.topology import Service
from labs.errors import LabError
from labs.smtp.programs import age

_HARMLESS = re.compile(r"overriding earlier entry|data_directory|non-mail directory")
"""A parameter that the learner gives twice still works; the others come from playing root."""


class PostfixConfiguration(Configuration):
    """``role``: postfix-mx, postfix-hub or postfix-mailout."""

    def __init__(self, cluster: Cluster, role: str) -> None:
        super().__init__(cluster, role, ("main.cf",))

    def under(self, base: Mapping[str, str], edits: Mapping[str, str]) -> Mapping[str, str]:
        """A parameter that is given anew no longer stands above.

        Every process would warn of it, and when more than ten do so at once after a reload, postlogd waits for
        room in the queue of warnings that only postlogd empties: Postfix stands still.
        """
        return {**base, "main.cf": without(base["main.cf"], edits.get("main.cf", ""))}

    def check(self, contents: Mapping[str, str]) -> None:
        """Let postconf read ``contents``. Raises LabError for a line without "=" and for a parameter that is unknown."""
        candidate = render.stage(contents, self.first.folder / "candidate")
        age(candidate)
        try:
            result = self._postconf("-c", str(candidate), "-n")
        finally:
            shutil.rmtree(candidate, ignore_errors=True)
        unknown = re.search(r"unused parameter: (\S+?)=", result.stderr)
        broken = re.search(r"fatal: .*?line (\d+): (.*)", result.stderr)
        if broken:
            line = contents["main.cf"].splitlines()[int(broken[1]) - 1]
            raise LabError(
                "Postfix lehnt diese Zeile ab. Die bisherige Konfiguration gilt weiter.",
                why=f"{line}\nPostfix sagt: {broken[2]}",
                next_step="Eine Zeile in main.cf heißt: parameter = wert.",
            )
        if unknown:
            known = self._postconf("-dH").stdout.split()
            nearest = difflib.get_close_matches(unknown[1], known, 1)
            raise LabError(
                f"Einen Parameter {unknown[1]} kennt Postfix nicht. Die bisherige Konfiguration gilt weiter.",
                next_step=f"Meintest du {nearest[0]}?" if nearest else "Schlage in postconf(5) nach.",
            )

    def value(self, name: str) -> str:
        """The value of a parameter, defaults included."""
        return self._postconf("-c", str(self.folder), "-xh", name).stdout.strip()

    def _postconf(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = self.cluster.bundle.path("usr/sbin/postconf")
        return subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", timeout=20)

    def reload(self, services: list[Service]) -> list[str]:
        """SIGHUP to master, as ``postfix reload`` does; the old smtpd processes end, new ones read the new files."""
        old: list[psutil.Process] = []
        logs = {service.folder / "log/mail.log": 0 for service in services}
        for log in logs:
            logs[log] = log.stat().st_size if log.exists() else 0
        for service in services:
            age(service.folder / "etc")
            processes = self.cluster.processes_of(service)
            if processes:
                processes[0].send_signal(signal.SIGHUP)
            old += processes[1:]
        psutil.wait_procs(old, RELOAD_SECONDS)
        self.await_answer(services)
        said = "".join(_since(log, size) for log, size in logs.items())
        complaints = re.findall(r"(?:warning|error|fatal): (.*)", said)
        return [f"Postfix sagt: {text}" for text in dict.fromkeys(complaints) if not _HARMLESS.search(text)]


def without(main: str, edit: str) -> str:
    """``main`` without the parameters that ``edit`` sets. A value goes on in lines that begin with a space, comments between."""
    for name in re.findall(r"^(\w+)\s*=", edit, re.MULTILINE):
        main = re.sub(rf"^{name}\s*=.*\n(?:(?:#.*\n)*[ \t].*\n)*", "", main, flags=re.MULTILINE)
    return main


def _since(log: Path, size: int) -> str:
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(size)
        return file.read()
