"""What each rule of force_actions sees of a mail: noted by lua/force_actions.lua, read here from the log of the scan.

Source: plugins/lua/force_actions.lua.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labs.rspamd.dialect.trace import executed

PREFIX = "FORCE_ACTION_"
"""The symbol of a rule is its name with this before it."""
FAINT = 0.001
"""What a symbol without points is worth in the expressions of these rules."""
_SEES = "lab sees "


@dataclass(frozen=True)
class Sight:
    """What a rule saw when it ran. ``value``: of its expression, None when Rspamd did not look.

    ``symbols``: name -> points at that moment; ``fired``: it set a result; ``off``: the profile switches its action off.
    """

    action: str
    symbols: Mapping[str, float]
    value: float | None = None
    fired: bool = False
    off: bool = False


def sights(lines: Sequence[str]) -> dict[str, Sight]:
    """Rule -> what it saw, in the order of their run, out of the spare worker's log."""
    found: dict[str, Sight] = {}
    current = ""
    for line in lines:
        if callback := executed(line):
            current = callback.removeprefix(PREFIX) if callback.startswith(PREFIX) else ""
        elif not current:
            continue
        elif _SEES in line:
            seen = json.loads(line.partition(_SEES)[2])
            found[current] = Sight(seen["action"], seen["symbols"] or {})
        elif current in found and (value := re.search(r"force_actions; .*expression .* returned (\S+)$", line)):
            found[current] = replace(found[current], value=float(value[1]))
        elif current in found and "set pre-result to" in line and "from force_actions(" in line:
            found[current] = replace(found[current], fired=True, off="NOT set pre-result" in line)
    return found
