"""The exercise widget: task, editor or answers, Prüfen, Tipp, Lösung, Zurücksetzen. The engine decides (labs/exercises)."""

from __future__ import annotations

import html

import ipywidgets as widgets
from markdown_it import MarkdownIt

from labs.exercises.engine import Exercise, Outcome, Result
from labs.exercises.progress import Progress
from labs.policy.system import System
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery
from labs.widgets.callbacks import shows_errors

COLOURS = {
    Outcome.RIGHT: "#007A5A",
    Outcome.NOT_YET: "#8A5A00",
    Outcome.UNTOUCHED: "#555555",
    Outcome.IMPOSSIBLE: "#B00020",
}
STYLE = """<style>
.lab-exercise textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre; overflow-x: auto; }
.lab-exercise .lab-stale { opacity: .4; filter: grayscale(.8); }
.lab-exercise .widget-checkbox, .lab-exercise .widget-checkbox label { height: auto; width: 98%; white-space: normal; }
.lab-exercise .lab-single input { appearance: none; width: 1em; height: 1em; border: 1px solid var(--jp-ui-font-color2, #555); border-radius: 50%; vertical-align: middle; }
.lab-exercise .lab-single input:checked { background: radial-gradient(#0072B2 50%, transparent 55%); }
</style>"""
_markdown = MarkdownIt("commonmark", {"html": False})


class ExerciseView(widgets.VBox):
    """``given``: the reader's own verdict or delivery in a mail exercise."""

    def __init__(self, system: System, exercise: Exercise, given: Verdict | Delivery | None = None) -> None:
        self.system, self.exercise, self.given = system, exercise, given
        self.progress = Progress(system.cluster.name)
        self.shown = 0
        self.result: Result | None = None
        self.check_button = widgets.Button(description="Prüfen", button_style="primary", icon="check")
        self.hint_button = widgets.Button(description="Tipp", icon="lightbulb-o")
        self.solution_button = widgets.Button(description="Lösung", icon="eye")
        self.reset_button = widgets.Button(description="Zurücksetzen", icon="undo")
        self.notice, self.answer, self.hints, self.solution = (widgets.HTML() for _ in range(4))
        self.editor, self.choices = self._editor(), self._choices()
        for button, action in (
            (self.check_button, self._check), (self.hint_button, self._hint),
            (self.solution_button, self._solution), (self.reset_button, self._reset),
        ):  # fmt: skip
            button.on_click(action)
        buttons = [self.check_button, self.hint_button, self.solution_button, self.reset_button]
        if exercise.question:
            buttons.remove(self.hint_button)
        super().__init__([
            widgets.HTML(STYLE + _markdown.render(exercise.task)), *self.choices.values(), *self._shown_editor(),
            widgets.HBox(buttons), self.notice, self.answer, self.hints, self.solution,
        ])  # fmt: skip
        self.add_class("lab-exercise")
        self.layout.border_left = "4px solid #0072B2"
        self.layout.padding = "0 1em 1em"

    # --- what the reader works on ---------------------------------------------------------------------------------

    def _editor(self) -> dict[str, widgets.Textarea]:
        """File -> the field with its text; empty where no file is to be changed or the lab does not run."""
        self.loaded = (
            self.exercise.texts(self.system) if self.exercise.about_files and self.system.cluster.running else {}
        )
        fields = {}
        for name, text in self.loaded.items():
            lines = min(max(text.count("\n") + 2, 6), 24)
            fields[name] = widgets.Textarea(text, layout={"width": "98%", "height": f"{1.5 * lines:.1f}em"})
            fields[name].tooltip = f"Inhalt von {name}"
            fields[name].observe(self._stale, "value")
        return fields

    def _shown_editor(self) -> list[widgets.Widget]:
        shown: list[widgets.Widget] = []
        for name, field in self.editor.items():
            shown += [widgets.HTML(f"<b><code>{html.escape(name)}</code></b>"), field]
        return shown

    def _choices(self) -> dict[int, widgets.Checkbox]:
        """Position of an answer -> its box; where one answer is asked for, choosing it takes the others back."""
        if not self.exercise.question:
            return {}
        boxes = {}
        for position, answer in enumerate(self.exercise.question.answers):
            boxes[position] = widgets.Checkbox(
                description=_markdown.renderInline(answer.text), description_allow_html=True, indent=False
            )
            boxes[position].observe(self._chosen, "value")
            if not self.exercise.question.multiple:
                boxes[position].add_class("lab-single")
        return boxes

    def _chosen(self, change: dict) -> None:
        self._stale()
        if change["new"] and self.exercise.question and not self.exercise.question.multiple:
            for box in self.choices.values():
                if box is not change["owner"]:
                    box.value = False

    def _stale(self, *_) -> None:
        """The result no longer belongs to what the reader sees above it."""
        for view in (self.answer, self.hints):
            view.add_class("lab-stale")

    # --- buttons --------------------------------------------------------------------------------------------------

    @shows_errors
    def _check(self, *_) -> None:
        self.notice.value = "" if self.exercise.question else '<p role="status">Rspamd prüft …</p>'
        self.check_button.disabled = True
        try:
            self.result = self._judge()
        finally:
            self.check_button.disabled = False
            self.notice.value = ""
        for view in (self.answer, self.hints):
            view.remove_class("lab-stale")
        self.shown, self.hints.value = 0, ""
        self.answer.value = _result_html(self.result, bool(self.exercise.question))
        if self.result.outcome in (Outcome.RIGHT, Outcome.NOT_YET):
            self.progress.note(self.exercise.name, tried=True, solved=self.result.outcome is Outcome.RIGHT)

    def _judge(self) -> Result:
        if self.exercise.question:
            return self.exercise.answer([position for position, box in self.choices.items() if box.value])
        if not self.editor:
            return self.exercise.check(self.system, self.given)
        texts = {name: field.value for name, field in self.editor.items()}
        # Nothing changed here: the reader may have used a cell, and what is in force counts.
        result = self.exercise.hand_in(self.system, texts if texts != self.loaded else {})
        if result.cases:
            self._load()
        return result

    def _load(self) -> None:
        """Show the files as they are in force, also after a cell has changed them."""
        self.loaded = self.exercise.texts(self.system)
        for name, field in self.editor.items():
            field.value = self.loaded[name]

    @shows_errors
    def _hint(self, *_) -> None:
        if self.result is None:
            self._check()
        if self.result is None:
            return
        self.shown = min(self.shown + 1, len(self.result.hints))
        said = (
            _markdown.renderInline if self.result.cases else _lines
        )  # without cases it is an error, and quotes others
        items = "".join(f"<li>{said(text)}</li>" for text in self.result.hints[: self.shown])
        rest = len(self.result.hints) - self.shown
        more = f"<p>Noch {rest} {'Tipp' if rest == 1 else 'Tipps'}.</p>" if rest else ""
        self.hints.value = (
            f'<div role="status"><ol>{items}</ol>{more}</div>'
            if items
            else '<p role="status">Es ist kein Tipp nötig.</p>'
        )
        self.progress.note(self.exercise.name, hint=bool(items))

    @shows_errors
    def _solution(self, *_) -> None:
        if self.exercise.question:
            shown = "".join(
                f"<li><b>{_markdown.renderInline(text)}</b><br>{_markdown.renderInline(why)}</li>"
                for text, why in self.exercise.shown_solution().items()
            )
            shown = f"<ul>{shown}</ul>"
        else:
            cells = "\n\n".join(f"{head}\n{rest.rstrip()}" for head, rest in self.exercise.shown_solution().items())
            shown = f"<pre>{html.escape(cells)}</pre>"
        self.solution.value = f"<details open><summary>Lösung</summary>{shown}</details>"
        self.progress.note(self.exercise.name, revealed=True)

    @shows_errors
    def _reset(self, *_) -> None:
        if self.exercise.about_files:
            self.exercise.reset(self.system)
            self._load()
        for box in self.choices.values():
            box.value = False
        self.result, self.shown = None, 0
        for view in (self.answer, self.hints, self.solution, self.notice):
            view.value = ""


def _result_html(result: Result, asked: bool) -> str:
    """The outcome, what holds and what does not. ``asked``: a question, whose explanations are shown at once."""
    rows = "".join(
        f"<li>{'✗' if found else '✓'} {_markdown.renderInline(title) if asked else html.escape(title)}"
        f"{': ' if found else ''}{html.escape('; '.join(found))}</li>"
        for title, found in result.cases
    )
    head = f'<b style="color:#fff;background:{COLOURS[result.outcome]};padding:.1em .5em;border-radius:.25em">{result.outcome.value}</b>'
    part = ""
    if not asked and 0 < result.held < len(result.cases):
        part = f" {result.held} von {len(result.cases)} Punkten der Aufgabe stimmen schon."
    said = result.hints if asked or not result.cases else ()
    reasons = "".join(f"<p>{_markdown.renderInline(text) if asked else _lines(text)}</p>" for text in said)
    return f'<div role="status">{head}{part}<ul style="list-style:none;padding-left:.5em">{rows}</ul>{reasons}</div>'


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
