"""The words of ``expect``: which value each takes, what it judges, and what a finding of it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labs.policy import forms, judges, meaning
from labs.policy.finding import Finding
from labs.policy.forms import Form
from labs.policy.observation import Observation


@dataclass(frozen=True)
class Word:
    """``form``: of its value; ``judge``: (value, what came) -> findings; ``means``: (finding, what came, weights) -> German.

    ``via``: whether it can be judged of a mail that went through Postfix.
    """

    form: Form
    judge: Callable[[Any, Observation], Iterable[Finding]]
    means: Callable[[Finding, Observation, Mapping[str, float]], str]
    via: bool = True


WORDS = {  # in the order of the report
    "smtp": Word(forms.CODE, judges.smtp, meaning.smtp),
    "reply": Word(forms.TEXT, judges.reply, meaning.reply),
    "action": Word(forms.TEXT, judges.action, meaning.action),
    "symbols": Word(forms.TEXTS, judges.symbols, meaning.symbols),
    "without": Word(forms.TEXTS, judges.without, meaning.without),
    "score": Word(forms.PAIR, judges.score, meaning.score),
    "scores": Word(forms.SCORES, judges.scores, meaning.scores),
    "path": Word(forms.TEXTS, judges.path, meaning.path),
    "headers": Word(forms.HEADERS, judges.headers, meaning.headers),
    "learned": Word(forms.LEARNED, judges.learned, meaning.learned),
    "ran": Word(forms.PAIR, judges.ran, meaning.ran, via=False),
}
_OTHERS = {
    "setting": "Die Zeile steht in einer Datei, die der Server nicht liest, oder eine spätere (override.d) gewinnt.",
    "impossible": "Der Fall sagt nichts über die Policy, solange das Labor nicht antwortet.",
}


def explained(finding: Finding, seen: Observation | str, weights: Mapping[str, float]) -> Finding:
    """The finding with its meaning. ``seen``: what it was found in; ``weights``: the symbols that are registered."""
    if isinstance(seen, Observation) and finding.kind in WORDS:
        return replace(finding, meaning=WORDS[finding.kind].means(finding, seen, weights))
    return replace(finding, meaning=_OTHERS.get(finding.kind, ""))
