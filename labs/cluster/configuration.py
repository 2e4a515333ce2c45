"""Change the configuration of all nodes of one role as a transaction: check, replace, reload, wait, or roll back.

A change is kept as *edits*: what differs from the files that the workbook ships. So a file that nobody touched stays
each node's own, with its own addresses, and ``reset`` is simply no edits.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from labs.cluster import render
from labs.cluster.cluster import Cluster, disk_errors
from labs.cluster.complaint import complaint
from labs.cluster.topology import Service
from labs.errors import LabError, Unreachable

if TYPE_CHECKING:
    import redis

RELOAD_SECONDS = 5


@dataclass(frozen=True)
class Change:
    """What a change did. ``diff``: unified diff; ``warnings``: German sentences; ``seconds``: until the new state."""

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

    def within(self, role: str) -> Change:
        """The same with the role before each file name: "postfix-mx/main.cf"."""
        diff = re.sub(r"^(---|\+\+\+) ", rf"\1 {role}/", self.diff, flags=re.MULTILINE)
        return replace(self, files=tuple(f"{role}/{name}" for name in self.files), diff=diff)

    def __add__(self, other: Change) -> Change:
        """Both changes as one."""
        diff = "\n".join(filter(None, (self.diff, other.diff)))
        return Change(
            self.files + other.files, diff, self.warnings + other.warnings, round(self.seconds + other.seconds, 3)
        )


NO_CHANGE = Change((), "", (), 0.0)


class Configuration:
    """The files of every node with the service ``role``: relative path -> text.

    ``appended``: files of "name value" lines where the last one wins; an edit is added to them, all others it replaces.
    What is shown and checked is the first node's; a change reaches all of them.
    """

    def __init__(self, cluster: Cluster, role: str, appended: tuple[str, ...] = ()) -> None:
        self.cluster, self.role, self.appended = cluster, role, appended
        self._history: list[tuple[str, dict[str, str]]] = []

    # --- what is there --------------------------------------------------------------------------------------------

    @property
    def services(self) -> list[Service]:
        """The service of this role on each node that has one."""
        return [node.services[self.role] for node in self.cluster.nodes.values() if self.role in node.services]

    @property
    def first(self) -> Service:
        return self.services[0]

    @property
    def folder(self) -> Path:
        """Where the first node reads its configuration."""
        return self.first.folder / "etc"

    def read(self, service: Service | None = None) -> dict[str, str]:
        """All files as they are now."""
        folder = (service or self.first).folder / "etc"
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes().decode(errors="surrogateescape") for path in paths}

    def base(self, chapter: str = "", service: Service | None = None) -> dict[str, str]:
        """All files as the workbook ships them, with the chapter's overlay."""
        cluster = self.cluster
        return render.files(service or self.first, cluster.nodes, cluster.secrets, cluster.bundle, chapter)

    @property
    def state(self) -> tuple[str, dict[str, str]]:
        """The chapter and the edits that are in force: ``{file: text}``."""
        path = self._memory
        return (
            tuple(json.loads(path.read_text(encoding="utf-8")))
            if path.exists()
            else (self.cluster.settings["chapter"], {})
        )

    @property
    def edits(self) -> dict[str, str]:
        return self.state[1]

    @property
    def _memory(self) -> Path:
        return self.first.folder / "edits.json"

    # --- changing it ----------------------------------------------------------------------------------------------

    def write(self, file: str, text: str) -> Change:
        """Replace one file (or add to it, see ``appended``). Raises LabError when the servers reject it."""
        chapter, edits = self.state
        return self.apply(edits | {self.place(file): text if text.endswith("\n") else f"{text}\n"}, chapter)

    def reset(self, chapter: str = "") -> Change:
        """Back to what the workbook ships (with the chapter's overlay)."""
        return self.apply({}, chapter)

    def undo(self) -> Change:
        """Back to the configuration before the last change made through this object."""
        if not self._history:
            raise LabError(
                "Es gibt nichts rückgängig zu machen.",
                next_step="`lab.reset()` stellt die mitgelieferte Konfiguration wieder her.",
            )
        chapter, edits = self._history[-1]
        change = self.apply(edits, chapter)
        del self._history[-2:]
        return change

    def apply(self, edits: Mapping[str, str], chapter: str = "") -> Change:
        """Make ``edits`` to the chapter's files the configuration of all nodes; roll back when a node does not answer."""
        started, known = time.monotonic(), self.state
        before = {service.node: self.read(service) for service in self.services}
        after = {service.node: self._edited(self.base(chapter, service), edits) for service in self.services}
        old, new = before[self.first.node], after[self.first.node]
        names = tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
        if not names:
            return NO_CHANGE
        with disk_errors(self.folder):
            self.check(new)
            old_warnings = self.warnings(old)
            self._write(after)
        try:
            said = self.reload(self.services)
        except LabError:
            self._write(before)
            self.recover(self.services)
            raise
        self._memory.write_text(json.dumps((chapter, dict(edits))), encoding="utf-8")
        self._history.append(known)
        new_warnings = tuple(text for text in self.warnings(new) if text not in old_warnings)
        return Change(names, "\n".join(_diff(old, new, names)), (*new_warnings, *said), time.monotonic() - started)

    def _edited(self, base: Mapping[str, str], edits: Mapping[str, str]) -> dict[str, str]:
        added = {name: f"{base[name]}\n# --- Deine Änderung ---\n{text}"
                 for name, text in edits.items() if name in self.appended}  # fmt: skip
        return {**base, **edits, **added}

    def _write(self, contents: Mapping[str, Mapping[str, str]]) -> None:
        for service in self.services:
            render.write(contents[service.node], service.folder / "etc")

    # --- what a role does in its own way --------------------------------------------------------------------------

    def place(self, file: str) -> str:
        """Where a file that the learner names belongs. Raises LabError for one that the role does not have."""
        name, known = str(PurePosixPath(file.strip())), self.base()
        if name not in known:
            nearest = difflib.get_close_matches(name, known, 1)
            hint = f"Meintest du {nearest[0]}?" if nearest else f"Vorhanden sind: {', '.join(known)}."
            raise LabError(f"Eine Datei {name} hat {self.role} nicht.", next_step=hint)
        return name

    def check(self, contents: Mapping[str, str]) -> None:
        """Raise LabError when the role's own checker rejects ``contents``."""

    def warnings(self, contents: Mapping[str, str]) -> list[str]:
        """German sentences about what the checker accepts although it cannot work."""
        return []

    def reload(self, services: list[Service]) -> list[str]:
        """Take the files into use and wait; what the servers complain about. Raises LabError when one does not answer."""
        for service in services:
            self.cluster.restart(service.node, wait=False)
        self.await_answer(services)
        return []

    def recover(self, services: list[Service]) -> None:
        """Start the services again with the files as they are now."""
        for service in services:
            self.cluster.restart(service.node)

    def await_answer(self, services: list[Service]) -> None:
        """Wait until all answer. Raises LabError with the last error in the log."""
        for service in services:
            if not self.cluster.wait_for([service], RELOAD_SECONDS, give_up=True):
                raise LabError(
                    f"{service.node} startet mit der neuen Konfiguration nicht; die alte gilt wieder.",
                    why=complaint(service, self.cluster.folder / "log"),
                    next_step=f"Ändere die Zelle und führe sie noch einmal aus. Mehr sagt `lab.logs({service.node!r})`.",
                )


class RedisConfiguration(Configuration):
    """redis.conf: a change restarts Redis, which forgets everything, because in the lab it stores nothing on disk."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, "redis", appended=("redis.conf",))

    def value(self, name: str) -> str:
        """A parameter as Redis itself gives it (sizes in bytes); empty when it does not know it."""
        with self._client() as client:
            return client.config_get(name).get(name, "")

    def usage(self) -> dict[str, int]:
        """used and limit in bytes, keys, refused: commands that ended in OOM since the start of Redis."""
        with self._client() as client:
            info = client.info("all")
        refused = int(dict(info.get("errorstat_OOM", {})).get("count", 0))
        keys = info.get("db0", {}).get("keys", 0)
        return {"used": info["used_memory"], "limit": info["maxmemory"], "keys": keys, "refused": refused}

    def learned(self) -> tuple[int, int]:
        """How many mails Bayes has learned as spam and as ham. Rspamd's controller says the same, but some seconds later."""
        with self._client() as client:
            spam, ham = client.hmget("RS", "learns_spam", "learns_ham")
        return int(spam or 0), int(ham or 0)

    def clear(self) -> None:
        """Forget everything: what was learned, counted and greylisted."""
        with self._client() as client:
            client.flushall()

    @contextmanager
    def _client(self) -> Iterator[redis.Redis]:
        """A connection. Raises Unreachable when Redis does not answer within five seconds."""
        import redis

        service = self.first
        try:
            with redis.Redis(
                host=service.address,
                port=service.ports["redis"],
                password=self.cluster.secrets["redis"],
                decode_responses=True,
                socket_timeout=5,
            ) as client:
                yield client
        except redis.RedisError as error:
            raise Unreachable(
                "Redis antwortet nicht.", why=str(error), next_step="Sieh mit `lab.status()` nach."
            ) from None


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
