"""Which force_actions rules act on one mail, in which order, and why the others do not: from what Rspamd itself saw.

The mail is scanned again in a spare worker, which notes for every rule the mail's action and symbols at the moment when
the rule looks at them. Source: https://docs.rspamd.com/modules/force_actions, plugins/lua/force_actions.lua.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, Valued, evaluate
from labs.rspamd.dialect.lua import lua
from labs.rspamd.dialect.sights import FAINT, Sight, sights
from labs.rspamd.dialect.trace import Trace
from labs.rspamd.forcing.rules import ForceActions, Judged, Outcome, Rule
from labs.rspamd.inquiry.spare import spare
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Symbol, Verdict


def force_actions(rspamd: Rspamd, verdict: Verdict, rules: str = "") -> ForceActions:
    """Watch the rules for the mail of ``verdict``; ``rules``: to be tried in the place of force_actions.conf, unchecked.

    The outcome is compared with the running worker's. About 0.5 s. Raises LabError: the verdict has no mail, the spare worker does not start.
    """
    asked = verdict.repeatable()
    edits = {"lua.local.d/zz-force-actions.lua": lua("force_actions")} | (
        {"local.d/force_actions.conf": rules} if rules else {}
    )
    with spare(rspamd.configuration, edits) as second:
        found = second.worker.scan(asked.mail, asked.envelope, {}, settings_id=asked.settings_id)
        lines = second.trace(found)
        known = json.loads((second.folder / "force_actions.json").read_text(encoding="utf-8"))
    listed = known["rules"] if isinstance(known["rules"], dict) else {}
    parsed = [Rule.of(name, section) for name, section in listed.items() if isinstance(section, dict)]
    judged = judge(found, parsed, lines, frozenset(known["composites"]), frozenset(known["known"]))
    if rules:
        return judged
    now = rspamd.worker.scan(asked.mail, asked.envelope, {}, settings_id=asked.settings_id)
    return replace(judged, running=now) if now.action != found.action else judged


def judge(
    verdict: Verdict, rules: Sequence[Rule], lines: Sequence[str], composites: frozenset[str], known: frozenset[str]
) -> ForceActions:
    """Say of each rule what became of it. ``lines``: the spare worker's log of the scan; ``known``: registered symbols."""
    watch = _Watch(verdict, sights(lines), Trace.parse(lines), composites, known)
    by_name = {rule.name: rule for rule in rules}
    ran = [by_name[name] for name in watch.sights if name in by_name]
    rest = sorted((rule for rule in rules if rule.name not in watch.sights), key=lambda rule: rule.name)
    decider = watch.decider(ran)
    return ForceActions(verdict, tuple(watch.judged(rule, decider) for rule in [*ran, *rest]))


@dataclass(frozen=True)
class _Watch:
    """All that is known of the scan."""

    verdict: Verdict
    sights: Mapping[str, Sight]
    trace: Trace
    composites: frozenset[str]
    known: frozenset[str]

    def decider(self, ran: Sequence[Rule]) -> str:
        """The rule whose action the mail ends with: the first that set one for good, else a ``least`` that was needed."""
        module = self.verdict.raw.get("passthrough_module")
        if module not in (None, "force_actions") or (not module and self.verdict.action == self._by_points):
            return ""
        effective = [rule for rule in ran if self.sights[rule.name].fired and not self.sights[rule.name].off]
        final = [rule for rule in effective if not rule.least]
        least = [
            rule for rule in effective if _spoken(rule.action) == self.verdict.action != self.sights[rule.name].action
        ]
        return next((rule.name for rule in [*final, *least]), "")

    @property
    def _by_points(self) -> str:
        """The action that the score alone leads to."""
        limits = [(limit, action) for action, limit in self.verdict.thresholds.items() if action != "no action"]
        return max((pair for pair in limits if pair[0] <= self.verdict.score + 0.005), default=(0, "no action"))[1]

    def judged(self, rule: Rule, decider: str) -> Judged:
        sight = self.sights.get(rule.name)
        tree, error = self._tree(rule, sight)
        judged = Judged(rule, Outcome.NOT_RUN, "", sight, tree)
        if not rule.action or not rule.expression:
            return replace(
                judged, outcome=Outcome.BROKEN, why="Ohne action oder ohne expression übergeht Rspamd die Regel."
            )
        if not sight:
            return replace(judged, **self._not_run(error))
        if sight.fired:
            return replace(judged, **self._fired(rule, sight, decider))
        if sight.action == rule.action and not (rule.message or rule.subject):
            why = f"Die Mail hat schon die Action {rule.action}, und die Regel hat keine eigene message."
            return replace(judged, outcome=Outcome.SAME, why=why)
        if not rule.allows(sight.action):
            listed = "steht in honor_action" if sight.action in (rule.honor or ()) else "fehlt in require_action"
            return replace(judged, outcome=Outcome.BARRED, why=f"{sight.action} {listed}.")
        if judged.true:
            return replace(judged, outcome=Outcome.BROKEN, why=f"Eine Action „{rule.action}“ kennt Rspamd nicht.")
        early, why = self._false(rule, sight, tree)
        return replace(judged, outcome=Outcome.EARLY if early else Outcome.FALSE, why=error or why)

    def _tree(self, rule: Rule, sight: Sight | None) -> tuple[Valued | None, str]:
        """The expression with what each atom was worth, and what is wrong with it."""
        try:
            tree = parse(rule.expression)
        except ExpressionError as error:
            return None, str(error).partition("\n")[0]

        def find(atom: Atom) -> list[Symbol]:
            score = sight.symbols.get(atom.text) if sight else None
            return [] if score is None else [Symbol(atom.text, max(abs(score), FAINT), score, (), "", (), 0.0)]

        return evaluate(tree, find), ""

    def _not_run(self, error: str) -> dict[str, Any]:
        if error:
            return {"outcome": Outcome.BROKEN, "why": f"Rspamd versteht den Ausdruck nicht: {error}"}
        module = self.verdict.raw.get("passthrough_module", "")
        if module:
            return {"outcome": Outcome.NOT_RUN, "why": f"{module} hat die Prüfung vorher beendet."}
        return {"outcome": Outcome.NOT_RUN, "why": "Rspamd hat die Regel für diese Mail nicht gestartet."}

    def _fired(self, rule: Rule, sight: Sight, decider: str) -> dict[str, Any]:
        if sight.off:
            why = f"Das Settings-Profil schaltet {rule.action} ab: Das Symbol erscheint, die Action bleibt."
            return {"outcome": Outcome.OFF, "why": why}
        if rule.name == decider:
            kept = sight.action == self.verdict.action
            why = "Die Action bleibt, die Antwort an den Absender kommt von hier." if kept else f"Statt {sight.action}."
            return {"outcome": Outcome.DECIDES, "why": why}
        if rule.least and decider:
            why = f"least: {decider} setzt {self.verdict.action} ohne least, und das gilt."
            return {"outcome": Outcome.WEAKER, "why": why}
        other = decider or self.verdict.raw.get("passthrough_module", "")
        if other and other != "force_actions":
            return {
                "outcome": Outcome.LATE,
                "why": f"{other} hat schon {self.verdict.action} gesetzt; das erste Ergebnis gilt.",
            }
        return {"outcome": Outcome.WEAKER, "why": f"least: Nach Punkten gilt schon {self.verdict.action}."}

    def _false(self, rule: Rule, sight: Sight, tree: Valued | None) -> tuple[bool, str]:
        """Whether the rule looked before its symbols were there, and what is false in its expression."""
        missing = [leaf.node for leaf in tree.leaves() if isinstance(leaf.node, Atom) and not leaf.hits] if tree else []
        late = [atom.text for atom in missing if not rule.postfilter and self._comes_later(atom.text)]
        if late:
            kind = "Das Composite" if late[0] in self.composites else "Das Symbol"
            return True, f"{kind} {late[0]} gibt es noch nicht, wenn diese Regel läuft. Ihr fehlt require_action."
        reasons = list(dict.fromkeys(filter(None, (self._absent(atom) for atom in missing))))
        return False, " ".join(reasons)

    def _comes_later(self, name: str) -> bool:
        return name in self.composites or (self.verdict.symbol(name) is not None)

    def _absent(self, atom: Atom) -> str:
        """Why an atom is always false, or is false although its symbol had hit."""
        if atom.group:
            return f"{atom.text}: Gruppen kennt force_actions nicht."
        if atom.prefixes or atom.options:
            return f"{atom.text}: Präfixe und Optionen kennt force_actions nicht."
        if removed := self.trace.removed.get(atom.text):
            return f"{atom.text} hat ein Composite entfernt ({', '.join(removed)})."
        return "" if atom.text in self.known else f"Ein Symbol {atom.text} gibt es nicht."


def _spoken(action: str) -> str:
    """Rspamd takes add_header for "add header", in ``action`` only."""
    return action.replace("_", " ")
