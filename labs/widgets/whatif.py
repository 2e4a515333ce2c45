"""The what-if widget: change weights, thresholds, role or a composite and see what Rspamd would do.

Views only; whatif_model.py decides.
"""

from __future__ import annotations

import html

import ipywidgets as widgets

from labs.mails import Mail
from labs.plots.reading import force
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Symbol, Verdict
from labs.widgets import display
from labs.widgets.callbacks import shows_errors
from labs.widgets.whatif_model import WhatIfModel

STYLE = """<style>
.lab-whatif svg { display: block; }
.lab-whatif pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; line-height: 1.4; }
.lab-whatif .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-whatif .lab-hint { color: var(--jp-ui-font-color1); line-height: 1.4; }
.lab-whatif .lab-whynot { border-left: 4px solid #0072B2; padding: .2em .8em; line-height: 1.4; }
.lab-whatif .lab-whynot p { margin: .3em 0; }
.lab-whatif .lab-whynot code { overflow-wrap: anywhere; white-space: normal; }
.lab-whatif .widget-html-content { overflow: hidden; }
</style>"""

HINT = "Ändere links etwas. Ein zweiter Rspamd antwortet; das laufende Labor bleibt, wie es ist."


class WhatIf(widgets.VBox):
    """``mail``: a sample's name, a path, bytes, an EmailMessage (they are scanned now), or a verdict."""

    def __init__(self, rspamd: Rspamd, mail: Mail | Verdict) -> None:
        self.model = WhatIfModel.of(rspamd, mail)
        self._filling = False
        self._build_inputs()
        self._build_outputs()
        columns = widgets.HBox(
            [self.inputs, self.outputs], layout={"flex_flow": "row wrap", "align_items": "flex-start"}
        )
        super().__init__([widgets.HTML(STYLE), columns, self._build_why()])
        self.add_class("lab-whatif")
        self._show()

    # --- left: what to change -------------------------------------------------------------------------------------

    def _build_inputs(self) -> None:
        model, wide = self.model, {"width": "98%"}
        self.weights = {hit.name: self._weight(hit) for hit in model.before.hits}
        shown = [self.weights[hit.name] for hit in model.strongest]
        rest = [self.weights[hit.name] for hit in model.others]
        more = widgets.Accordion([widgets.VBox(rest)], titles=(f"Weitere Symbole ({len(rest)})",), layout=wide)
        more.selected_index = None
        self.thresholds, self.switches = {}, {}
        for action in sorted(model.before.thresholds, key=model.before.thresholds.get, reverse=True):
            self._threshold(action)
        self.role = widgets.Dropdown(
            options=[(role or "ohne MTA-Name", role) for role in model.roles], description="Rolle",
            style={"description_width": "9em"}, layout=wide,
        )  # fmt: skip
        self.role.observe(self._on_change, "value")
        texts = (("Name", "MEIN_COMPOSITE"), ("Ausdruck", "DBL_PHISH & !R_SPF_ALLOW"))
        self.name, self.expression = (
            widgets.Text(
                description=label,
                placeholder=example,
                continuous_update=False,
                style={"description_width": "9em"},
                layout=wide,
            )
            for label, example in texts
        )
        self.score = widgets.FloatText(
            value=5,
            step=0.5,
            description="Punkte",
            continuous_update=False,
            style={"description_width": "9em"},
            layout={"width": "16em"},
        )
        for box in (self.name, self.expression, self.score):
            box.observe(self._on_change, "value")
        composite = widgets.Accordion(
            [widgets.VBox([self.name, self.expression, self.score])], titles=("Ein Composite dazu",), layout=wide
        )
        composite.selected_index = None
        self.reset_button = widgets.Button(description="Zurücksetzen", icon="undo", tooltip="Alles wieder wie im Labor")
        self.reset_button.on_click(self._on_reset)
        sliders = [widgets.HBox([self.thresholds[action], self.switches[action]]) for action in self.thresholds]
        self.inputs = widgets.VBox(
            [
                widgets.HTML("<b>Gewichte</b>: Punkte der Symbole dieser Mail"), *shown, *([more] if rest else []),
                widgets.HTML("<b>Schwellen</b>: ab wie vielen Punkten welche Action gilt"), *sliders, self.role, composite,
                self.reset_button,
            ],
            layout={"width": "420px", "flex": "1 1 380px"},
        )  # fmt: skip

    def _weight(self, hit: Symbol) -> widgets.FloatText:
        box = widgets.FloatText(
            value=self.model.weight(hit), step=0.5, description=hit.name, continuous_update=False,
            style={"description_width": "19em"}, layout={"width": "98%"},
        )  # fmt: skip
        box.tooltip = hit.explanation or hit.name
        box.observe(self._on_change, "value")
        return box

    def _threshold(self, action: str) -> None:
        slider = widgets.FloatSlider(
            value=self.model.before.thresholds[action], min=-5, max=self.model.top, step=0.5, readout_format=".1f",
            description=action, continuous_update=False, style={"description_width": "9em"}, layout={"width": "78%"},
        )  # fmt: skip
        switch = widgets.Checkbox(value=False, description="aus", indent=False, layout={"width": "4em"})
        switch.tooltip = f"Keine Punktzahl führt zu {action}"
        for box in (slider, switch):
            box.observe(self._on_change, "value")
        self.thresholds[action], self.switches[action] = slider, switch

    @shows_errors
    def _on_change(self, *_) -> None:
        if self._filling:
            return
        model = self.model
        for hit in model.before.hits:
            model.set_weight(hit, self.weights[hit.name].value)
        for action, slider in self.thresholds.items():
            off = self.switches[action].value
            slider.disabled = off
            model.set_threshold(action, None if off else slider.value)
        model.set_role(self.role.value)
        model.set_composite(self.name.value, self.expression.value, self.score.value)
        self._show()

    @shows_errors
    def _on_reset(self, *_) -> None:
        model = self.model
        self._filling = True
        for hit in model.before.hits:
            self.weights[hit.name].value = model.weight(hit)
        for action, slider in self.thresholds.items():
            slider.value, slider.disabled, self.switches[action].value = model.before.thresholds[action], False, False
        self.role.value, self.name.value, self.expression.value, self.score.value = model.roles[0], "", "", 5
        self._filling = False
        self._on_change()

    # --- right: before and after ----------------------------------------------------------------------------------

    def _build_outputs(self) -> None:
        self.notice, self.headline = widgets.HTML(), widgets.HTML()
        self.picture, self.lines = widgets.HTML(layout={"width": "100%"}), widgets.HTML(layout={"width": "100%"})
        self.outputs = widgets.VBox(
            [self.notice, self.headline, self.picture, self.lines], layout={"flex": "2 1 560px", "min_width": "380px"}
        )

    def _show(self) -> None:
        """Ask Rspamd and show what it says. What fails leaves no result that no longer holds."""
        try:
            result, lines = self.model.run(), self.model.lines()
        except Exception:
            self.headline.value = self.picture.value = self.lines.value = ""
            raise
        note = force(result.after)
        hint = f"{note}: Gewichte und Schwellen ändern sie nicht." if note else HINT
        self.notice.value = f'<div class="lab-hint" role="status">{html.escape(hint)}</div>'
        self.headline.value = display.headline(result.after)
        changed = bool(self.model.changes)
        self.picture.value = display.comparison_html(result) if changed else display.picture(result.after)
        text = html.escape(lines)
        self.lines.value = (
            f"<b>So wird es dauerhaft</b><p>Ersetze Zeilen, die schon so beginnen.</p><pre tabindex=0>{text}</pre>"
            if changed
            else ""
        )

    # --- below: Warum nicht? --------------------------------------------------------------------------------------

    def _build_why(self) -> widgets.VBox:
        self.symbol = widgets.Combobox(
            options=self.model.names(), placeholder="Name eines Symbols", description="Warum nicht?",
            style={"description_width": "9em"}, layout={"width": "34em"},
        )  # fmt: skip
        self.why_button = widgets.Button(description="Antwort", icon="question", tooltip="Rspamd fragen")
        self.why_button.on_click(self._on_why)
        self.answer = widgets.HTML(layout={"width": "100%"})
        return widgets.VBox([widgets.HBox([self.symbol, self.why_button]), self.answer])

    @shows_errors
    def _on_why(self, *_) -> None:
        if self.symbol.value.strip():
            self.answer.value = self.model.why(self.symbol.value)._repr_html_()
