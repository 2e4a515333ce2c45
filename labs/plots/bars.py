"""The steps of a waterfall: which bars it has, in which order, from where to where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labs.plots.reading import difference, scoring
from labs.rspamd.verdict import Symbol, Verdict

MAX_BARS = 24
"""With more scoring symbols than this, the weakest of each family share one bar."""


@dataclass(frozen=True)
class Bar:
    """One step from ``start`` to ``end`` points. ``symbols``: what it stands for; none for "Differenz"."""

    label: str
    family: str
    start: float
    end: float
    symbols: tuple[Symbol, ...]

    @property
    def key(self) -> str:
        """Names the bar among all bars of a picture: the symbol, or how many of which family."""
        return self.symbols[0].name if len(self.symbols) == 1 else f"{self.label} {self.family}".strip()

    @property
    def score(self) -> float:
        return round(self.end - self.start, 3) + 0.0  # never −0,0

    @property
    def low(self) -> float:
        return min(self.start, self.end)

    @property
    def high(self) -> float:
        return max(self.start, self.end)


def bars(verdict: Verdict) -> tuple[Bar, ...]:
    """Families by the size of their contribution, in each the strongest symbols first; at the end a "Differenz".

    The difference is what the score has beyond its symbols: a pre-result that sets the score, a limit of a group.
    """
    families: dict[str, list[Symbol]] = defaultdict(list)
    for hit in sorted(scoring(verdict), key=_strength):
        families[hit.family].append(hit)
    kept = _kept(families)
    steps: list[Bar] = []
    at = 0.0
    for family, hits in sorted(families.items(), key=lambda item: (-abs(sum(hit.score for hit in item[1])), item[0])):
        parts = [(hit,) for hit in hits if hit.name in kept]
        if rest := tuple(hit for hit in hits if hit.name not in kept):
            parts.append(rest)
        for symbols in parts:
            label = symbols[0].name if len(symbols) == 1 else f"{len(symbols)} weitere"
            end = at + sum(hit.score for hit in symbols)
            steps.append(Bar(label, family, at, end, symbols))
            at = end
    if rest := difference(verdict):
        steps.append(Bar("Differenz", "", at, at + rest, ()))
    return tuple(steps)


def totals(steps: Sequence[Bar]) -> dict[str, float]:
    """The points of each family, in the order of the bars."""
    sums: dict[str, float] = {}
    for bar in steps:
        if bar.family:
            sums[bar.family] = sums.get(bar.family, 0.0) + bar.score
    return sums


def _kept(families: Mapping[str, Sequence[Symbol]]) -> set[str]:
    """The names of the symbols that get a bar of their own; those left share one bar a family."""
    ranked = sorted((hit for hits in families.values() for hit in hits), key=_strength)
    kept = {hit.name for hit in ranked}
    while (
        ranked and len(kept) + sum(any(hit.name not in kept for hit in hits) for hits in families.values()) > MAX_BARS
    ):
        kept.remove(ranked.pop().name)
    return kept


def _strength(hit: Symbol) -> tuple[float, str]:
    return -abs(hit.score), hit.name
