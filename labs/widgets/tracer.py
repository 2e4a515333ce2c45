"""The tracer: choose a mail and a way, and watch it go from node to node. Views only; tracer_model.py decides."""

from __future__ import annotations

import html
import threading

import ipywidgets as widgets

from labs.errors import LabError
from labs.smtp.post import Post
from labs.smtp.trace import Trace
from labs.widgets.callbacks import shows_errors, unexpected
from labs.widgets.journey import details, picture
from labs.widgets.model import OWN
from labs.widgets.tracer_model import PATIENCE, TracerModel

STYLE = """<style>
.lab-tracer svg { display: block; }
.lab-tracer .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-tracer .lab-hint { color: var(--jp-ui-font-color1); line-height: 1.5; padding: .2em 0; }
.lab-tracer table { font-size: 12px; line-height: 1.4; border-collapse: collapse; }
.lab-tracer td, .lab-tracer th { padding: .15em .5em; }
.lab-tracer pre { line-height: 1.4; font-size: 12px; }
.lab-tracer .widget-html-content { overflow-x: auto; }
</style>"""


class Tracer(widgets.VBox):
    """``mail``: a name of the catalogue, or the bytes of an own mail."""

    def __init__(self, post: Post, mail: str | bytes = "sauber") -> None:
        own = mail if isinstance(mail, bytes) else b""
        self.model = TracerModel(post, OWN if own else str(mail), own=own)
        self.thread: threading.Thread | None = None
        style, wide = {"description_width": "4em"}, {"flex": "1 1 300px", "max_width": "440px"}
        self.mail = widgets.Dropdown(
            options=self.model.mails(), value=self.model.choice, description="Mail", style=style, layout=wide
        )
        self.way = widgets.Dropdown(
            options=self.model.ways(), value=self.model.via, description="Weg", style=style, layout=wide
        )
        self.send_button = widgets.Button(
            description="Senden",
            button_style="primary",
            icon="paper-plane",
            tooltip="Die Mail durch das Labor schicken",
        )
        self.send_button.on_click(self._on_send)
        self.notice, self.details = widgets.HTML(), widgets.HTML(layout={"width": "100%"})
        self.picture = widgets.HTML(layout={"width": "100%"})
        inputs = widgets.HBox([self.mail, self.way, self.send_button], layout={"flex_flow": "row wrap"})
        super().__init__([widgets.HTML(STYLE), inputs, self.notice, self.picture, self.details])
        self.add_class("lab-tracer")
        self._begin()

    @shows_errors
    def _begin(self) -> None:
        self._say("Wähle eine Mail und einen Weg und drücke Senden.")
        self.picture.value = picture(self.model.empty())

    @shows_errors
    def _on_send(self, *_) -> None:
        self.send_button.disabled = True
        self.model.choice, self.model.via = self.mail.value, self.way.value
        self.details.value = ""
        self._say("Die Mail ist unterwegs.")
        self.thread = threading.Thread(target=self._watch, name="lab-tracer", daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        try:
            for trace in self.model.travel():
                self._show(trace)
            self._end(trace)
        except LabError as error:
            self.notice.value = error.html()
        except Exception as error:  # in a thread nobody would see it
            self.notice.value = unexpected(error).html()
        finally:
            self.send_button.disabled = False

    def _show(self, trace: Trace) -> None:
        self.picture.value = picture(trace)

    def _end(self, trace: Trace) -> None:
        self.details.value = details(trace)
        if trace.finished:
            self._say("Fertig. Das Bild zeigt die Schritte langsamer, als sie waren; die Zeiten stehen an den Knoten.")
        else:
            self._say(f"Nach {PATIENCE:.0f} Sekunden ist die Mail noch nicht am Ziel. Sie wartet in der Queue weiter.")

    def _say(self, sentence: str) -> None:
        self.notice.value = f'<div class="lab-hint" role="status">{html.escape(sentence)}</div>'
