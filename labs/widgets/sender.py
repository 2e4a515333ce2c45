"""The sender widget: choose a mail, change it, send it, look at the result. Views only; model.py decides."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import ipywidgets as widgets
import pandas as pd

from labs.mails import catalogue
from labs.rspamd.rspamd import Rspamd
from labs.visible import visible
from labs.widgets import display
from labs.widgets.callbacks import shows_errors
from labs.widgets.model import OWN, ROLES, Result, SenderModel
from labs.widgets.whatif import WhatIf

WHAT_IF = "Was wäre, wenn?"
TABS = ("Ergebnis", "Symbole", WHAT_IF, "Kopfzeilen", "Rohdaten", "Log")

STYLE = """<style>
.lab-sender textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre; overflow-x: auto; }
.lab-sender pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30em; overflow-y: auto; font-size: 12px; line-height: 1.4; }
.lab-sender .lab-result { transition: opacity .15s; }
.lab-sender .lab-stale { opacity: .4; filter: grayscale(.8); }
.lab-sender .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-sender .lab-hint { color: var(--jp-ui-font-color1); line-height: 1.4; }
.lab-sender .lab-notice { border-left: 4px solid #B26A00; padding: .2em .8em; }
.lab-sender table.dataTable { font-size: 12px; line-height: 1.35; }
.lab-sender table.dataTable td { white-space: normal; overflow-wrap: break-word; vertical-align: top; }
.lab-sender table.dataTable td:nth-child(4) { overflow-wrap: anywhere; }
.lab-sender table.dataTable td:first-child { font-size: 10px; }
.lab-sender .widget-html-content { overflow: hidden; }
.lab-sender svg { display: block; }
</style>"""


class Sender(widgets.HBox):
    """The widget itself. ``mail``: the sample to begin with."""

    def __init__(self, rspamd: Rspamd, mail: str = "sauber") -> None:
        self.model = SenderModel(rspamd)
        self._filling = False
        self._build_inputs()
        self._build_outputs()
        super().__init__(
            [widgets.HTML(STYLE), self.inputs, self.outputs],
            layout={"flex_flow": "row wrap", "align_items": "flex-start"},
        )
        self.add_class("lab-sender")
        self.template.value = mail

    # --- left: the mail -------------------------------------------------------------------------------------------

    def _build_inputs(self) -> None:
        style, wide = {"description_width": "9em"}, {"width": "98%"}
        options = [(f"{mail.group}: {mail.title}", name) for name, mail in catalogue().items()]
        self.template = widgets.Dropdown(
            options=[("Eigene Mail (hochladen oder einfügen)", OWN), *options],
            value=OWN,
            description="Vorlage",
            style=style,
            layout=wide,
        )
        self.hint = widgets.HTML()
        self.upload = widgets.FileUpload(
            accept=".eml,.txt,message/rfc822", multiple=False, description="Datei hochladen", layout={"width": "14em"}
        )
        self.text = widgets.Textarea(layout={"width": "98%", "height": "17em"}, continuous_update=True)
        self.text.tooltip = "Quelltext der Mail"
        self.role = widgets.Combobox(
            options=ROLES, description="Rolle", style=style, layout=wide, placeholder="MTA-Name"
        )
        self.fields = {
            "mta_name": self.role,
            **{
                name: widgets.Text(description=label, placeholder=example, style=style, layout=wide)
                for name, label, example in (
                    ("from_", "Absender", "name@partner.example"), ("rcpt", "Empfänger", "a@firma.example, b@firma.example"),
                    ("ip", "IP-Adresse", "192.0.2.10"), ("helo", "HELO", "mail.partner.example"),
                    ("hostname", "Rückwärtsname", "mail.partner.example"), ("user", "Angemeldet als", "leer: nicht angemeldet"),
                )
            },
        }  # fmt: skip
        self.send_button = widgets.Button(
            description="Senden",
            button_style="primary",
            icon="paper-plane",
            tooltip="Diese Mail von Rspamd prüfen lassen",
        )
        self.reset_button = widgets.Button(
            description="Zurücksetzen", icon="undo", tooltip="Vorlage und Umschlag wiederherstellen"
        )
        self.template.observe(self._on_choose, "value")
        self.upload.observe(self._take_upload, "value")
        self.text.observe(self._on_edit, "value")
        for box in self.fields.values():
            box.observe(self._on_edit, "value")
        self.send_button.on_click(self._on_send)
        self.reset_button.on_click(self._on_choose)
        self.inputs = widgets.VBox(
            [
                self.template, self.hint, self.upload, widgets.HTML("<b>Quelltext der Mail</b>"), self.text,
                widgets.HTML("<b>Umschlag</b>: was der SMTP-Dialog über die Mail sagt"), *self.fields.values(),
                widgets.HBox([self.send_button, self.reset_button]),
            ],
            layout={"width": "420px", "flex": "1 1 380px"},
        )  # fmt: skip

    @shows_errors
    def _on_choose(self, *_) -> None:
        if self._filling:
            return
        self.model.choose(self.template.value)
        self._show_mail()

    @shows_errors
    def _take_upload(self, *_) -> None:
        if self.upload.value and not self._filling:
            self.model.upload(bytes(self.upload.value[0]["content"]))
            self._filling = True
            self.template.value, self.upload.value = OWN, ()
            self._filling = False
            self._show_mail()

    def _show_mail(self) -> None:
        if self._filling:
            return
        self._filling = True
        envelope = self.model.envelope
        self.hint.value = f'<div class="lab-hint"><b>{"Worauf achten" if self.model.choice else "Eigene Mail"}:</b> {html.escape(self.model.shows)}</div>'
        self.text.value = self.model.text
        for name, box in self.fields.items():
            box.value = ", ".join(envelope.rcpt) if name == "rcpt" else getattr(envelope, name)
        self._filling = False
        self.notice.value = ""
        self._show_staleness()

    @shows_errors
    def _on_edit(self, *_) -> None:
        if self._filling:
            return
        values = {name: box.value.strip() for name, box in self.fields.items()}
        values["rcpt"] = tuple(part.strip() for part in values["rcpt"].split(",") if part.strip())
        self.model.text = self.text.value
        self.model.envelope = replace(self.model.envelope, **values)
        self._show_staleness()

    # --- right: the result ----------------------------------------------------------------------------------------

    def _build_outputs(self) -> None:
        self.notice = widgets.HTML('<div class="lab-hint">Wähle links eine Mail und drücke <b>Senden</b>.</div>')
        self.headline = widgets.HTML()
        self.tab = widgets.ToggleButtons(options=TABS, style={"button_width": "auto"}, layout={"display": "none"})
        self.tab.observe(self._fill_tab, "value")
        self.view = widgets.VBox()
        self.view.add_class("lab-result")
        self.picture, self.source = widgets.HTML(layout={"width": "100%"}), widgets.HTML(layout={"width": "100%"})
        self.before = widgets.Dropdown(description="Vergleiche", layout={"width": "98%"})
        self.after = widgets.Dropdown(description="mit", layout={"width": "98%"})
        self.difference = widgets.HTML(layout={"width": "100%"})
        for box in (self.before, self.after):
            box.observe(self._compare, "value")
        self.history = widgets.VBox(
            [widgets.HTML("<b>Verlauf</b>"), self.before, self.after, self.difference], layout={"display": "none"}
        )
        self.outputs = widgets.VBox(
            [self.notice, self.headline, self.tab, self.view, self.history],
            layout={"flex": "2 1 560px", "min_width": "380px"},
        )

    @shows_errors
    def _on_send(self, *_) -> None:
        self.send_button.disabled = True
        try:
            self._show(self.model.send())
        finally:
            self.send_button.disabled = False

    def _show(self, result: Result) -> None:
        self.headline.value = display.headline(result.verdict)
        self.tab.layout.display = ""
        self._fill_tab()
        self._show_history()
        self._show_staleness()

    @property
    def _result(self) -> Result | None:
        return self.model.results[-1] if self.model.results else None

    @shows_errors
    def _fill_tab(self, *_) -> None:
        """Fill the visible tab only: the picture must be there at once."""
        if self._result is None:
            return
        verdict = self._result.verdict
        if self.tab.value == "Ergebnis":
            self.picture.value = display.picture(verdict)
            self.view.children = [self.picture]
        elif self.tab.value == "Symbole":
            self.view.children = [self._symbol_table()]
        elif self.tab.value == WHAT_IF:
            self.view.children = [WhatIf(self.model.rspamd, verdict)]
        else:
            content = {
                "Kopfzeilen": lambda: (
                    "\n".join(f"{name}: {value}" for name, value in verdict.headers.items())
                    or "Rspamd fügt keine Kopfzeilen an."
                ),
                "Rohdaten": lambda: json.dumps(verdict.raw, indent=2, ensure_ascii=False),
                "Log": lambda: self.model.rspamd.log(verdict) or "Zu dieser Mail steht nichts im Log.",
            }[self.tab.value]()
            self.source.value = f"<pre tabindex=0>{html.escape(visible(content))}</pre>"
            self.view.children = [self.source]

    def _symbol_table(self) -> widgets.DOMWidget:
        from itables.widget import ITable

        verdict = self._result.verdict
        rows = [
            (
                hit.name,
                f"{hit.score:.2f}".replace(".", ","),
                hit.explanation,
                hit.details,
                f"{hit.family} ({', '.join(hit.groups)})",
            )
            for hit in verdict.hits
        ]
        frame = pd.DataFrame(rows, columns=["Symbol", "Punkte", "Erklärung", "Optionen", "Gruppe"])
        # a new table each time: DataTables cannot sort a view that was taken away and shown again
        return ITable(
            frame,
            showIndex=False,
            text_in_header_can_be_selected=False,  # a click anywhere in the header sorts
            allow_html=False,
            paging=False,
            classes="display compact",
            scrollY="26em",
            style="width:100%",
            language=_LANGUAGE,
            columnDefs=[{"targets": 2, "width": "38%"}],
        )

    def _show_staleness(self) -> None:
        if self.model.stale:
            self.view.add_class("lab-stale")
            self.headline.add_class("lab-stale")
            self.notice.value = '<div class="lab-notice" role="status"><b>Ergebnis veraltet:</b> Links hat sich etwas geändert. <b>Senden</b> prüft neu.</div>'
        else:
            self.view.remove_class("lab-stale")
            self.headline.remove_class("lab-stale")
            if self._result is not None:
                self.notice.value = (
                    f'<div class="lab-hint" role="status">Ergebnis #{self._result.number} um {self._result.clock}</div>'
                )

    def _show_history(self) -> None:
        results = self.model.results
        if len(results) < 2:
            return
        options = [(result.label, result.number) for result in results]
        self._filling = True
        self.before.options = self.after.options = options
        self.before.value, self.after.value = results[-2].number, results[-1].number
        self._filling = False
        self.history.layout.display = ""
        self._compare()

    @shows_errors
    def _compare(self, *_) -> None:
        if self._filling or self.before.value is None or self.after.value is None:
            return
        self.difference.value = display.comparison_html(self.model.compare(self.before.value, self.after.value))


_LANGUAGE = {
    "decimal": ",",
    "thousands": ".",
    "search": "Suchen:",
    "info": "_TOTAL_ Symbole",
    "infoEmpty": "keine Symbole",
    "infoFiltered": "(von _MAX_)",
    "zeroRecords": "Kein Symbol passt dazu.",
    "emptyTable": "Kein Symbol hat angeschlagen.",
    "aria": {"orderable": "aktivieren, um zu sortieren", "orderableReverse": "aktivieren, um umgekehrt zu sortieren"},
}
