"""The composite explorer: type an expression and see its tree for a mail. Views only; composite_model.py decides."""

from __future__ import annotations

import html

import ipywidgets as widgets

from labs.errors import LabError
from labs.plots.expressiontree import alternative_text_tree, expression_tree, headline, tooltips_tree
from labs.plots.reading import forced
from labs.plots.svg import svg
from labs.policy.system import System
from labs.rspamd.dialect.passes import POLICIES, fires
from labs.rspamd.verdict import number
from labs.widgets.callbacks import shows_errors
from labs.widgets.composite_model import CompositeModel, Forecast

FIRST = "INCOMING & (DBL_SPAM | RBL_SPAMHAUS_CSS) & !MAILLIST"
"""What stands there when nothing else was asked for."""

STYLE = """<style>
.lab-composite svg { display: block; }
.lab-composite input[type="text"] { font-family: var(--jp-code-font-family, monospace); }
.lab-composite .lab-error { border-left: 4px solid #B00020; padding: .4em .8em; line-height: 1.5; }
.lab-composite .lab-notice { border-left: 4px solid #B26A00; padding: .2em .8em; line-height: 1.5; }
.lab-composite .lab-hint { color: var(--jp-ui-font-color1); line-height: 1.5; padding: .2em 0; }
.lab-composite .lab-stale { opacity: .4; filter: grayscale(.8); }
.lab-composite table { font-size: 12px; line-height: 1.4; border-collapse: collapse; }
.lab-composite td, .lab-composite th { padding: .15em .6em; text-align: left; vertical-align: top; }
.lab-composite td.lab-number { text-align: right; }
.lab-composite pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; line-height: 1.4; user-select: all; }
.lab-composite .widget-html-content { overflow-x: auto; }
</style>"""


class CompositeExplorer(widgets.VBox):
    """``expression``: to begin with; ``mail``: a name of the catalogue; ``policy``: "" is Rspamd's default."""

    def __init__(self, system: System, expression: str = "", mail: str = "pillen", policy: str = "") -> None:
        self.model = CompositeModel(system, expression or FIRST, mail, policy)
        self.notice, self.warnings = widgets.HTML(), widgets.HTML()
        self.picture, self.effects = widgets.HTML(layout={"width": "100%"}), widgets.HTML(layout={"width": "100%"})
        self.answer, self.snippet = widgets.HTML(), widgets.HTML(layout={"display": "none"})
        self._build_inputs()
        buttons = widgets.HBox([self.check_button, self.show_button], layout={"flex_flow": "row wrap"})
        self.result = widgets.VBox([self.picture, self.effects])
        super().__init__(
            [
                widgets.HTML(STYLE), self.mail, self.expression,
                widgets.HBox([self.policy, self.weight], layout={"flex_flow": "row wrap"}),
                self.notice, self.warnings, self.result, buttons, self.answer, self.snippet,
            ],
            layout={"max_width": "860px"},
        )  # fmt: skip
        self.add_class("lab-composite")
        self._show()

    def _build_inputs(self) -> None:
        style, model = {"description_width": "6em"}, self.model
        self.mail = widgets.Dropdown(
            options=model.mails(), value=model.mail, description="Mail", style=style, layout={"width": "98%"}
        )
        self.expression = widgets.Text(
            value=model.expression, description="Ausdruck", style=style, layout={"width": "98%"}, continuous_update=True
        )
        policies = [("(keine Angabe: remove_all)", ""), *((policy, policy) for policy in POLICIES)]
        self.policy = widgets.Dropdown(options=policies, value=model.policy, description="policy", style=style)
        self.weight = widgets.FloatText(
            value=model.weight, description="Punkte", step=0.5, style=style, layout={"width": "13em"}
        )
        self.check_button = widgets.Button(
            description="In Rspamd prüfen", button_style="primary", icon="check", layout={"width": "auto"},
            tooltip="Das Composite kurz in die Konfiguration schreiben, die Mail prüfen, alles zurücknehmen",
        )  # fmt: skip
        self.show_button = widgets.ToggleButton(
            description="So sieht es in composites.conf aus", icon="file-text-o", layout={"width": "auto"}
        )
        for box in (self.mail, self.expression, self.policy, self.weight):
            box.observe(self._on_change, "value")
        self.show_button.observe(self._on_toggle, "value")
        self.check_button.on_click(self._on_check)

    @shows_errors
    def _on_change(self, *_) -> None:
        model = self.model
        model.mail, model.expression = self.mail.value, self.expression.value
        model.policy, model.weight = self.policy.value, self.weight.value
        self.answer.value = ""
        self._show()

    def _show(self) -> None:
        """Draw everything anew; while the expression is wrong, the last picture stays, pale."""
        try:
            forecast = self.model.forecast()
        except LabError as error:
            self.notice.value, self.warnings.value, self.snippet.value = error.html(), "", ""
            self.result.add_class("lab-stale")
            self.check_button.disabled = True
            return
        self.result.remove_class("lab-stale")
        self.check_button.disabled = False
        self.notice.value = f'<div class="lab-hint" role="status">{html.escape(sentence(forecast))}</div>'
        self.warnings.value = "".join(
            f'<div class="lab-notice" role="alert">⚠ {html.escape(text)}</div>' for text in forecast.warnings()
        )
        self.picture.value = picture(forecast)
        self.effects.value = effects_html(forecast)
        self.snippet.value = f"<pre tabindex=0>{html.escape(self.model.snippet())}</pre>"

    @shows_errors
    def _on_toggle(self, *_) -> None:
        self.snippet.layout.display = "" if self.show_button.value else "none"

    @shows_errors
    def _on_check(self, *_) -> None:
        self.check_button.disabled = True
        self.answer.value = '<div class="lab-hint" role="status">Rspamd lädt das Composite und prüft die Mail …</div>'
        try:
            check = self.model.check()
            kind = "lab-notice" if check.differences else "lab-hint"
            told = html.escape(f"{check} Die Konfiguration ist wieder wie vorher.")
            self.answer.value = f'<div class="{kind}" role="status">{"" if check.differences else "✓ "}{told}</div>'
        except LabError as error:
            self.answer.value = error.html()
        finally:
            self.check_button.disabled = False


def picture(forecast: Forecast) -> str:
    """The tree as inline SVG."""
    result, name, caption = forecast.result, forecast.composite.name, forecast.caption
    figure = expression_tree(result, name, caption, forecast.outcome.fates, forecast.unknown)
    return svg(figure, alternative_text_tree(result, name, caption, forecast.unknown), tooltips_tree(result))


def sentence(forecast: Forecast) -> str:
    """Whether it fires, and what that does to score and action."""
    verdict, (now, then) = forecast.facts.verdict, forecast.actions
    said = headline(forecast.result, forecast.composite.name)
    points = (
        f"{number(verdict.score)} → {number(forecast.outcome.score)}"
        if fires(forecast.result)
        else f"weiter {number(verdict.score)}"
    )
    action = f"{now} → {then}" if now != then else f"weiter {now}"
    other = f" Eine andere Regel erzwingt jetzt {verdict.action}." if forced(verdict) else ""
    return f"{said}. Punkte: {points}. Action nach Punkten: {action}.{other}"


def effects_html(forecast: Forecast) -> str:
    """For each symbol that hit: whether it and its points stay, and why."""
    if not forecast.touched:
        return ""
    rows = "".join(
        f"<tr><th scope=row><code>{html.escape(fate.symbol.name)}</code></th>"
        f"<td class=lab-number>{number(fate.symbol.score, sign=True)}</td>"
        f"<td>Symbol {'bleibt' if fate.stays else 'fällt weg'}</td>"
        f"<td>Punkte {'bleiben' if fate.keeps_points else 'fallen weg'}</td>"
        f"<td>{html.escape(forecast.reason(fate))}</td></tr>"
        for fate in forecast.touched
    )
    head = "".join(
        f"<th scope=col>{title}</th>" for title in ("Getroffen", "Punkte", "Symbol", "Seine Punkte", "Warum")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
