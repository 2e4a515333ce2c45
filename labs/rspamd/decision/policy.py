"""Judge a policy on one mail: each composite, each rule of force_actions, the points, and who of them decided. Pure.

Source: https://docs.rspamd.com/modules/force_actions, plugins/lua/force_actions.lua.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, Valued, evaluate
from labs.rspamd.decision.graph import ROUNDING, Graph
from labs.rspamd.decision.house import defined, limits, role_symbols
from labs.rspamd.decision.question import Question
from labs.rspamd.decision.value import ACTION, POINTS, PRE_RESULT, Column, Decision, Edge, Node, State
from labs.rspamd.dialect.passes import Outcome, fires
from labs.rspamd.dialect.sights import FAINT, PREFIX
from labs.rspamd.forcing.rules import Rule
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.symbols import explain
from labs.rspamd.verdict import Symbol, Verdict, number

OWN = "force_actions"
"""What Rspamd calls the module whose rules are judged here."""
LIFTED = 0.05
"""A score that exceeds the sum of the symbols by more is not rounding."""


@dataclass
class Policy:
    """``would``: composites that are false only because an exception holds them back; ``others``: what does not matter."""

    registry: Registry
    verdict: Verdict
    outcome: Outcome
    graph: Graph
    would: set[str] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)
    others: int = 0

    def __post_init__(self) -> None:
        rules = (self.registry.tree.get(OWN) or {}).get("rules") or {}
        self.rules = [Rule.of(name, section) for name, section in rules.items() if isinstance(section, dict)]
        self.own = defined(self.registry.files)
        self.roles = role_symbols(self.registry.profiles.items())
        self.limits = limits(self.registry, self.verdict)

    @cached_property
    def module(self) -> str:
        """The module that set the action, or ""."""
        return str(self.verdict.raw.get("passthrough_module") or "")

    @cached_property
    def score(self) -> float:
        """The points of the symbols: a pre-result lifts the score of the verdict to the threshold of its action."""
        total = sum(hit.score for hit in self.verdict.hits)
        return total if self.verdict.score - total > LIFTED else self.verdict.score

    @cached_property
    def by_points(self) -> str:
        """The action that the points alone lead to."""
        reached = [pair for pair in self.limits if pair[0] <= self.score + ROUNDING]
        return max(reached, default=(0.0, "no action"))[1]

    @property
    def unnamed(self) -> bool:
        """Whether neither points nor a module that Rspamd names explain the action: so it does with ``least``."""
        verdict, greylisted = self.verdict, self.by_points == "greylist"
        passed = verdict.raw.get("is_skipped") or (greylisted and verdict.action in ("no action", "soft reject"))
        return not self.module and verdict.action != self.by_points and not passed

    def decision(self) -> Decision:
        verdict, graph, decider = self.verdict, self.graph, self.decider
        for name in self.registry.composites:
            if name not in self.outcome.results:
                self.others += name in self.own
        for name, result in self.outcome.results.items():
            self._composite(name, result)
        for rule in self.rules:
            self._rule(rule)
        module = "" if decider else PRE_RESULT if self.unnamed else self.module
        if module:
            self._module(module)
        self._points(bool(decider or module))
        by = f"erzwungen von {decider.name}" if decider else f"gesetzt von {module}" if module else "nach Punkten"
        graph.nodes[ACTION] = Node(ACTION, Column.ACTION, verdict.action, State.ACTIVE, by, verdict.meaning)
        said = decider.message if decider else verdict.messages.get("smtp_message", "") if module else ""
        return Decision(
            action=verdict.action,
            forced_by=decider.name if decider else "",
            module=module,
            message=re.sub(r"\$\{[^}]*\}", "…", said),
            points=self._sum(),
            nodes=tuple(graph.nodes.values()),
            edges=tuple(graph.edges),
            others=self.others,
            doubts=tuple(self.doubts),
            subject=verdict.subject,
        )

    # --- composites -----------------------------------------------------------------------------------------------

    def _composite(self, name: str, result: Valued) -> None:
        question = Question(result, fires)
        if question.true:
            dropped = not self.verdict.symbol(name) and self.outcome.fates[name].stays
            state, note = (State.VOID, self._lost) if dropped else (State.ACTIVE, "")
        elif name not in self.own or not self._concerns(question):
            self.others += name in self.own
            return
        elif question.held:
            state, note = State.HELD, _held(question)
            self.would.add(name)
        else:
            state, note = State.MISSING, _missing(question)
        description = str(self.registry.composites[name].get("description", ""))
        meaning = description if name in self.own else explain(name) or description
        self.graph.composite(name, question, state, note, meaning)

    @cached_property
    def _lost(self) -> str:
        """Why the verdict lacks a composite that is true: a pre-result came first, or the profile forbids it."""
        reported = any(self.verdict.symbol(name) for name in self.outcome.results)
        return f"{self.module} kam zuvor" if self.module and not reported else "vom Settings-Profil verworfen"

    def _concerns(self, question: Question) -> bool:
        """Whether a false composite has to do with the mail: a hint of the house is there, or it lacks only a role."""
        there = {hit.name for leaf in question.carriers for hit in leaf.hits} - self.roles
        leaves = [leaf.node for leaf in question.result.leaves() if isinstance(leaf.node, Atom)]
        return bool(there & self.own) or (
            bool(there) and question.would([atom for atom in leaves if atom.name in self.roles])
        )

    # --- rules ----------------------------------------------------------------------------------------------------

    @cached_property
    def decider(self) -> Rule | None:
        """The rule that set the action: of several that fired, the one whose message the sender reads."""
        if self.module not in ("", OWN) or (not self.module and self.verdict.action == self.by_points):
            return None
        fired = [rule for rule in self.rules if self._fired(rule) and _spoken(rule) == self.verdict.action]
        said = self.verdict.messages.get("smtp_message", "")
        heard = [rule for rule in fired if rule.message and _pattern(rule.message).fullmatch(said)]
        return next(iter([*heard, *(rule for rule in fired if not rule.least), *fired]), None)

    def _fired(self, rule: Rule) -> bool:
        return self.verdict.symbol(PREFIX + rule.name) is not None

    def _question(self, rule: Rule, more: Iterable[str] = ()) -> Question | None:
        """The rule's expression with what this mail answers; None where Rspamd does not understand it."""
        scores = dict.fromkeys(more, 0.0) | {hit.name: hit.score for hit in self.verdict.hits}

        def find(atom: Atom) -> list[Symbol]:
            score = scores.get(atom.text)
            return [] if score is None else [Symbol(atom.text, max(abs(score), FAINT), score, (), "", (), 0.0)]

        try:
            return Question(evaluate(parse(rule.expression), find), lambda valued: valued.value > rule.limit)
        except ExpressionError:
            return None

    def _rule(self, rule: Rule) -> None:
        question = self._question(rule)
        thought = self._question(rule, self.would)
        if question is None or thought is None or not rule.action:
            self.others += 1
            return
        if self._fired(rule):
            decides = rule == self.decider
            state, note = (State.ACTIVE, f"erzwingt {_spoken(rule)}") if decides else (State.VOID, self._in_vain(rule))
            if not question.true:
                self.doubts.append(f"{rule.name} hat gewirkt; nach dieser Konfiguration dürfte sie es nicht.")
        elif question.true:
            state, note = State.BARRED, self._barred(rule)
        elif not self._asks(thought) or not (self._asks(question) or thought.would()):
            self.others += 1
            return
        elif question.held:
            state, note = State.HELD, _held(question)
        else:
            state, note, question = State.MISSING, _missing(question), thought
        description = f"{rule.action}{f': „{rule.message}“' if rule.message else ''}"
        key = self.graph.rule(rule.name, question, state, note, description)
        if rule == self.decider:
            self.graph.edges.append(Edge(key, ACTION))

    def _asks(self, question: Question) -> bool:
        """Whether something other than a role speaks for the rule."""
        return bool({hit.name for leaf in question.carriers for hit in leaf.hits} - self.roles)

    def _in_vain(self, rule: Rule) -> str:
        return (
            f"{self.verdict.action} gilt schon" if self.decider or self.module else f"{_spoken(rule)} gilt hier nicht"
        )

    def _barred(self, rule: Rule) -> str:
        """Why a rule with a true expression did not fire."""
        if not rule.postfilter:
            return "läuft vor den Composites: require_action fehlt"
        if self.module not in ("", OWN):
            return f"{self.module} hat die Action schon gesetzt"
        known = [(self.by_points, "nach Punkten")]
        known += [(_spoken(self.decider), self.decider.name)] if self.decider else []
        for action, source in known:
            if not rule.allows(action):
                listed = "steht in honor_action" if action in (rule.honor or ()) else "fehlt in require_action"
                return f"gesperrt: {action} ({source}) {listed}"
            if action == rule.action and not rule.message:
                return f"{action} gilt schon ({source})"
        self.doubts.append(f"{rule.name} hätte wirken sollen, lief aber nicht.")
        return "lief nicht"

    # --- what decides without a rule ------------------------------------------------------------------------------

    def _points(self, overruled: bool) -> None:
        """The sum; with its symbols where it decides, or would have led to another action than good mail has."""
        state = State.VOID if overruled else State.ACTIVE
        note = f"{number(self.score)}, wäre {self.by_points}" if overruled else self._sum()
        self.graph.nodes[POINTS] = Node(POINTS, Column.RULE, "Punkte", state, note, "Die Summe aller Symbole")
        if not overruled or self.by_points != "no action":
            self.graph.points()
        if not overruled:
            self.graph.edges.append(Edge(POINTS, ACTION))

    def _sum(self) -> str:
        """19,8 (reject ab 15): the threshold that is reached, else the next one."""
        reached = [pair for pair in self.limits if pair[1] == self.by_points]
        above = sorted(pair for pair in self.limits if pair[0] > self.score + ROUNDING)
        limit = next(iter(reached or above), None)
        told = f" ({limit[1]} ab {number(limit[0]).removesuffix(',0')})" if limit else ""
        return f"{number(self.score)}{told}"

    def _module(self, module: str) -> None:
        key, note = f"module:{module}", f"setzt {self.verdict.action}"
        self.graph.nodes[key] = Node(key, Column.RULE, module, note=note, description="Ein Modul legt die Action fest")
        self.graph.edges.append(Edge(key, ACTION))
        if hit := self.verdict.symbol(module.upper()):
            self.graph.edges.append(Edge(self.graph.source(hit), key))


def _spoken(rule: Rule) -> str:
    """Rspamd takes add_header for "add header"."""
    return rule.action.replace("_", " ")


def _held(question: Question) -> str:
    return f"zurückgehalten von {', '.join(dict.fromkeys(leaf.node.text for leaf in question.holders))}"


def _missing(question: Question) -> str:
    names, alone = question.missing
    verb = "fehlt" if alone or len(names) == 1 else "fehlen"
    return f"es {verb} {(' oder ' if alone else ', ').join(dict.fromkeys(names))}"


def _pattern(message: str) -> re.Pattern[str]:
    """What a message with ``${…}`` looks like once Rspamd has filled it in."""
    return re.compile(".*".join(map(re.escape, re.split(r"\$\{[^}]*\}", message))), re.DOTALL)
