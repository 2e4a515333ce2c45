"""The configuration of all nodes of one role: what is there, and how a change of it is checked and taken into use.

A change is kept as *edits*: what differs from the files that the workbook ships. So a file that nobody touched stays
each node's own, with its own addresses, and ``reset`` is simply no edits. The edits lie beside the files, in the folder
that a change replaces as a whole: both tell the same, whatever ends a change. How it is done: labs/cluster/transaction.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from labs import files
from labs.cluster import render
from labs.cluster.cluster import Cluster
from labs.cluster.complaint import complaint
from labs.cluster.topology import Service
from labs.errors import LabError

State = tuple[str, Mapping[str, str]]
"""A chapter, and the edits to its files: file -> text."""
RELOAD_SECONDS = 5
MEMORY = ".edits.json"
"""The chapter and the edits of a folder, in it."""


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
    What is shown and checked is the first node's; a change reaches all of them. ``proven``: whether the files without
    edits need no check, as the workbook's own.
    """

    proven = True

    def __init__(self, cluster: Cluster, role: str, appended: tuple[str, ...] = ()) -> None:
        self.cluster, self.role, self.appended = cluster, role, appended

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
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MEMORY)
        return {str(path.relative_to(folder)): path.read_bytes().decode(errors="surrogateescape") for path in paths}

    def base(self, chapter: str = "", service: Service | None = None) -> dict[str, str]:
        """All files as the workbook ships them, with the chapter's overlay."""
        cluster = self.cluster
        return render.files(
            service or self.first, cluster.everyone, cluster.nodes, cluster.secrets, cluster.bundle, chapter
        )

    @property
    def state(self) -> tuple[str, dict[str, str]]:
        """The chapter and the edits that are in force: ``{file: text}``."""
        found = files.read_json(self.folder / MEMORY, dict)
        if found and isinstance(found.get("edits"), dict):
            return found.get("chapter", ""), found["edits"]
        return self.cluster.settings["chapter"], {}

    @property
    def edits(self) -> dict[str, str]:
        return self.state[1]

    # --- changing it ----------------------------------------------------------------------------------------------

    def with_file(self, file: str, text: str) -> State:
        """The state in force, and one more edit (see ``appended``). Raises LabError for a file that the role does not have."""
        chapter, edits = self.state
        return chapter, edits | {self.place(file): text if text.endswith("\n") else f"{text}\n"}

    def edited(self, edits: Mapping[str, str], chapter: str, service: Service) -> dict[str, str]:
        """All files of one node: those of the chapter with ``edits``."""
        base = self.under(self.base(chapter, service), edits)
        added = {name: f"{base[name]}\n# --- Deine Änderung ---\n{text}"
                 for name, text in edits.items() if name in self.appended}  # fmt: skip
        return {**base, **edits, **added}

    def under(self, base: Mapping[str, str], edits: Mapping[str, str]) -> Mapping[str, str]:
        """What of the shipped files stays beside these edits."""
        return base

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


def differences(before: Mapping[str, str], after: Mapping[str, str], names: tuple[str, ...]) -> str:
    """A unified diff of these files."""
    lines = [
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
    return "\n".join(lines)
