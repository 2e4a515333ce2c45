"""The dial of chapter 05: one slider for a mail's points, and what Rspamd and Postfix make of it. dial_model.py acts."""

from __future__ import annotations

import html

import ipywidgets as widgets

from labs.plots.ladder import alternative_text_ladder, ladder
from labs.plots.svg import svg
from labs.policy.system import System
from labs.widgets.callbacks import shows_errors
from labs.widgets.dial_model import HIGH, LOW, Dial, Shot

STYLE = """<style>
.lab-dial pre { line-height: 1.4; font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0; }
.lab-dial svg { display: block; }
.lab-dial .lab-stale { opacity: .4; filter: grayscale(.8); }
</style>"""


class DialView(widgets.VBox):
    """``points``: where the slider stands at first. Letting it go sends a fresh mail; a button sends the same once more."""

    def __init__(self, system: System, points: float = 0) -> None:
        self.dial = Dial(system)
        self.shot: Shot | None = None
        self.slider = widgets.FloatSlider(
            points, min=LOW, max=HIGH, step=0.5, description="Punkte", continuous_update=False, readout_format=".1f",
            layout={"width": "500px", "max_width": "95%"},
        )  # fmt: skip
        self.again_button = widgets.Button(
            description="Zweiter Versuch",
            icon="repeat",
            tooltip="Dieselbe Mail zwei Sekunden später noch einmal senden",
        )
        self.again_button.on_click(self._again)
        self.slider.observe(self._fresh, "value")
        self.notice, self.picture, self.details = widgets.HTML(), widgets.HTML(), widgets.HTML()
        super().__init__([
            widgets.HTML(STYLE), widgets.HBox([self.slider, self.again_button], layout={"flex_flow": "row wrap"}),
            self.notice, self.picture, self.details,
        ])  # fmt: skip
        self.add_class("lab-dial")
        self._fresh()

    def send(self, points: float) -> Shot:
        """Send a fresh mail with so many points, as moving the slider does."""
        return self.dial.send(points)

    def again(self, shot: Shot) -> Shot:
        """Send the same mail once more, as the button does."""
        return self.dial.again(shot)

    @shows_errors
    def _fresh(self, *_) -> None:
        self._wait("Die Mail ist unterwegs …")
        self._show(self.send(self.slider.value))

    @shows_errors
    def _again(self, *_) -> None:
        if self.shot:
            self._wait("Der sendende Server wartet zwei Sekunden und versucht es noch einmal …")
            self._show(self.again(self.shot))

    def _wait(self, sentence: str) -> None:
        self.again_button.disabled = True
        for view in (self.picture, self.details):
            view.add_class("lab-stale")
        self.notice.value = f'<p role="status">{sentence}</p>'

    def _show(self, shot: Shot) -> None:
        self.shot, hop, thresholds = shot, shot.first, self.dial.thresholds
        score = shot.wanted if hop.score is None else hop.score
        self.picture.value = svg(
            ladder(thresholds, score, hop.action, LOW, HIGH), alternative_text_ladder(thresholds, score, hop.action)
        )
        self.details.value, self.notice.value = details(shot), ""
        self.again_button.disabled = shot.delivery.code // 100 != 4
        for view in (self.picture, self.details):
            view.remove_class("lab-stale")


def details(shot: Shot) -> str:
    """Where the mail is, the last steps of the SMTP dialogue, the header lines; everything escaped."""
    dialogue = [
        exchange
        for exchange in shot.delivery.dialogue
        if exchange.said.split(" ")[0] in ("MAIL", "RCPT", "DATA", "(die")
    ]
    lines = "\n".join(f"{name}: {value}" for name, value in shot.headers)
    headers = f"<b>In der zugestellten Mail</b><pre>{html.escape(lines)}</pre>" if lines else ""
    said = "\n".join(map(str, dialogue))
    return (
        f'<p role="status"><b>{html.escape(shot.end)}</b></p><b>SMTP-Dialog</b><pre>{html.escape(said)}</pre>{headers}'
    )
