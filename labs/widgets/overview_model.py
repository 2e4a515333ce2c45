"""What the overview knows and does, without any widget: the nodes' states, and a button's deed in one sentence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from labs.cluster.acts import ACTS
from labs.cluster.cluster import Cluster
from labs.cluster.topology import Node, links
from labs.cluster.watch import memory, states
from labs.errors import LabError
from labs.plots.clustermap import Live, alternative_text, clustermap, tooltips
from labs.plots.svg import svg
from labs.smtp.traffic import Traffic

MEMORY_SECONDS = 15
"""Memory takes much longer to read than the rest, and only a tooltip shows it."""


@dataclass(frozen=True)
class Action:
    """A button. ``states``: of a node for which it makes sense. ``said``: what is true afterwards."""

    name: str
    label: str
    tooltip: str
    icon: str
    states: tuple[str, ...]
    said: str


ACTIONS = (
    Action("kill", "Beenden", "SIGKILL: sofort, ohne Abschied", "stop", ("up", "frozen"),
           "Alle Prozesse von {} sind beendet (SIGKILL). Die Prozessüberwachung startet sie neu."),
    Action("freeze", "Einfrieren", "SIGSTOP: nimmt Verbindungen an und antwortet nie", "pause", ("up",),
           "{} ist eingefroren (SIGSTOP), nimmt Verbindungen an und antwortet nicht."),
    Action("resume", "Weiter", "SIGCONT: läuft weiter, wo es stand", "play", ("frozen",), "{} läuft weiter (SIGCONT)."),
    Action("restart", "Neu starten", "beenden wie im Betrieb und neu starten", "refresh", ("up", "down", "frozen"),
           "{} ist neu gestartet und antwortet."),
)  # fmt: skip


@dataclass
class OverviewModel:
    """``look`` may be called from another thread than ``act``."""

    cluster: Cluster
    nodes: Mapping[str, Node] = field(default_factory=dict)
    _settings: dict = field(default_factory=dict)
    _traffic: Traffic = field(default_factory=Traffic)
    _memory: Mapping[str, int] = field(default_factory=dict)
    _memory_at: float = float("-inf")

    def look(self) -> Live:
        """What is the case now; a few milliseconds. Raises LabError when the lab is not running."""
        cluster = self.cluster
        found, settings = states(cluster), cluster.settings
        if settings != self._settings:  # another run of the lab: new addresses, new logs
            self._settings, self._traffic, self._memory_at = settings, Traffic(), float("-inf")
            self.nodes = cluster.nodes
        if time.monotonic() - self._memory_at > MEMORY_SECONDS:
            self._memory, self._memory_at = memory(cluster), time.monotonic()
        return Live(found, self._traffic.count(self.nodes, datetime.now()), self._memory)

    def picture(self, live: Live) -> str:
        """The cluster as SVG."""
        allowed = links(self.nodes)
        return svg(
            clustermap(self.nodes, allowed, live),
            alternative_text(self.nodes, live),
            tooltips(self.nodes, allowed, live),
        )

    @property
    def controlled(self) -> list[Node]:
        """The nodes that have buttons: those with services, zone by zone."""
        return sorted(
            (node for node in self.nodes.values() if node.services), key=lambda node: _order(self.nodes, node)
        )

    def act(self, action: str, node: str) -> str:
        """Do it, and say what is true now. Raises LabError: lab down, node that does not come back."""
        known = {one.name: one for one in ACTIONS}
        if action not in known:
            raise LabError(f"Eine Handlung „{action}“ gibt es nicht.", next_step=f"Vorhanden sind: {', '.join(known)}.")
        ACTS[action](self.cluster, node)
        if action == "restart" and states(self.cluster)[node] != "up":
            raise LabError(f"{node} antwortet nach dem Neustart nicht.", next_step=f'`lab.logs("{node}")` sagt, warum.')
        return known[action].said.format(node)


def _order(nodes: Mapping[str, Node], node: Node) -> int:
    return list(dict.fromkeys(one.zone for one in nodes.values())).index(node.zone)
