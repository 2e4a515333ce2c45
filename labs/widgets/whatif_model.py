"""What the what-if widget knows and does, without any widget."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from labs.mails import Mail
from labs.rspamd.inquiry.reason import WhyNot
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.whatif import Changes, ask, permanent
from labs.rspamd.inquiry.whynot import why_not
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Comparison, Symbol, Verdict

STRONGEST = 8
"""So many symbols are shown at once; the others are folded in."""


@dataclass
class WhatIfModel:
    """One verdict and the changes to it. Source of the names: the configuration of the running lab."""

    rspamd: Rspamd
    before: Verdict
    registry: Registry
    changes: Changes = field(default_factory=Changes)

    @classmethod
    def of(cls, rspamd: Rspamd, mail: Mail | Verdict) -> WhatIfModel:
        """Scan the mail, or take a verdict as it is."""
        verdict = mail if isinstance(mail, Verdict) else rspamd.scan(mail)
        return cls(rspamd, verdict, Registry.of(rspamd))

    @property
    def strongest(self) -> tuple[Symbol, ...]:
        """The symbols with most points, strongest first."""
        return self.before.hits[:STRONGEST]

    @property
    def others(self) -> tuple[Symbol, ...]:
        return self.before.hits[STRONGEST:]

    def weight(self, hit: Symbol) -> float:
        """The weight that holds for this mail: the profile's, if it sets one."""
        return float(self._own("scores").get(hit.name, hit.weight))

    def _own(self, part: str) -> dict:
        role = self.before.envelope.mta_name
        profile = next(
            (name for pattern, name in self.registry.roles().items() if role and re.search(pattern, role)), ""
        )
        rule = self.registry.profiles.get(profile, {})
        return (rule.get("apply") or {}).get(part, {})

    @property
    def top(self) -> float:
        """The end of the sliders: above all thresholds and the score."""
        return max(20.0, 2 * max(self.before.thresholds.values(), default=10.0), self.before.score + 5)

    @property
    def roles(self) -> list[str]:
        """The MTA-Names that a profile asks for, the mail's own first."""
        known = [re.sub(r"^\^|\$$", "", pattern) for pattern in self.registry.roles()]
        own = self.before.envelope.mta_name
        return [own, *(role for role in known if role != own)]

    def set_weight(self, hit: Symbol, value: float) -> None:
        """Another weight; the old one is no change."""
        self._set("weights", hit.name, value, value != self.weight(hit))

    def set_threshold(self, action: str, value: float | None) -> None:
        """Another threshold, or None for off."""
        self._set("thresholds", action, value, value != self.before.thresholds.get(action))

    def _set(self, part: str, name: str, value: float | None, changed: bool) -> None:
        rest = {key: old for key, old in getattr(self.changes, part).items() if key != name}
        self.changes = replace(self.changes, **{part: rest | ({name: value} if changed else {})})

    def set_role(self, mta_name: str) -> None:
        own = self.before.envelope.mta_name
        self.changes = replace(self.changes, mta_name="" if mta_name == own else mta_name)

    def set_composite(self, name: str, expression: str, score: float) -> None:
        """The one composite of the widget; without a name or an expression there is none."""
        for old in self.changes.composites:
            self._set("weights", old, 0, False)
        wanted = {name.strip(): expression.strip()} if name.strip() and expression.strip() else {}
        self.changes = replace(self.changes, composites=wanted)
        for new in wanted:
            self._set("weights", new, score, True)

    def run(self) -> Comparison:
        """Before and after. Raises LabError as ``what_if`` does."""
        if not self.changes:
            return self.before.compare(self.before)
        return ask(self.rspamd, self.before, self.changes.checked(self.registry))

    def lines(self) -> str:
        """The configuration lines that make the changes last, file by file; "" when nothing is changed."""
        if not self.changes:
            return ""
        files = permanent(self.changes.checked(self.registry), self.registry, self.before)
        return "\n\n".join(f"# {file}\n{text}" for file, text in files.items())

    def names(self) -> list[str]:
        """All symbols that one can ask about."""
        return self.registry.names

    def why(self, symbol: str) -> WhyNot:
        return why_not(self.rspamd, symbol, self.before)
