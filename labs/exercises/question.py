"""Questions: single or multiple choice, with an explanation for each answer.

``question.toml`` of an exercise holds ``multiple`` (optional, default false) and ``[[answer]]`` tables with ``text``,
``why`` and, where it holds, ``right = true``. What makes the right answer right stands in the exercise's ``expect.toml``;
the tests hold it against the real servers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """One answer to choose. ``why``: what the reader learns after choosing it (Markdown)."""

    text: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """``multiple``: several answers may be right, and all of them must be chosen."""

    multiple: bool
    answers: tuple[Answer, ...]

    @property
    def right(self) -> tuple[int, ...]:
        """The positions of the right answers."""
        return tuple(position for position, answer in enumerate(self.answers) if answer.right)

    def judge(self, chosen: Sequence[int]) -> list[tuple[Answer, bool]]:
        """Each chosen answer, and whether choosing it was right, in the order of the question."""
        return [(self.answers[position], self.answers[position].right) for position in sorted(chosen)]


def read_question(path: Path) -> Question:
    """The question of one exercise."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    answers = tuple(
        Answer(entry["text"], entry["why"].strip(), entry.get("right", False)) for entry in document["answer"]
    )
    return Question(document.get("multiple", False), answers)
