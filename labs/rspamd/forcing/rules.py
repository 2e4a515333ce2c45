"""The rules of force_actions.conf as values: what a rule says, what it saw of a mail, and what became of it.

Source: https://docs.rspamd.com/modules/force_actions, plugins/lua/force_actions.lua.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from labs.errors import LabError
from labs.rspamd.composites.tree import Atom, Valued
from labs.rspamd.dialect.sights import Sight
from labs.rspamd.verdict import Verdict, number


class Outcome(Enum):
    """What became of a rule; the value is the German heading. The first four leave a symbol FORCE_ACTION_*."""

    DECIDES = "setzt die Action"
    LATE = "kommt zu spät"
    WEAKER = "ändert nichts"
    OFF = "Action abgeschaltet"
    SAME = "nichts zu tun"
    BARRED = "gesperrt"
    FALSE = "Ausdruck falsch"
    EARLY = "läuft zu früh"
    NOT_RUN = "lief nicht"
    BROKEN = "kaputt"


MARKS = {True: "✓", False: "✗", None: ""}
"""Behind an atom: true or false."""
FIRED = (Outcome.DECIDES, Outcome.LATE, Outcome.WEAKER, Outcome.OFF)


@dataclass(frozen=True)
class Rule:
    """One rule of force_actions.conf. ``require``, ``honor``: None where the rule does not name it."""

    name: str
    action: str
    expression: str
    require: tuple[str, ...] | None = None
    honor: tuple[str, ...] | None = None
    message: str = ""
    subject: str = ""
    least: bool = False
    limit: float = 0.0

    @classmethod
    def of(cls, name: str, section: Mapping[str, Any]) -> Rule:
        return cls(
            name,
            str(section.get("action", "")),
            str(section.get("expression", "")),
            _listed(section.get("require_action")),
            _listed(section.get("honor_action")),
            str(section.get("message", "")),
            str(section.get("subject", "")),
            bool(section.get("least", False)),
            float(section.get("limit", 0)),
        )

    @property
    def postfilter(self) -> bool:
        """Whether it runs at the end, where composites are known; else it is a normal filter."""
        return self.require is not None or self.honor is not None

    def allows(self, action: str) -> bool:
        """Whether the rule may replace this action of the mail; honor_action is asked first."""
        return action not in (self.honor or ()) and (self.require is None or action in self.require)


@dataclass(frozen=True)
class Judged:
    """A rule and what became of it. ``tree``: its expression as the rule saw it; ``sight``: None when it did not run."""

    rule: Rule
    outcome: Outcome
    why: str
    sight: Sight | None = None
    tree: Valued | None = None

    @property
    def fired(self) -> bool:
        """Whether the verdict has its symbol FORCE_ACTION_*."""
        return self.outcome in FIRED

    @property
    def parts(self) -> list[tuple[str, bool | None]]:
        """The expression piece by piece: an atom with whether it was true, what lies between with None."""
        text, found, at = self.rule.expression, [], 0
        for leaf in self.tree.leaves() if self.tree and self.sight else ():
            if isinstance(leaf.node, Atom):
                found += [(text[at : leaf.node.start], None), (leaf.node.text, leaf.true)]
                at = leaf.node.start + len(leaf.node.text)
        return [part for part in (*found, (text[at:], None)) if part[0]]

    @property
    def true(self) -> bool | None:
        """Whether its expression was true when it ran; None when nobody knows."""
        if self.sight and self.sight.value is not None:
            return self.sight.value > self.rule.limit
        return self.tree.value > self.rule.limit if self.sight and self.tree else None


@dataclass(frozen=True)
class ForceActions:
    """All rules in the order in which they ran, then those that did not.

    ``verdict``: of the scan in which they were watched; ``running``: the running lab's, where it came to something else.
    """

    verdict: Verdict
    rules: tuple[Judged, ...] = ()
    running: Verdict | None = None

    @property
    def decider(self) -> Judged | None:
        """The rule whose action the mail ends with; None when it was none of them."""
        return next((judged for judged in self.rules if judged.outcome is Outcome.DECIDES), None)

    @property
    def headline(self) -> str:
        """How the mail ends, and who decided."""
        verdict = self.verdict
        by = self.decider.rule.name if self.decider else verdict.raw.get("passthrough_module") or "die Punkte"
        return f"{verdict.action} bei {number(verdict.score)} Punkten, entschieden durch {by}"

    @property
    def warning(self) -> str:
        """That the order of the rules changes the outcome; "" when the running lab came to the same."""
        if not self.running:
            return ""
        return (
            f"Im laufenden Rspamd endete dieselbe Mail mit {self.running.action}: Die Reihenfolge der Regeln ist nach jedem "
            "Start eine andere."
        )

    def rule(self, name: str) -> Judged:
        """The rule of that name. Raises LabError that lists all of them."""
        for judged in self.rules:
            if judged.rule.name == name:
                return judged
        names = ", ".join(judged.rule.name for judged in self.rules) or "keine"
        raise LabError(f"Eine Regel „{name}“ gibt es nicht.", next_step=f"Vorhanden sind: {names}.")

    def __str__(self) -> str:
        lines = [self.headline, *([self.warning] if self.warning else [])]
        for place, judged in enumerate(self.rules, 1):
            before = judged.sight.action if judged.sight else "–"
            marked = "".join(f"{text}{MARKS[true]}" for text, true in judged.parts)
            lines.append(
                f"{place}. {judged.rule.name} ({judged.rule.action}): {judged.outcome.value}. {judged.why}".rstrip()
            )
            lines.append(f"     Mail bis dahin: {before} · {marked}")
        return "\n".join(lines if self.rules else [*lines, "Es gibt keine Regel."])

    __repr__ = __str__


def _listed(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
