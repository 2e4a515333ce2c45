"""What Rspamd's debug log tells of one scan: which rules ran, which did not and why. Pure: lines in, facts out.

The lines are those of Rspamd 3.12.1 (src/libserver/symcache, src/libserver/composites).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Trace:
    """Facts about one scan; names are Rspamd's symbols.

    ``executed``: callbacks that ran; ``unchecked``: callbacks that Rspamd was about to run and did not.
    ``denied``, ``barred``: why a callback may not run, why a hit was thrown away, in Rspamd's words.
    ``needs``: callback -> symbols it waits for; ``said``: callback -> what it logged while it began.
    ``atoms``: composite -> {atom: true or false}, as far as Rspamd had to look.
    ``removed``: symbol -> composites that took it away; ``capped``: symbol -> the line that says so.
    ``ends``: lines about a result that was set early; ``profile``: the line about the settings profile, or "".
    """

    lines: tuple[str, ...]
    executed: frozenset[str]
    unchecked: frozenset[str]
    denied: Mapping[str, str]
    barred: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    said: Mapping[str, tuple[str, ...]]
    atoms: Mapping[str, Mapping[str, bool]]
    removed: Mapping[str, tuple[str, ...]]
    capped: Mapping[str, str]
    ends: tuple[str, ...]
    profile: str

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Trace:
        text = "\n".join(lines)
        return cls(
            lines=tuple(lines),
            executed=frozenset(re.findall(r"process_symbol: execute (\S+), \d+;", text)),
            unchecked=frozenset(re.findall(r"process_symbol: do not check (\S+), \d+", text)),
            denied=dict(re.findall(r"is_allowed: (?:deny execution|skipping (?:check|execution)) of (\S+) as it (.+)", text)),
            barred=dict(re.findall(r"is_allowed: (?:deny|skipping) symbol insertion of (\S+) as it (.+)", text)),
            needs=_needs(text),
            said=_said(lines),
            atoms=_atoms(text),
            removed=_removed(text),
            capped=dict(
                (symbol, line)
                for line, symbol in re.findall(r"((?:maximum group score).* symbol (\S+) (?:from|with weight) .*)", text)
            ),
            ends=tuple(
                dict.fromkeys(re.findall(r"(set pre-result to .*|task has already the .*|task is whitelisted)", text))
            ),
            profile=next(iter(re.findall(r"apply (?:static )?settings .*|applied settings .*", text)), ""),
        )  # fmt: skip

    def skips(self, callback: str) -> tuple[str, ...]:
        """What a callback said about not checking this mail."""
        return tuple(
            line for line in self.said.get(callback, ()) if re.search(r"\bskip|not possible", line, re.IGNORECASE)
        )


def _needs(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for needed, callback in re.findall(r"dependency -?\d+\((\S+?)\) for symbol \d+\((\S+?)\)", text):
        found.setdefault(callback, {})[needed] = None
    return {callback: tuple(needed) for callback, needed in found.items()}


def _said(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Lines of the rules themselves between "execute X" and the next step of Rspamd's scheduler."""
    found: dict[str, tuple[str, ...]] = {}
    current = ""
    for line in lines:
        if match := re.search(r"process_symbol: execute (\S+), \d+;", line):
            current = match[1]
        elif line.startswith("symcache; ") and "async" not in line and "is_allowed" not in line:
            current = ""
        elif current and not line.startswith("symcache; "):
            found[current] = (*found.get(current, ()), line)
    return found


def _atoms(text: str) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for atom, composite, value in re.findall(r"result for atom (.+) in composite (\S+) is (\S+)", text):
        found.setdefault(composite, {})[atom] = float(value) != 0
    return found


def _removed(text: str) -> dict[str, tuple[str, ...]]:
    """Only composites that came true remove; what another composite keeps stays."""
    true = {name for name, value in re.findall(r"final result for composite (\S+) is (\S+)", text) if float(value)}
    gone = set(re.findall(r"remove symbol (?:weight for )?(\S+) \(", text))
    found: dict[str, dict[str, None]] = {}
    for symbol, policy, composite in re.findall(
        r"added symbol (\S+) to removal: (\d+) policy, from composite (\S+)", text
    ):
        if symbol in gone and composite in true and policy != "0":
            found.setdefault(symbol, {})[composite] = None
    return {symbol: tuple(composites) for symbol, composites in found.items()}
