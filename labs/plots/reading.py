"""What the pictures say of a verdict, before anything is drawn."""

from __future__ import annotations

from math import isfinite

from labs.plots.text import clean, points
from labs.rspamd.verdict import Symbol, Verdict, number

NO_POINTS = 0.005
"""A score below this reads as 0,0: the symbol gave no points."""
TOLERANCE = 0.05
"""The sum of the symbols may differ that much from the score, by rounding."""


def scoring(verdict: Verdict) -> tuple[Symbol, ...]:
    """The symbols that gave or took points."""
    return tuple(hit for hit in verdict.hits if abs(hit.score) >= NO_POINTS)


def silent(verdict: Verdict) -> tuple[Symbol, ...]:
    """The symbols that fired without points."""
    return tuple(hit for hit in verdict.hits if not abs(hit.score) >= NO_POINTS)


def difference(verdict: Verdict) -> float:
    """What the score has beyond the sum of its symbols; 0 when that is only rounding."""
    rest = verdict.score - sum(hit.score for hit in scoring(verdict))
    return rest if abs(rest) > TOLERANCE else 0.0


def thresholds(verdict: Verdict) -> tuple[tuple[str, float], ...]:
    """Actions with the score from which they apply, lowest first. "no action" has none, whatever Rspamd writes."""
    pairs = [
        (action, value) for action, value in verdict.thresholds.items() if action != "no action" and isfinite(value)
    ]
    return tuple(sorted(pairs, key=lambda pair: pair[1]))


def thresholds_text(verdict: Verdict) -> str:
    """The thresholds in words: greylist ab 4, reject ab 15."""
    return ", ".join(f"{clean(action)[:30]} ab {points(value)}" for action, value in thresholds(verdict)) or "keine"


def forced(verdict: Verdict) -> bool:
    """Whether the action is not what points lead to, but a pre-result, a forced action or a settings entry.

    Greylisting is no such case: "soft reject" is how it answers, "no action" is what is left once it has passed.
    """
    if verdict.action in _by_points(verdict, verdict.score):
        # A pre-result may set the score to the threshold of its action (GTUBE); the symbols alone do not reach it.
        lifted = max(difference(verdict), 0.0)
        return bool(lifted) and verdict.action not in _by_points(verdict, verdict.score - lifted)
    return True


def force(verdict: Verdict) -> str:
    """The sentence about a forced action, with the module where Rspamd names it; "" when points decided."""
    if not forced(verdict):
        return ""
    module = clean(str(verdict.raw.get("passthrough_module") or ""))[:24]
    return f"Action erzwungen{f' (Modul {module})' if module else ''}, nicht durch Punkte"


def headline(verdict: Verdict) -> str:
    """Action and points: REJECT · 16,0 von 15 Punkten."""
    limit = f" von {points(verdict.required_score)} Punkten" if verdict.required_score else " Punkte"
    return f"{clean(verdict.action)[:24].upper()} · {number(verdict.score)}{limit}"


def _by_points(verdict: Verdict, score: float) -> set[str]:
    """The actions that ``score`` may lead to; more than one where it is rounded and close to a threshold."""
    limits = thresholds(verdict)
    if not limits:  # an older Rspamd: only the threshold of reject is known
        rejected = verdict.required_score > 0 and score + 0.01 >= verdict.required_score
        return {verdict.action} if rejected == (verdict.action == "reject") or not verdict.required_score else set()
    actions: set[str] = set()
    for exact in (score - 0.01, score + 0.01):
        reached = max((value for _, value in limits if value <= exact), default=None)
        actions |= {action for action, value in limits if value == reached} or {"no action"}
    return actions | ({"no action", "soft reject"} if "greylist" in actions else set())
