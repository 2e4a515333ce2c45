"""Which settings profile holds for a mail, and why each of the others does not.

Pure: the configuration in force and the facts about a mail in, a decision out. Rspamd looks at the profiles from high
to low priority, those of one priority by name, and takes the first that matches. Source:
https://docs.rspamd.com/configuration/settings and Rspamd's plugins/settings.lua, against which the tests hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, Node, Operation
from labs.rspamd.settings.conditions import Asked, Condition, conditions

PRIORITIES = {"high": 3, "medium": 2}
LOWEST = 1
"""The priority of all that says none, or a word that Rspamd does not know; what lies below it is never looked at."""
BY_ID = 1
"""The priority of a profile that the client asks for by its id."""


LISTS = ("groups_disabled", "groups_enabled", "symbols_disabled", "symbols_enabled")
"""What must be a list in ``apply``."""


class Fate(Enum):
    """What becomes of a profile for one mail; the value is the German word for it."""

    HOLDS = "gilt"
    NAMED = "gilt: Die Settings-ID nennt es"
    MISMATCH = "passt nicht"
    LATER = "passt auch, kommt im selben Rang nach Namen später"
    LOWER = "passt auch, hat aber niedrigere Priorität"
    AFTER_ID = "passt auch, aber die Settings-ID geht vor"
    UNSURE = "das weiß hier nur Rspamd"
    BY_ID_ONLY = "hat keine Bedingung: gilt nur, wenn jemand seine id nennt"
    DROPPED = "wirft Rspamd weg: Es fehlt apply"
    BROKEN = "gilt nie"


@dataclass(frozen=True)
class Profile:
    """A profile as configured. ``rule``: its object out of the merged configuration."""

    name: str
    rule: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.rule.get("id") or self.name)

    @property
    def priority(self) -> float:
        said = self.rule.get("priority")
        return said if isinstance(said, (int, float)) and said is not True else PRIORITIES.get(str(said), LOWEST)

    @property
    def conditions(self) -> list[Condition]:
        return conditions(self.rule)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols outside ``apply``: Rspamd adds them whenever the profile matches in the rank that decides."""
        found = self.rule.get("symbols") or []
        return tuple(found if isinstance(found, list) else [found])

    @property
    def loaded(self) -> bool:
        """Whether Rspamd keeps it at all."""
        return any(
            self.rule.get(key) not in (None, False) for key in ("apply", "whitelist", "want_spam", "external_map")
        )

    @property
    def whitelist(self) -> bool:
        """Whether it lets mail pass unchecked: ``want_spam`` counts only without ``apply``."""
        asked = self.rule.get("whitelist") or self.rule.get("want_spam")
        return bool(asked) and self.rule.get("apply") in (None, False)

    def matches(self, asked: Asked) -> bool | None:
        """Whether its conditions hold; None when only Rspamd knows. Raises ExpressionError: its expression is wrong."""
        known = {condition.atom: condition.holds(asked) for condition in self.conditions}
        if expression := self.rule.get("expression"):
            named = {
                condition.name and f"{condition.kind}:{condition.name}": condition for condition in self.conditions
            }
            return _worth(parse(str(expression)), known | {k: c.holds(asked) for k, c in named.items() if k})
        if self.rule.get("inverse"):
            return _not(_or(known.values()))
        return _and(known.values())


@dataclass(frozen=True)
class Row:
    """One profile in the decision. ``checks``: each condition with its answer; ``why``: more about its fate, in German."""

    profile: Profile
    fate: Fate
    checks: tuple[tuple[Condition, bool | None], ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Decision:
    """``rows``: all profiles in Rspamd's order; ``asked``: the facts. ``said``: the id of the profile that Rspamd took

    ("" for none, None when it was not asked).
    """

    asked: Asked
    rows: tuple[Row, ...]
    said: str | None = None

    @property
    def held(self) -> Profile | None:
        """The profile that holds."""
        return next((row.profile for row in self.rows if row.fate in (Fate.HOLDS, Fate.NAMED)), None)

    @property
    def sure(self) -> bool:
        """Whether the decision needs nothing that only Rspamd knows."""
        fates = [row.fate for row in self.rows]
        return Fate.UNSURE not in fates[: fates.index(Fate.HOLDS) if Fate.HOLDS in fates else None]

    @property
    def agrees(self) -> bool:
        """Whether Rspamd, where it was asked, took the same."""
        return self.said is None or self.said == (self.held.id if self.held else "")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols outside ``apply`` that the mail gets: of the profile that holds and of those that match in its rank.

        A profile that holds because the client named its id gives none.
        """
        given = (row.profile.symbols for row in self.rows if row.fate in (Fate.HOLDS, Fate.LATER))
        return tuple(dict.fromkeys(name for names in given for name in names))


def decide(section: Mapping[str, Any], asked: Asked, said: str | None = None) -> Decision:
    """The decision for one mail. ``section``: "settings" of the merged configuration; ``said``: the id that Rspamd took.

    Rspamd's word settles what cannot be known here: a profile before the one that it took does not match.
    """
    profiles = ordered(section)
    if flaw := fatal(profiles):
        return Decision(asked, tuple(Row(profile, Fate.BROKEN, (), flaw) for profile in profiles), said)
    ids = {profile.id for profile in profiles if profile.loaded}
    wanted = asked.settings_id if asked.settings_id in ids else ""
    rows, chosen = [], None
    for profile in profiles:
        row = _judged(profile, asked, profiles[0].priority)
        if row.fate is Fate.UNSURE and said is not None:
            row = _settled(row, said, chosen)
        if row.fate is Fate.HOLDS and wanted and profile.priority <= BY_ID:
            row = Row(profile, Fate.AFTER_ID, row.checks)
        if row.fate is Fate.HOLDS and chosen:
            row = Row(profile, Fate.LATER if profile.priority == chosen.priority else Fate.LOWER, row.checks)
        chosen = profile if row.fate is Fate.HOLDS else chosen
        rows.append(row)
    if wanted and not chosen:
        rows = [Row(row.profile, Fate.NAMED, row.checks) if row.profile.id == wanted else row for row in rows]
    return Decision(asked, tuple(rows), said)


def ordered(section: Mapping[str, Any]) -> list[Profile]:
    """The profiles as Rspamd looks at them: high priority first, then by name (capitals before small letters)."""
    found = [Profile(name, rule) for name, rule in section.items() if isinstance(rule, Mapping)]
    return sorted(found, key=lambda profile: (-profile.priority, profile.name.encode()))


def fatal(profiles: Sequence[Profile]) -> str:
    """The mistake for which Rspamd takes no profile at all, in German; configtest -s does not see it."""
    for profile in profiles:
        apply = profile.rule.get("apply")
        for key in LISTS if isinstance(apply, Mapping) else ():
            if isinstance(apply.get(key), str):
                wrong = f'{key} = "{apply[key]}"'
                return f"In {profile.name} steht {wrong} ohne eckige Klammern: Daran scheitern alle Profile."
        for condition in profile.conditions:
            wanted = condition.wanted if isinstance(condition.wanted, list) else [condition.wanted]
            if condition.kind == "ip" and any(re.search(r"/0+$", str(network)) for network in wanted):
                return f"In {profile.name} steht {condition.text}: An einem Netz /0 scheitern alle Profile."
    return ""


def _judged(profile: Profile, asked: Asked, top: float) -> Row:
    """A profile by itself, without regard to the others; ``top``: the highest priority."""
    checks = tuple((condition, condition.holds(asked)) for condition in profile.conditions)
    if not profile.loaded:
        return Row(profile, Fate.DROPPED, checks, "Ein leeres apply {} genügt.")
    if profile.priority < LOWEST:
        return Row(profile, Fate.BROKEN, checks, "Unter Priorität 1 sieht Rspamd nicht nach.")
    if (top - profile.priority) % 1:
        steps = f"Rspamd geht von der höchsten Priorität ({top:g}) in ganzen Schritten abwärts."
        return Row(profile, Fate.BROKEN, checks, steps)
    if profile.rule.get("external_map"):
        return Row(profile, Fate.UNSURE, checks, "Ein anderer Dienst entscheidet (external_map).")
    if not checks:
        return Row(profile, Fate.BY_ID_ONLY)
    try:
        matches = profile.matches(asked)
    except (ExpressionError, KeyError) as error:
        what = f"Eine Bedingung „{error.args[0]}“ hat es nicht." if isinstance(error, KeyError) else str(error)
        return Row(profile, Fate.BROKEN, checks, f"Sein Ausdruck stimmt nicht: {what}")
    return Row(profile, {True: Fate.HOLDS, False: Fate.MISMATCH, None: Fate.UNSURE}[matches], checks)


def _settled(row: Row, said: str, chosen: Profile | None) -> Row:
    """What Rspamd's word says of a profile that could not be judged here."""
    if row.profile.id == said:
        return Row(row.profile, Fate.HOLDS, row.checks, "Das sagt Rspamd.")
    if chosen is None:
        return Row(row.profile, Fate.MISMATCH, row.checks, "Sonst hätte Rspamd es genommen.")
    return row


def _worth(node: Node, known: Mapping[str, bool | None]) -> bool | None:
    """What an expression is worth. Raises KeyError: a condition that the profile does not have."""
    if isinstance(node, Atom):
        return known[node.text]
    if isinstance(node, Operation) and node.operator in ("&", "|", "!"):
        parts = [_worth(part, known) for part in node.operands]
        return _not(parts[0]) if node.operator == "!" else (_and if node.operator == "&" else _or)(parts)
    return None


def _and(values: Sequence[bool | None] | Iterator[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _or(values: Sequence[bool | None] | Iterator[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
