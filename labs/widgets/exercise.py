"""The exercise widget: task, Prüfen, Tipp, Lösung. The engine decides (labs/exercises)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import ipywidgets as widgets
from markdown_it import MarkdownIt

from labs.exercises.engine import Exercise, Outcome, Result
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery

if TYPE_CHECKING:
    from labs.lab import Lab

COLOURS = {
    Outcome.RIGHT: "#007A5A",
    Outcome.NOT_YET: "#8A5A00",
    Outcome.UNTOUCHED: "#555555",
    Outcome.IMPOSSIBLE: "#B00020",
}


class ExerciseView(widgets.VBox):
    """``given``: the reader's own verdict or delivery in a mail exercise."""

    def __init__(self, lab: Lab, exercise: Exercise, given: Verdict | Delivery | None = None) -> None:
        self.lab, self.exercise, self.given = lab, exercise, given
        self.shown = 0
        self.result: Result | None = None
        task = MarkdownIt("commonmark", {"html": False}).render(exercise.task)
        self.check_button = widgets.Button(description="Prüfen", button_style="primary", icon="check")
        self.hint_button = widgets.Button(description="Tipp", icon="lightbulb-o")
        self.solution_button = widgets.Button(description="Lösung", icon="eye")
        self.answer, self.hints, self.solution = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.check_button.on_click(self._check)
        self.hint_button.on_click(self._hint)
        self.solution_button.on_click(self._solution)
        buttons = widgets.HBox([self.check_button, self.hint_button, self.solution_button])
        super().__init__([widgets.HTML(task), buttons, self.answer, self.hints, self.solution])
        self.layout.border_left = "4px solid #0072B2"
        self.layout.padding = "0 1em 1em"

    def _check(self, *_) -> None:
        self.check_button.disabled = True
        try:
            self.result = self.exercise.check(self.lab, self.given)
        finally:
            self.check_button.disabled = False
        self.shown, self.hints.value = 0, ""
        self.answer.value = _result_html(self.result)

    def _hint(self, *_) -> None:
        if self.result is None:
            self._check()
        self.shown = min(self.shown + 1, len(self.result.hints))
        items = "".join(f"<li>{MarkdownIt().renderInline(text)}</li>" for text in self.result.hints[: self.shown])
        rest = len(self.result.hints) - self.shown
        more = f"<p>Noch {rest} {'Tipp' if rest == 1 else 'Tipps'}.</p>" if rest else ""
        self.hints.value = (
            f'<div role="status"><ol>{items}</ol>{more}</div>'
            if items
            else '<p role="status">Es ist kein Tipp nötig.</p>'
        )

    def _solution(self, *_) -> None:
        cells = "\n\n".join(f"{head}\n{rest.rstrip()}" for head, rest in self.exercise.shown_solution().items())
        self.solution.value = f"<details open><summary>Lösung</summary><pre>{html.escape(cells)}</pre></details>"


def _result_html(result: Result) -> str:
    rows = "".join(
        f"<li>{'✗' if found else '✓'} {html.escape(title)}{': ' if found else ''}{html.escape('; '.join(found))}</li>"
        for title, found in result.cases
    )
    head = f'<b style="color:#fff;background:{COLOURS[result.outcome]};padding:.1em .5em;border-radius:.25em">{result.outcome.value}</b>'
    reason = "" if result.cases else "".join(f"<p>{html.escape(hint)}</p>" for hint in result.hints)
    return f'<div role="status">{head}<ul style="list-style:none;padding-left:.5em">{rows}</ul>{reason}</div>'
