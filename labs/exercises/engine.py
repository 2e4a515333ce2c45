"""Exercises: a task, expectations that a machine checks, hints that depend on the result, a solution.

An exercise is a folder ``labs/chapters/CHAPTER/exercises/N-name`` with

- ``task.md``: what to do;
- ``expect.toml``: what must hold (labs/policy); in a mail exercise it judges what the reader got;
- ``hints.toml``: ``[[hint]]`` with ``when`` (a word of the findings, empty: always) and ``text``, from gentle to concrete;
- ``start/``: what the editor shows at first; without it the files as they are in force;
- ``solution/``: the files of local.d, or ``solution/mail.toml`` with the arguments of ``lab.scan`` or ``lab.send``;
- ``wrong/NAME/``: wrong answers in the same form, each with the hint that must appear in ``hint.txt``.

Instead of hints, start, solution and wrong answers it may ask a question: ``question.toml`` (see question.py). Then
``expect.toml`` shows, with the files of ``proof/`` if need be, that the right answer is right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from labs.chapters import chapters
from labs.cluster.configurations import Configurations
from labs.errors import LabError, Unreachable
from labs.exercises.question import Question, read_question
from labs.nodes import first_line
from labs.policy.expectation import Case, Setting, read
from labs.policy.system import System
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery


class Outcome(Enum):
    """The four ways a check can end."""

    RIGHT = "richtig"
    NOT_YET = "noch nicht"
    UNTOUCHED = "nicht bearbeitet"
    IMPOSSIBLE = "nicht prüfbar"


@dataclass(frozen=True)
class Result:
    """Outcome of one check. ``cases``: (title, what is not as expected) for each mail; ``hints``: those that apply."""

    outcome: Outcome
    cases: tuple[tuple[str, tuple[str, ...]], ...]
    hints: tuple[str, ...]

    @property
    def held(self) -> int:
        """How many cases are as expected."""
        return sum(not found for _, found in self.cases)

    def __str__(self) -> str:
        lines = [f"{self.outcome.value.capitalize()}."]
        lines += [
            f"  {'✗' if found else '✓'} {title}{': ' if found else ''}{'; '.join(found)}" for title, found in self.cases
        ]
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Exercise:
    """One exercise on disk."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name.partition("-")[2]

    @property
    def chapter(self) -> str:
        return self.folder.parent.parent.name

    @cached_property
    def task(self) -> str:
        """The task in Markdown."""
        return (self.folder / "task.md").read_text(encoding="utf-8")

    @cached_property
    def cases(self) -> list[Case | Setting]:
        return read(self.folder / "expect.toml")

    @property
    def title(self) -> str:
        """The task's heading without „Übung 1:“."""
        return self.task.partition("\n")[0].lstrip("# ").partition(": ")[2]

    @cached_property
    def question(self) -> Question | None:
        """The question, in an exercise that asks one."""
        path = self.folder / "question.toml"
        return read_question(path) if path.exists() else None

    @property
    def about_mail(self) -> bool:
        """Whether the reader scans or sends a mail."""
        return (self.folder / "solution/mail.toml").exists()

    @property
    def about_files(self) -> bool:
        """Whether the reader changes the configuration."""
        return not (self.about_mail or self.question)

    def start(self) -> dict[str, str]:
        """What the editor shows at first, where that is not simply the file in force."""
        return _files(self.folder / "start")

    def proof(self) -> dict[str, str]:
        """The files with which ``expect.toml`` shows what a question's right answer says."""
        return _files(self.folder / "proof")

    def solution(self) -> dict[str, str]:
        """The solution as ``{file: text}``."""
        return _files(self.folder / "solution")

    def shown_solution(self) -> dict[str, str]:
        """The solution as the reader types it: ``{first line of the cell: the rest}``."""
        if self.question:
            return {
                self.question.answers[position].text: self.question.answers[position].why
                for position in self.question.right
            }
        if self.about_files:
            return {first_line(name): text for name, text in self.solution().items()}
        arguments = tomllib.loads(self.solution()["mail.toml"])
        mail, (name, method) = arguments.pop("mail"), _call(arguments)
        call = ", ".join([f'"{mail}"', *(f'{name}="{value}"' for name, value in arguments.items())])
        return {f"{name} = lab.{method}({call})": f'lab.exercise("{self.name}", {name})'}

    def wrong(self) -> dict[str, tuple[dict[str, str], str]]:
        """Known wrong answers: ``{name: (files, the hint that must appear)}``."""
        return {
            path.name: (
                {name: text for name, text in _files(path).items() if name != "hint.txt"},
                (path / "hint.txt").read_text("utf-8").strip(),
            )
            for path in sorted((self.folder / "wrong").iterdir())
        }

    # --- the reader's answer --------------------------------------------------------------------------------------

    def texts(self, system: System) -> dict[str, str]:
        """What the editor shows: the reader's own text where there is one, else the start, else the file in force."""
        start, shown = self.start(), {}
        for name in self.solution():
            configuration, place = system.configurations.locate(name)
            shipped = "" if place in configuration.appended else configuration.base(self.chapter).get(place, "")
            shown[name] = configuration.edits.get(place, start.get(name, shipped))
        return shown

    def hand_in(self, system: System, texts: Mapping[str, str]) -> Result:
        """Make the chapter's configuration with exactly these files of the reader's, and the rest of the start; then check.

        Without ``texts`` what is in force is checked, as long as that is this chapter's configuration.
        """
        try:
            if texts or system.rspamd.configuration.state[0] != self.chapter:
                system.configurations.set_up({**self.start(), **texts}, self.chapter)
        except LabError as error:
            refused = system.cluster.running and not isinstance(error, Unreachable)
            return Result(Outcome.NOT_YET if refused else Outcome.IMPOSSIBLE, (), (str(error),))
        return self.check(system)

    def reset(self, system: System) -> None:
        """Take back what the reader did: the chapter's configuration as shipped."""
        system.configurations.set_up({}, self.chapter)

    def answer(self, chosen: Sequence[int]) -> Result:
        """Judge the chosen answers of a question (positions)."""
        assert self.question
        if not chosen:
            return Result(Outcome.UNTOUCHED, (), ("Wähle eine Antwort.",))
        judged = self.question.judge(chosen)
        right = tuple(sorted(chosen)) == self.question.right
        cases = tuple((answer.text, () if good else ("das stimmt nicht",)) for answer, good in judged)
        missing = ("Es fehlt noch eine richtige Antwort.",) if not right and all(good for _, good in judged) else ()
        return Result(
            Outcome.RIGHT if right else Outcome.NOT_YET, cases, (*(answer.why for answer, _ in judged), *missing)
        )

    def check(self, system: System, given: Verdict | Delivery | None = None) -> Result:
        """Judge the configuration of the lab, or in a mail exercise what the reader got (``given``)."""
        if self.about_mail and given is None:
            return Result(Outcome.UNTOUCHED, (), ("Gib dein Ergebnis mit: `lab.exercise(…, ergebnis)`.",))
        try:
            other = [] if self.about_mail else self._changed_files(system.configurations)
            found = [(case.title, tuple(case.findings(system, given))) for case in self.cases]
        except LabError as error:
            return Result(Outcome.IMPOSSIBLE, (), (str(error),))
        if not any(findings for _, findings in found):
            return Result(Outcome.RIGHT, tuple(found), ())
        own = {system.configurations.place(name) for name in self.solution()} if self.about_files else set()
        untouched = self.about_files and not own & set(other)
        foreign = ", ".join(name for name in other if name not in own)
        warning = f"Aus anderen Versuchen gilt noch {foreign}. Stelle mit `lab.reset()` den Anfang her und führe nur deine Lösung aus."
        hints = (*((warning,) if foreign else ()), *self._hints(found))
        return Result(Outcome.UNTOUCHED if untouched else Outcome.NOT_YET, tuple(found), hints or (_NO_HINT,))

    def _changed_files(self, configurations: Configurations) -> list[str]:
        """The configuration files that say something else than at the start of the exercise; comments do not count."""
        start = {configurations.place(name): text for name, text in self.start().items()}
        found = []
        for role, configuration in configurations.items():
            base = configuration.base(self.chapter)
            for name, text in configuration.edits.items():
                full = name if role == "rspamd-worker" else f"{role}/{name}"
                shipped = "" if name in configuration.appended else base.get(name, "")
                if _said(text) not in (_said(shipped), _said(start.get(full, shipped))):
                    found.append(full)
        return sorted(found)

    def _hints(self, found: list[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
        text = "\n".join(f"{title}: {finding}" for title, findings in found for finding in findings)
        hints = tomllib.loads((self.folder / "hints.toml").read_text(encoding="utf-8"))["hint"]
        return tuple(hint["text"].strip() for hint in hints if hint.get("when", "") in text)


_NO_HINT = "Vergleiche die Liste oben mit der Aufgabe: Was ist anders als verlangt?"


def _said(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def _call(arguments: dict[str, Any]) -> tuple[str, str]:
    """What the reader calls the result, and the lab's method that gives it."""
    return ("meine_mail", "send") if "via" in arguments else ("mein_urteil", "scan")


def exercises() -> dict[str, Exercise]:
    """All exercises by name, in the order of the chapters."""
    folders = (
        path.parent for chapter in chapters().values() for path in sorted(chapter.folder.glob("exercises/*/task.md"))
    )
    return {exercise.name: exercise for folder in folders if (exercise := Exercise(folder))}


def find(name: str) -> Exercise:
    """The exercise of that name. Raises LabError that lists all of them."""
    known = exercises()
    if name not in known:
        raise LabError(f"Eine Übung „{name}“ gibt es nicht.", next_step=f"Vorhanden sind: {', '.join(known)}.")
    return known[name]


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
