"""All configurations of a lab: which file belongs to which role, and changes to several roles as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from labs.chapters import find as find_chapter
from labs.cluster.cluster import Cluster
from labs.cluster.configuration import NO_CHANGE, Change, Configuration, State
from labs.cluster.topology import named
from labs.cluster.transaction import apply
from labs.cluster.watch import explained
from labs.errors import LabError

OWN = "rspamd-worker"
"""The role of files that are named without one."""


class Configurations(Mapping[str, Configuration]):
    """Role -> its configuration, of the roles that have a node now.

    Files are named as readers name them: "actions.conf" is the workers', "postfix-mx/main.cf" another role's. A change
    names its files likewise. Raises LabError: a file is refused, a server does not answer (the old files then stay).
    """

    def __init__(self, cluster: Cluster, made: Iterable[Configuration]) -> None:
        self.cluster = cluster
        self._made = {one.role: one for one in made}
        self._history: list[dict[str, State]] = []
        self._settings: dict = {}

    def __getitem__(self, role: str) -> Configuration:
        if not self._made[role].services:
            raise KeyError(role)
        return self._made[role]

    def __iter__(self) -> Iterator[str]:
        return (role for role, one in self._made.items() if one.services)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # --- names ----------------------------------------------------------------------------------------------------

    def of(self, role: str) -> Configuration:
        """The configuration of a role. Raises LabError when the lab has no node of it."""
        if role not in self:
            raise LabError(
                f"Von {role} ist in diesem Labor nichts zu ändern.",
                next_step=f'Vorhanden: {", ".join(self)}. Alle gibt es mit `Lab.start(profile="cluster")`.',
            )
        return self[role]

    def owner(self, file: str) -> tuple[Configuration, str]:
        """The configuration that a file belongs to, and the rest of its name."""
        role, _, name = file.partition("/")
        return (self.of(role), name) if role in self.cluster.roles else (self.of(OWN), file)

    def locate(self, file: str) -> tuple[Configuration, str]:
        """The same with the file's full name there. Raises LabError for a file that nobody has."""
        configuration, name = self.owner(file)
        return configuration, configuration.place(name)

    def place(self, file: str) -> str:
        """The full name of a file: "local.d/actions.conf", "postfix-mx/main.cf"."""
        configuration, name = self.locate(file)
        return name if configuration.role == OWN else f"{configuration.role}/{name}"

    # --- changes --------------------------------------------------------------------------------------------------

    def write(self, file: str, text: str) -> Change:
        """Replace one file, or add to it (see ``Configuration.appended``)."""
        configuration, name = self.locate(file)
        return self._change({configuration: lambda: configuration.with_file(name, text)})

    def set_up(self, files: Mapping[str, str], chapter: str = "") -> Change:
        """The configuration as shipped (with the chapter's) and exactly these edits to it: file -> text."""
        self._require_nodes_of(chapter)
        wanted: dict[str, dict[str, str]] = {role: {} for role in self}
        for file, text in files.items():
            configuration, name = self.locate(file)
            wanted[configuration.role][name] = text if text.endswith("\n") else f"{text}\n"
        return self.apply({role: (chapter, edits) for role, edits in wanted.items()})

    def reset(self, chapter: str = "") -> Change:
        """The configuration as shipped, and every node runs again. The diff is left out."""
        self._require_nodes_of(chapter)
        self.cluster.heal()
        return replace(self.set_up({}, chapter), diff="")

    def apply(self, wanted: Mapping[str, State]) -> Change:
        """Bring these roles into these states, or none of them."""
        return self._change({self[role]: lambda state=state: state for role, state in wanted.items()})

    def undo(self) -> Change:
        """Take back the last change made through this object, on all roles that it touched."""
        self._forget_other_runs()
        if not self._history:
            raise LabError(
                "Es gibt nichts rückgängig zu machen.",
                next_step="`lab.reset()` stellt die mitgelieferte Konfiguration wieder her.",
            )
        before = self._history[-1]
        change = self._change({self[role]: lambda state=state: state for role, state in before.items()}, note=False)
        self._history.pop()
        return change

    def _change(self, wanted: Mapping[Configuration, Callable[[], State]], *, note: bool = True) -> Change:
        """Make a change, and note what there was before."""
        self._forget_other_runs()
        with explained(self.cluster):
            steps = apply(wanted)
        known = {step.configuration.role: step.known for step in steps if step.names}
        if note and known:
            self._history.append(known)
        named_with_role = (
            step.change if step.configuration.role == OWN else step.change.within(step.configuration.role)
            for step in steps
        )
        return sum(named_with_role, NO_CHANGE)

    def _forget_other_runs(self) -> None:
        """What was changed in another run of the lab, or with other nodes, cannot be taken back."""
        settings = self.cluster.settings
        if settings != self._settings:
            self._settings, self._history = settings, []

    def _require_nodes_of(self, chapter: str) -> None:
        """Raise LabError when the lab does not run all nodes of a chapter, or there is no such chapter."""
        if not chapter:
            return
        nodes = self.cluster.nodes
        if missing := [name for name in named(*find_chapter(chapter).nodes) if name not in nodes]:
            raise LabError(
                f"Kapitel {chapter} braucht Knoten, die noch nicht laufen: {', '.join(missing)}.",
                next_step=f'`lab = Lab.start(chapter="{chapter}")` startet sie dazu.',
            )
