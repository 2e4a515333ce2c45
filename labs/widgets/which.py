"""The profile explorer: change the envelope and see which settings profile holds, and why no other. Views only."""

from __future__ import annotations

import ipywidgets as widgets

from labs.errors import LabError
from labs.rspamd.rspamd import Rspamd
from labs.widgets.callbacks import shows_errors
from labs.widgets.which_model import WhichModel

STYLE = """<style>
.lab-profile-explorer .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-profile-explorer .lab-stale { opacity: .4; filter: grayscale(.8); }
.lab-profile-explorer .widget-html-content { overflow-x: auto; }
</style>"""
FIELDS = (
    ("mta_name", "MTA-Name", "incoming_default"), ("ip", "IP-Adresse", "192.0.2.10"),
    ("from_", "Absender", "name@partner.example"), ("rcpt", "Empfänger", "a@firma.example, b@firma.example"),
    ("user", "Angemeldet als", "leer: nicht angemeldet"), ("hostname", "Rückwärtsname", "mail.partner.example"),
    ("settings_id", "Settings-ID", "leer: der Client nennt keine"),
)  # fmt: skip


class ProfileExplorer(widgets.VBox):
    """``mail``: the sample to begin with, or "" for none."""

    def __init__(self, rspamd: Rspamd, mail: str = "sauber") -> None:
        self.model = WhichModel(rspamd)
        self.model.choose(mail)
        self._filling = False
        self.notice, self.result = widgets.HTML(), widgets.HTML(layout={"width": "100%"})
        self._build_inputs(mail)
        inputs = widgets.VBox([self.mail, *self.fields.values(), self.ask_button], layout={"flex": "1 1 320px"})
        outputs = widgets.VBox([self.notice, self.result], layout={"flex": "2 1 520px", "min_width": "340px"})
        columns = widgets.HBox([inputs, outputs], layout={"flex_flow": "row wrap", "align_items": "flex-start"})
        super().__init__([widgets.HTML(STYLE), columns])
        self.add_class("lab-profile-explorer")
        self._fill()
        self._show()

    def _build_inputs(self, mail: str) -> None:
        style, wide = {"description_width": "9em"}, {"width": "98%"}
        self.mail = widgets.Dropdown(
            options=self.model.mails(), value=mail, description="Mail", style=style, layout=wide
        )
        self.fields = {
            name: widgets.Text(description=label, placeholder=example, style=style, layout=wide)
            for name, label, example in FIELDS
        }
        self.fields["mta_name"] = widgets.Combobox(
            options=self.model.roles, description="MTA-Name", placeholder="incoming_default", style=style, layout=wide
        )
        self.ask_button = widgets.Button(
            description="Rspamd fragen", button_style="primary", icon="check", layout={"width": "auto"},
            tooltip="Rspamd prüft eine Mail mit diesem Umschlag und sagt, welches Profil es nahm",
        )  # fmt: skip
        self.mail.observe(self._on_mail, "value")
        for name, box in self.fields.items():
            box.observe(lambda change, name=name: self._on_field(name, change["new"]), "value")
        self.ask_button.on_click(self._on_ask)

    def _fill(self) -> None:
        """Put the model's envelope into the fields."""
        self._filling = True
        for name, box in self.fields.items():
            value = self.model.settings_id if name == "settings_id" else getattr(self.model.envelope, name)
            box.value = ", ".join(value) if name == "rcpt" else value
        self._filling = False

    @shows_errors
    def _on_mail(self, *_) -> None:
        self.model.choose(self.mail.value)
        self._fill()
        self._show()

    @shows_errors
    def _on_field(self, name: str, value: str) -> None:
        if not self._filling:
            self.model.set(name, value)
            self._show()

    def _show(self) -> None:
        """What follows from the configuration; while a field is wrong, the last answer stays, pale."""
        try:
            answer = self.model.decision()
        except LabError as error:
            self.notice.value = error.html()
            self.result.add_class("lab-stale")
            return
        self.notice.value = ""
        self.result.remove_class("lab-stale")
        self.result.value = answer._repr_html_()

    @shows_errors
    def _on_ask(self, *_) -> None:
        self.result.value = self.model.ask()._repr_html_()
        self.notice.value = ""
        self.result.remove_class("lab-stale")
