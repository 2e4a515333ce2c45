"""What the mouse shows over the bars of a picture, by the name that the bar carries as gid."""

from __future__ import annotations

from collections.abc import Sequence

from labs.plots.bars import bars
from labs.plots.reading import difference
from labs.rspamd.verdict import Comparison, Symbol, Verdict, number


def tooltips(verdict: Verdict) -> dict[str, str]:
    """For ``waterfall``: score, explanation and options of each symbol; the names behind "5 weitere"."""
    tips = {
        bar.key: _several(bar.symbols) if len(bar.symbols) > 1 else _one(bar.symbols[0])
        for bar in bars(verdict)
        if bar.symbols
    }
    if rest := difference(verdict):
        sum_ = number(verdict.score - rest)
        tips["Differenz"] = f"Die Symbole ergeben zusammen {sum_} Punkte, Rspamd nennt {number(verdict.score)}."
    return tips


def tooltips_comparison(comparison: Comparison) -> dict[str, str]:
    """For ``comparison``: the symbol as it was before, as it is after, or both."""
    tips = {hit.name: f"vorher: {_one(hit)}" for hit in comparison.went}
    tips |= {hit.name: f"nachher: {_one(hit)}" for hit in comparison.came}
    return tips | {new.name: f"vorher: {_one(old)}\nnachher: {_one(new)}" for old, new in comparison.changed}


def _one(hit: Symbol) -> str:
    lines = [f"{hit.name} {number(hit.score, sign=True)}", hit.explanation]
    if hit.options:
        lines.append(f"Optionen: {hit.details}")
    return "\n".join(line for line in lines if line)


def _several(hits: Sequence[Symbol]) -> str:
    return "\n".join(f"{hit.name} {number(hit.score, sign=True)}" for hit in hits)
