"""What would Rspamd do with this mail if a weight, a threshold, a composite or the role were different?

A spare worker answers, with the lab's configuration and the change; the running lab, its files and its undo stay as
they are. Weights and thresholds go into the settings of the scan after the profile of the mail was chosen, so the
answer is the profile's and the change's together. Rspamd's own request header ``Settings`` cannot do that: a profile
with a priority above low wins, and the header is ignored (plugins/settings.lua).
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from labs.errors import LabError
from labs.rspamd.dialect.lua import lua
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.spare import spare
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Comparison, Verdict

Thresholds = Mapping[str, "float | None"]


@dataclass(frozen=True)
class Changes:
    """What to change: symbol -> weight, action -> threshold (None: off), composite -> expression, and the MTA-Name."""

    weights: Mapping[str, float] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=dict)
    composites: Mapping[str, Any] = field(default_factory=dict)
    mta_name: str = ""

    def __bool__(self) -> bool:
        return bool(self.weights or self.thresholds or self.composites or self.mta_name)

    def checked(self, registry: Registry) -> Changes:
        """The same with Rspamd's spelling and numbers. Raises LabError for a name that the configuration does not know."""
        actions = {name.replace("_", " "): value for name, value in registry.tree.get("actions", {}).items()}
        countable = {name for name, value in actions.items() if not isinstance(value, dict)} | {"rewrite subject"}
        known = {*registry.names, *self.composites}
        for symbol in self.weights:
            if symbol not in known:
                raise _unknown("Ein Symbol", symbol, known)
        thresholds = {}
        for name, value in self.thresholds.items():
            action = name.replace("_", " ")
            if action in actions and action not in countable:
                raise LabError(
                    f"Die Action {action} hat keine Schwelle.",
                    why="Sie ist mit no_threshold angelegt: Nur eine Regel kann sie erzwingen.",
                    next_step=f"Schwellen haben: {', '.join(sorted(countable))}.",
                )
            if action not in countable:
                raise _unknown("Eine Action", name, countable)
            thresholds[action] = None if value is None else _number(action, value)
        roles = registry.roles()
        if self.mta_name and not any(re.search(pattern, self.mta_name) for pattern in roles):
            raise _unknown("Ein Profil für den MTA-Name", self.mta_name, (pattern.strip("^$") for pattern in roles))
        for name, expression in self.composites.items():
            if not re.fullmatch(r"[A-Za-z][\w-]*", name) or not str(expression).strip():
                raise LabError(
                    f"Das Composite „{name}“ ist unvollständig.",
                    next_step='Gib Name und Ausdruck an: `composites={"MEIN_COMPOSITE": "MISSING_MID & MISSING_DATE"}`.',
                )
        composites = {
            name: {"score": self.weights.get(name, 0.0), **registry.composites.get(name, {}), "expression": expression}
            for name, expression in self.composites.items()
        }
        weights = {name: _number(name, value) for name, value in self.weights.items()}
        return Changes(weights, thresholds, composites, self.mta_name)

    def files(self, files: Mapping[str, str]) -> dict[str, str]:
        """The edits with which a spare worker answers; ``files``: what the node has."""
        change = json.dumps({"scores": self.weights, "actions": self.thresholds})
        edits = {"lua.local.d/zz-what-if.lua": lua("what_if"), "what-if.json": change}
        if self.composites:
            own = files.get("override.d/composites.conf", "")
            edits["override.d/composites.conf"] = own + "".join(
                f"{json.dumps(name)} {json.dumps(rule)}\n" for name, rule in self.composites.items()
            )
        return edits


def what_if(
    rspamd: Rspamd,
    verdict: Verdict,
    *,
    weights: Mapping[str, float] = MappingProxyType({}),
    thresholds: Thresholds = MappingProxyType({}),
    composites: Mapping[str, str] = MappingProxyType({}),
    mta_name: str = "",
) -> Comparison:
    """The verdict and what it would be with other weights, thresholds (None: off), composites (added) or another role.

    About 0.4 s. Raises LabError: nothing to change, an unknown symbol, action or role, an expression that Rspamd
    does not take, a verdict without its mail.
    """
    changes = Changes(dict(weights), dict(thresholds), dict(composites), mta_name)
    if not changes:
        raise LabError(
            "Es ist nichts geändert.",
            next_step='Gib zum Beispiel `weights={"DBL_PHISH": 2}` oder `thresholds={"reject": 10}` an.',
        )
    return ask(rspamd, verdict, changes.checked(Registry.of(rspamd)))


def ask(rspamd: Rspamd, verdict: Verdict, changes: Changes) -> Comparison:
    """Scan the mail of ``verdict`` with ``changes``, which are checked; both results side by side."""
    verdict.repeatable()
    envelope = replace(verdict.envelope, mta_name=changes.mta_name) if changes.mta_name else verdict.envelope
    groups, files = rspamd.controller.symbols(), rspamd.configuration.read()
    edits = changes.files(files)
    if changes.composites:
        rspamd.configuration.check(files | edits)
    with spare(rspamd.configuration, edits) as worker:
        after = worker.worker.scan(verdict.mail, envelope, groups, settings_id=verdict.settings_id)
    return _as_asked(after, changes).compare(verdict)


def permanent(changes: Changes, registry: Registry, verdict: Verdict) -> dict[str, str]:
    """The lines that make checked changes last, by file. What the mail's settings profile sets itself belongs there."""
    role = changes.mta_name or verdict.envelope.mta_name
    profile = next((name for pattern, name in registry.roles().items() if role and re.search(pattern, role)), "")
    own = (registry.profiles.get(profile, {}).get("apply") or {}) if profile else {}
    lines: dict[str, list[str]] = {}
    for name, rule in changes.composites.items():
        lines.setdefault("composites.conf", []).append(
            f"{name} {{\n  expression = {json.dumps(rule['expression'])};\n  score = {rule['score']:g};\n}}"
        )
    for name, value in changes.weights.items():
        if name in own.get("scores", {}):
            lines.setdefault("settings.conf", []).append(f"# {profile}, apply:\nscores {{ {name} = {value:g}; }}")
        elif name not in changes.composites:
            lines.setdefault("groups.conf", []).append(f'symbols = {{ "{name}" {{ weight = {value:g}; }} }}')
    for name, value in changes.thresholds.items():
        line = f"{name.replace(' ', '_')} = {'null' if value is None else format(value, 'g')};"
        if {name, name.replace(" ", "_")} & set(own.get("actions", {})):
            lines.setdefault("settings.conf", []).append(f"# {profile}, apply:\nactions {{ {line} }}")
        else:
            lines.setdefault("actions.conf", []).append(line)
    if changes.mta_name:
        lines["postfix-hub/master.cf"] = [f"  -o milter_macro_daemon_name={changes.mta_name}"]
    return {file: "\n".join(text) for file, text in lines.items()}


def _as_asked(after: Verdict, changes: Changes) -> Verdict:
    """Rspamd's reply names the configured weights and thresholds that are off: say what held for this scan."""
    off = {action for action, value in changes.thresholds.items() if value is None}
    hits = (replace(hit, weight=float(changes.weights.get(hit.name, hit.weight))) for hit in after.hits)
    thresholds = {action: value for action, value in after.thresholds.items() if action not in off}
    return replace(after, hits=tuple(hits), thresholds=thresholds)


def _unknown(what: str, name: str, known: Iterable[str]) -> LabError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1) or difflib.get_close_matches(name.upper(), names, 1)
    hint = f"Meintest du {near[0]}?" if near else f"Vorhanden sind: {', '.join(names[:12])}."
    return LabError(f"{what} „{name}“ gibt es hier nicht.", next_step=hint)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise LabError(
            f"Für {name} fehlt eine Zahl.", why=f"Angegeben ist {value!r}.", next_step="Nimm eine Zahl wie 2.5."
        )
    return float(value)
