"""What of a configuration is the house's own: its blocks, the symbols that name a mail's role, the thresholds of a role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.settings.conditions import Asked
from labs.rspamd.settings.profiles import Profile, decide
from labs.rspamd.verdict import Verdict


def defined(files: Mapping[str, str]) -> frozenset[str]:
    """The names of all blocks ``NAME {`` in the files of a node: its own symbols, composites, rules."""
    text = "\n".join(re.sub(r"(?m)#.*$", "", text) for name, text in files.items() if name.endswith((".conf", ".inc")))
    return frozenset(re.findall(r"([A-Za-z0-9_]+)\"?\s*\{", text))


def role_symbols(profiles: Iterable[tuple[str, Mapping[str, Any]]]) -> frozenset[str]:
    """The symbols that settings profiles give a mail: they say where it comes from, not what is in it."""
    found: set[str] = set()
    for name, rule in profiles:
        apply = rule.get("apply") if isinstance(rule.get("apply"), Mapping) else {}
        found |= {*Profile(name, rule).symbols, *(rule.get("register_symbols") or {}), *(apply.get("symbols") or ())}
    return frozenset(found)


def limits(registry: Registry, verdict: Verdict) -> list[tuple[float, str]]:
    """(points, action) of each action that points lead to; Rspamd's reply also names those that the profile switches off."""
    held = decide(registry.profiles, Asked(verdict.envelope, verdict.mail, verdict.settings_id)).held
    apply = held.rule.get("apply") if held else None
    actions = apply.get("actions") if isinstance(apply, Mapping) else None
    off = {name.replace("_", " ") for name, value in (actions or {}).items() if value is None}
    return [(value, name) for name, value in verdict.thresholds.items() if name not in off and name != "no action"]
