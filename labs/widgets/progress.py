"""The progress widget: which exercises are solved, and a button that forgets it. labs/exercises/progress.py keeps it."""

from __future__ import annotations

import ipywidgets as widgets

from labs.chapters import Chapter, find
from labs.exercises.engine import exercises
from labs.exercises.progress import Progress, overview
from labs.widgets.callbacks import shows_errors


class ProgressView(widgets.VBox):
    """``progress``: the reader's. Erasing asks once more."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.table, self.notice = widgets.HTML(), widgets.HTML()
        self.refresh_button = widgets.Button(description="Aktualisieren", icon="refresh")
        self.erase_button = widgets.Button(description="Löschen …", icon="trash")
        self.refresh_button.on_click(self._refresh)
        self.erase_button.on_click(self._erase)
        super().__init__([self.table, widgets.HBox([self.refresh_button, self.erase_button]), self.notice])
        self._refresh()

    @shows_errors
    def _refresh(self, *_) -> None:
        tasks: dict[Chapter, list[tuple[str, str]]] = {}
        for exercise in exercises().values():
            tasks.setdefault(find(exercise.chapter), []).append((exercise.name, exercise.title))
        self.table.value = overview(self.progress.entries(), tasks)
        self.erase_button.description, self.notice.value = "Löschen …", ""

    @shows_errors
    def _erase(self, *_) -> None:
        if self.erase_button.description == "Löschen …":
            self.erase_button.description = "Wirklich löschen"
            self.notice.value = "Damit ist vergessen, was du gelöst hast. „Aktualisieren“ bricht ab."
            return
        self.progress.erase()
        self._refresh()
