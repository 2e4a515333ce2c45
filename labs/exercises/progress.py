"""What the reader has solved, kept in the state folder: one JSON file a lab, so that tests never touch the reader's."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from labs import files, paths
from labs.chapters import Chapter


@dataclass(frozen=True)
class Entry:
    """One exercise. ``solved``: ISO date and time of the first right answer, or empty; ``revealed``: solution looked at."""

    tries: int = 0
    hints: int = 0
    revealed: bool = False
    solved: str = ""


class Progress:
    """The reader's progress in one lab: exercise name -> Entry."""

    def __init__(self, lab_name: str) -> None:
        self.path: Path = paths.state() / "progress" / f"{lab_name}.json"

    def entries(self) -> dict[str, Entry]:
        """What is noted; a damaged file counts as none."""
        known = {field.name for field in fields(Entry)}
        noted = files.read_json(self.path, dict) or {}
        return {
            name: Entry(**values)
            for name, values in noted.items()
            if isinstance(values, dict) and values.keys() <= known
        }

    def note(
        self, name: str, *, tried: bool = False, hint: bool = False, revealed: bool = False, solved: bool = False
    ) -> None:
        """Add to what is noted of one exercise; the first right answer keeps its date."""
        entries = self.entries()
        old = entries.get(name, Entry())
        entries[name] = replace(
            old,
            tries=old.tries + tried,
            hints=old.hints + hint,
            revealed=old.revealed or revealed,
            solved=old.solved or (datetime.now().isoformat(timespec="seconds") if solved else ""),
        )
        files.replace(self.path, json.dumps({key: asdict(entry) for key, entry in entries.items()}, indent=1))

    def erase(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)


def overview(entries: Mapping[str, Entry], chapters: Mapping[Chapter, list[tuple[str, str]]]) -> str:
    """The progress as HTML. ``chapters``: chapter -> its exercises as (name, title)."""
    total = sum(len(exercises) for exercises in chapters.values())
    done = sum(bool(entries.get(name, Entry()).solved) for exercises in chapters.values() for name, _ in exercises)
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left"><a href="{html.escape(chapter.name)}.ipynb">{html.escape(chapter.label)}</a></th>'
        f'<td style="text-align:left">{"<br>".join(_line(entries.get(name, Entry()), title) for name, title in exercises)}</td></tr>'
        for chapter, exercises in chapters.items()
    )
    return (
        f'<p><progress max="{total}" value="{done}" aria-label="Gelöste Übungen"></progress> '
        f"{done} von {total} Übungen gelöst</p><table>{rows}</table>"
    )


def _line(entry: Entry, title: str) -> str:
    mark = "✓" if entry.solved else "◐" if entry.tries else "○"
    said = "gelöst" if entry.solved else "begonnen" if entry.tries else "offen"
    tries = f" · {entry.tries} {'Versuch' if entry.tries == 1 else 'Versuche'}" if entry.tries else ""
    looked = " · Lösung angesehen" if entry.revealed else ""
    return f'<span title="{said}" aria-label="{said}">{mark}</span> {html.escape(title)}<small>{tries}{looked}</small>'
