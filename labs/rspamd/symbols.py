"""What Rspamd's symbols mean, in German: one sentence a symbol, one family a group.

Source: symbols.toml, written after Rspamd's own rules.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

OTHER = "Sonstiges"
"""The family of what has no better one."""


def explain(symbol: str) -> str:
    """The German explanation of ``symbol``: one sentence, or "" where the workbook has none. Source: symbols.toml."""
    return _tables()["symbols"].get(symbol, "")


def family(groups: Sequence[str]) -> str:
    """The German label of a symbol's ``groups``: of the first that names a family, else OTHER. Source: symbols.toml."""
    labels = (_tables()["families"].get(group, OTHER) for group in groups)
    return next((label for label in labels if label != OTHER), OTHER)


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    """The tables "families" (group -> label) and "symbols" (name -> sentence)."""
    return tomllib.loads((files(__package__) / "symbols.toml").read_text("utf-8"))
