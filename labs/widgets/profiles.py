"""How one mail under several settings profiles looks in a notebook: the heat map, its table, and what it costs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from textwrap import wrap

import pandas as pd

from labs.plots.effort import alternative_text_effort, effort
from labs.plots.heatmap import alternative_text_heatmap, heatmap, tooltips_heatmap
from labs.plots.svg import svg
from labs.policy.effort import Efforts
from labs.rspamd.settings.scans import ProfileScans, State
from labs.rspamd.verdict import number
from labs.visible import Text


@dataclass(frozen=True)
class ProfilesView:
    """The heat map; ``table`` is a data frame of symbols and profiles."""

    found: ProfileScans

    @property
    def table(self) -> pd.DataFrame:
        """A row for each symbol, a column for each profile: the points, or what became of the symbol."""
        found = self.found
        rows = [
            (symbol, *(self._cell(symbol, position) for position in range(len(found.scans))))
            for symbol in found.symbols
        ]
        return pd.DataFrame(rows, columns=["Symbol", *(scan.role for scan in found.scans)])

    def _cell(self, symbol: str, position: int) -> str:
        scan = self.found.scans[position]
        state, hit = self.found.state(symbol, scan), scan.verdict.symbol(symbol)
        return number(hit.score, sign=True) if hit and state is State.HIT else state.value

    def __str__(self) -> str:
        lines = []
        for scan in self.found.scans:
            states = [self.found.state(symbol, scan) for symbol in self.found.symbols]
            counts = ", ".join(f"{states.count(state)} {state.value}" for state in State if state in states)
            lines.append(f"{scan.role:<19}{scan.verdict.action:<11}{number(scan.verdict.score):>6} Punkte  ({counts})")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        picture = svg(heatmap(self.found), alternative_text_heatmap(self.found), tooltips_heatmap(self.found))
        table = self.table
        head = "".join(f"<th scope=col style='text-align:left'>{html.escape(name)}</th>" for name in table.columns)
        rows = "".join(
            f"<tr><th scope=row style='text-align:left'><code>{html.escape(row[0])}</code></th>"
            + "".join(f"<td style='text-align:left'>{html.escape(value)}</td>" for value in row[1:])
            + "</tr>"
            for row in table.itertuples(index=False, name=None)
        )
        return (
            f"{picture}<details><summary>Als Tabelle ({len(table)} Symbole)</summary>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>"
        )


@dataclass(frozen=True)
class EffortView:
    """The bars of what a mail costs under several roles."""

    found: Efforts

    def rules(self, role: str) -> str:
        """The names of the rules that ran under a role."""
        names = [name for row in self.found.rows if row.role == role for name in row.names]
        return Text("\n".join(wrap(", ".join(names), 110)))

    def __str__(self) -> str:
        return str(self.found)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return svg(effort(self.found), alternative_text_effort(self.found))
