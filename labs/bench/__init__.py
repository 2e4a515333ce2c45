"""How fast the workbook is, as ratios within one run: absolute seconds depend on the machine, ratios hardly."""

from __future__ import annotations

from labs.bench.rows import Row


def measure() -> list[Row]:
    """All rows. Starts labs of its own and one stock Rspamd, and ends them; takes about a minute."""
    from labs.bench import cluster, core

    return [*core.measure(), *cluster.measure()]
