"""What the composite explorer knows and does, without any widget: a forecast for an expression, and Rspamd's own word."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.errors import LabError
from labs.mails import catalogue, load_signed
from labs.plots.reading import forced
from labs.policy.system import System
from labs.rspamd.composites.parser import parse
from labs.rspamd.composites.tree import Atom, Valued, atoms
from labs.rspamd.dialect.passes import DEFAULT, POLICIES, Composite, Fate, Outcome, fires, run, unknown, written
from labs.rspamd.inquiry.before import Before, before_composites
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict, number

FILE = "local.d/composites.conf"
TOLERANCE = 0.02
"""Scores differ that much by rounding."""


@dataclass(frozen=True)
class Facts:
    """A mail in the configuration in force. ``verdict``: the usual one; ``before``: what composites find."""

    verdict: Verdict
    before: Before
    composites: tuple[Composite, ...]
    names: frozenset[str]
    groups: frozenset[str]

    @property
    def skipped(self) -> bool:
        """Whether an early result ended the scan: then Rspamd looks at no composite."""
        return bool(self.verdict.raw.get("is_skipped"))

    def outcome(self, *more: Composite) -> Outcome:
        """What comes of the configured composites and of ``more``."""
        composites = () if self.skipped else (*self.composites, *more)
        return run(composites, self.before.hits, self.before.verdict.score)

    def differences(self, outcome: Outcome, verdict: Verdict) -> list[str]:
        """Where a verdict is not the one that was expected, in German; what came after the composites does not count."""
        said = {hit.name: hit.score for hit in verdict.hits if hit.name not in self.before.late}
        expected = outcome.visible
        found = [f"{name} fehlt" for name in expected if name not in said]
        found += [f"{name} ist da" for name in said if name not in expected]
        found += [
            f"{name} {number(said[name], sign=True)} statt {number(score, sign=True)}"
            for name, score in expected.items()
            if abs(said.get(name, score) - score) > TOLERANCE
        ]
        if abs(verdict.score - outcome.score) > TOLERANCE:
            found.append(f"{number(verdict.score)} statt {number(outcome.score)} Punkte")
        return found


def facts_of(rspamd: Rspamd, verdict: Verdict) -> Facts:
    """The mail of ``verdict`` in the configuration in force; about 0.5 s. Raises LabError when Rspamd does not answer."""
    registry = Registry.of(rspamd)
    section, groups = registry.composites, registry.groups
    before = before_composites(rspamd.configuration, verdict, section, groups)
    return Facts(
        verdict,
        before,
        tuple(Composite.configured(section, rspamd.controller.weights(), groups)),
        frozenset({*registry.names, *section, *(hit.name for hit in before.verdict.hits)}),
        frozenset(group for names in groups.values() for group in names),
    )


@dataclass(frozen=True)
class Forecast:
    """What one more composite would do. ``unknown``: its atoms whose name nothing has."""

    facts: Facts
    composite: Composite
    outcome: Outcome
    unknown: tuple[Atom, ...]

    @property
    def result(self) -> Valued:
        return self.outcome.results[self.composite.name]

    @property
    def actions(self) -> tuple[str, str]:
        """The action that the points lead to: without and with the composite."""
        verdict = self.facts.verdict
        now, then = (action_at(score, verdict.thresholds) for score in (verdict.score, self.outcome.score))
        return now, then

    @property
    def caption(self) -> str:
        verdict = self.facts.verdict
        after = f", mit diesem Composite {number(self.outcome.score)}" if fires(self.result) else ""
        subject = verdict.subject if len(verdict.subject) <= 40 else f"{verdict.subject[:39].rstrip()}…"
        title = f"„{subject}“: " if subject else ""
        return f"{title}{number(verdict.score)} Punkte{after}"

    @property
    def touched(self) -> list[Fate]:
        """The symbols that this composite wants something for."""
        return [fate for fate in self.outcome.fates.values() if self._wishes(fate)]

    def reason(self, fate: Fate) -> str:
        """Why a symbol and its points stay or go, in German."""
        own = self._wishes(fate)
        prefixes = "".join(dict.fromkeys("".join(wish.atom.prefixes for wish in own)))
        why = [f"policy {self.composite.policy}" + (f", Präfix {prefixes}" if prefixes else "")]
        others = dict.fromkeys(wish.composite for wish in fate.requests if wish not in own)
        alone = Fate(fate.symbol, tuple(own))
        if fate.forced:
            why.append("^ erzwingt, dass beides wegfällt")
        elif (alone.stays, alone.keeps_points) != (fate.stays, fate.keeps_points):
            why.append(f"die vorsichtigere Regel gilt: {', '.join(others)}")
        return "; ".join(why)

    def nearest(self, atom: Atom) -> str:
        """The known name that looks most like the atom's, or ""."""
        known = {name.casefold(): name for name in (self.facts.groups if atom.group else self.facts.names)}
        found = difflib.get_close_matches((atom.group or atom.name).casefold(), known, 1)
        return known[found[0]] if found else ""

    def warnings(self) -> list[str]:
        """What Rspamd would not say."""
        found = []
        for atom in self.unknown:
            what, name = ("Eine Gruppe", atom.group) if atom.group else ("Ein Symbol", atom.name)
            hint = f" Meintest du {near}?" if (near := self.nearest(atom)) else ""
            if atom.name.replace(".", "").isdigit():
                hint = " Eine Zahl gilt nur hinter einem Vergleich, mit Leerzeichen davor und danach."
            found.append(f"{what} „{name}“ gibt es nicht. Rspamd meldet das nicht: Dieser Teil ist immer falsch.{hint}")
        for name in dict.fromkeys(
            atom.name for atom in atoms(self.composite.tree) if atom.name in self.facts.before.late
        ):
            found.append(
                f"{name} kommt von einem Postfilter. Composites sind vorher an der Reihe: Dieser Teil ist immer falsch."
            )
        if different := self.facts.differences(self.facts.outcome(), self.facts.verdict):
            found.append(
                "Schon ohne dieses Composite sagt die Vorhersage etwas anderes als Rspamd "
                f"({', '.join(different)}). Verlass dich auf „In Rspamd prüfen“."
            )
        return found

    def _wishes(self, fate: Fate) -> list:
        return [wish for wish in fate.requests if wish.composite == self.composite.name]


@dataclass(frozen=True)
class Check:
    """What Rspamd itself says. ``differences``: where the forecast was wrong; empty when it was right."""

    verdict: Verdict
    fired: bool
    differences: tuple[str, ...]

    def __str__(self) -> str:
        fired = "schlägt an" if self.fired else "schlägt nicht an"
        how = " (erzwungen, nicht nach Punkten)" if forced(self.verdict) else ""
        told = f"Rspamd: Das Composite {fired}; {number(self.verdict.score)} Punkte, {self.verdict.action}{how}."
        if not self.differences:
            return f"{told} Die Vorhersage stimmt."
        return f"{told} Die Vorhersage stimmt nicht: {', '.join(self.differences)}."


@dataclass
class CompositeModel:
    """``name``: of the composite, one that the configuration does not have; ``policy``: "" is Rspamd's default."""

    system: System
    expression: str = ""
    mail: str = "pillen"
    policy: str = ""
    weight: float = 5.0
    name: str = "MEIN_COMPOSITE"
    _facts: dict[tuple[str, str], Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.policy and self.policy not in POLICIES:
            raise LabError(f"Eine policy „{self.policy}“ gibt es nicht.", next_step=f"Nimm {', '.join(POLICIES)}.")
        if self.mail not in catalogue():
            load_signed(self.mail, self.system.cluster.secrets)  # says which names there are
            raise LabError("Der Erkunder braucht eine Beispielmail.", next_step="`lab.mails()` zeigt ihre Namen.")

    @staticmethod
    def mails() -> list[tuple[str, str]]:
        return [(f"{mail.group}: {mail.title}", name) for name, mail in catalogue().items()]

    @property
    def facts(self) -> Facts:
        """Of the chosen mail; asked anew when mail or configuration have changed. Raises LabError as Rspamd.scan does."""
        key = (self.mail, str(self.system.rspamd.configuration.state))
        if key not in self._facts:
            self._facts = {key: self._ask()}
        return self._facts[key]

    def _ask(self) -> Facts:
        return facts_of(self.system.rspamd, self.system.rspamd.scan(self.mail))

    def forecast(self) -> Forecast:
        """What the expression does to the mail. Raises LabError: the expression is wrong, or the scan was cut short."""
        tree, facts = parse(self.expression), self.facts
        if facts.skipped:
            raise LabError(
                "Für diese Mail wertet Rspamd keine Composites aus.",
                why="Ein frühes Ergebnis hat die Prüfung beendet, ehe sie an die Reihe kamen.",
                next_step="Wähle eine andere Mail.",
            )
        composite = Composite(self._free_name(facts), tree, self.policy or DEFAULT, self.weight)
        return Forecast(
            facts,
            composite,
            facts.outcome(composite),
            tuple(unknown(tree, facts.names | {composite.name}, facts.groups)),
        )

    def snippet(self) -> str:
        """The lines for composites.conf."""
        return written(self._free_name(self.facts), self.expression.strip(), self.policy, self.weight)

    def check(self) -> Check:
        """Let Rspamd itself judge the mail with this composite; afterwards the configuration is as before."""
        forecast, rspamd, configurations = self.forecast(), self.system.rspamd, self.system.configurations
        configurations.write(FILE, rspamd.configuration.read().get(FILE, "") + self.snippet())
        try:
            verdict = rspamd.scan(self.mail)
        finally:
            configurations.undo()
        different = forecast.facts.differences(forecast.outcome, verdict)
        if verdict.action != forecast.actions[1] and not forced(verdict):
            different.append(f"{verdict.action} statt {forecast.actions[1]}")
        fired = verdict.symbol(forecast.composite.name) is not None
        return Check(verdict, fired, tuple(different))

    def _free_name(self, facts: Facts) -> str:
        names = (f"{self.name}{f'_{number}' if number > 1 else ''}" for number in range(1, len(facts.names) + 2))
        return next(name for name in names if name not in facts.names)


def action_at(score: float, thresholds: Mapping[str, float]) -> str:
    """The action that a score leads to: of the highest threshold that it reaches."""
    reached = [(value, action) for action, value in thresholds.items() if score >= value - 0.0005]
    return max(reached)[1] if reached else "no action"
