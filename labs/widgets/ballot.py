"""What the composites did to the mail of one verdict: who wanted what of which symbol, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from labs.errors import LabError
from labs.plots.ballot import alternative_text_ballot, ballot, touched, votes, wish
from labs.plots.expressiontree import fate_words
from labs.plots.svg import svg
from labs.rspamd.dialect.passes import Outcome
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict, number
from labs.widgets.composite_model import Facts, facts_of


@dataclass(frozen=True)
class Ballot:
    """The wishes of all composites for one mail."""

    facts: Facts

    @classmethod
    def of(cls, rspamd: Rspamd, verdict: Verdict) -> Ballot:
        """Raises LabError: an early result ended the scan, or the configuration has changed since the verdict."""
        facts = facts_of(rspamd, verdict)
        if facts.skipped:
            raise LabError(
                "Für diese Mail hat Rspamd keine Composites ausgewertet.",
                why="Ein frühes Ergebnis hat die Prüfung beendet, ehe sie an die Reihe kamen.",
                next_step="Nimm das Urteil über eine andere Mail.",
            )
        if different := facts.differences(facts.outcome(), verdict):
            raise LabError(
                "Dieses Urteil passt nicht zur Konfiguration, die jetzt gilt.",
                why=f"Was nicht passt: {', '.join(different[:4])}.",
                next_step="Prüfe die Mail mit `lab.scan` noch einmal.",
            )
        return cls(facts)

    @cached_property
    def outcome(self) -> Outcome:
        return self.facts.outcome()

    def __str__(self) -> str:
        lines = [f"Angeschlagen: {', '.join(self.outcome.fired) or 'kein Composite'}"]
        for fate in touched(self.outcome):
            lines.append(f"{fate.symbol.name} {number(fate.symbol.score, sign=True)}: {fate_words(fate)}")
            lines += [f"  {vote.composite}: {wish(vote)}" for vote in votes(fate)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The picture as inline SVG."""
        verdict = self.facts.verdict
        caption = f"„{verdict.subject}“: {number(verdict.score)} Punkte" if verdict.subject else ""
        return svg(ballot(self.outcome, caption), alternative_text_ballot(self.outcome))
