"""The overview: the cluster's picture with live states, and buttons for each node. Views only; the model decides."""

from __future__ import annotations

import html
import threading
from functools import partial
from typing import ClassVar

import ipywidgets as widgets

from labs.cluster.cluster import Cluster
from labs.errors import LabError
from labs.plots.clustermap import Live
from labs.plots.parts import zone_title
from labs.widgets.callbacks import shows_errors, unexpected
from labs.widgets.overview_model import ACTIONS, OverviewModel

SECONDS = 1.0
"""Between two looks at the cluster."""

STYLE = """<style>
.lab-overview svg { display: block; }
.lab-overview .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-overview .lab-hint { color: var(--jp-ui-font-color1); line-height: 1.5; padding: .2em 0; }
.lab-overview .lab-node { align-items: center; min-width: 330px; flex: 1 1 380px; max-width: 460px; padding-left: 8px; }
.lab-overview .lab-node b { font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
.lab-overview .lab-node button { height: 24px; line-height: 22px; font-size: 11px; padding: 0 7px; width: auto; }
.lab-overview .lab-stopped { opacity: .4; filter: grayscale(1); }
</style>"""


class Overview(widgets.VBox):
    """Draws itself anew while cells run, from a thread of its own, until it is closed or the lab stops.

    Only the latest overview of a kernel follows the lab: a cell that is run again would leave the old one behind.
    """

    _latest: ClassVar[Overview | None] = None

    def __init__(self, cluster: Cluster) -> None:
        self.model = OverviewModel(cluster)
        self.live: Live | None = None
        self.renderings = 0
        self._closing, self._drawing = threading.Event(), threading.Lock()
        self.picture, self.notice = widgets.HTML(layout={"width": "100%"}), widgets.HTML()
        self.controls = widgets.Box(layout={"flex_flow": "row wrap", "display": "none"})
        self.buttons: dict[tuple[str, str], widgets.Button] = {}
        super().__init__([widgets.HTML(STYLE), self.picture, self.notice, self.controls])
        self.add_class("lab-overview")
        if Overview._latest is not None and Overview._latest.following:
            Overview._latest.rest("Eine neuere Übersicht zeigt das Labor; diese hier steht still.")
        Overview._latest = self
        if self._look():
            self.thread = threading.Thread(target=self._follow, name="lab-overview", daemon=True)
            self.thread.start()

    @property
    def following(self) -> bool:
        """Whether the picture still follows the lab."""
        return not self._closing.is_set()

    def rest(self, sentence: str) -> None:
        """Follow the lab no longer, and say why."""
        self._closing.set()
        self.picture.add_class("lab-stopped")
        self.controls.layout.display = "none"
        self.notice.value = f'<div class="lab-hint" role="status">{html.escape(sentence)}</div>'

    def close(self) -> None:
        self._closing.set()
        super().close()

    def _follow(self) -> None:
        while not self._closing.wait(SECONDS) and self._look():
            pass

    def _look(self) -> bool:
        """Take a look and draw what has changed; False when there is nothing to look at any more."""
        try:
            with self._drawing:
                self._show(self.model.look())
        except Exception as error:  # whatever it is: in a thread nobody would see it
            if self._closing.is_set():
                return False
            self.rest("")
            if self.model.cluster.running:
                self.notice.value = (error if isinstance(error, LabError) else unexpected(error)).html()
            else:
                self.notice.value = LabError(
                    "Das Labor läuft nicht mehr.",
                    next_step="Starte es mit `Lab.start()` und führe diese Zelle noch einmal aus.",
                ).html()
            return False
        return True

    def _show(self, live: Live) -> None:
        if live == self.live:
            return
        if self.live is None or {node for node, _ in self.buttons} != {node.name for node in self.model.controlled}:
            self._build_controls()
        self.picture.value = self.model.picture(live)
        for action in ACTIONS:
            for node in self.model.controlled:
                disabled = live.state(node) not in action.states
                self.buttons[node.name, action.name].disabled = disabled
        self.live, self.renderings = live, self.renderings + 1

    def _build_controls(self) -> None:
        rows = []
        self.buttons.clear()
        for node in self.model.controlled:
            name = widgets.HTML(f"<b>{html.escape(node.name)}</b>", layout={"width": "5.5em"})
            name.tooltip = f"{node.title} ({zone_title(node.zone)})"
            for action in ACTIONS:
                button = widgets.Button(
                    description=action.label, icon=action.icon, tooltip=f"{node.name}: {action.tooltip}"
                )
                button.on_click(partial(self._act, action.name, node.name))
                self.buttons[node.name, action.name] = button
            row = widgets.HBox([name, *(self.buttons[node.name, action.name] for action in ACTIONS)])
            row.add_class("lab-node")
            rows.append(row)
        self.controls.children, self.controls.layout.display = rows, ""

    @shows_errors
    def _act(self, action: str, node: str, *_) -> None:
        sentence = self.model.act(action, node)
        self.notice.value = f'<div class="lab-hint" role="status">{html.escape(sentence)}</div>'
        self._look()
