"""What Rspamd's debug log tells of one scan: which rules ran, which did not and why. Pure: lines in, facts out.

Source: src/libserver/symcache (a result set early ends the scan), src/libserver/composites, plugins/lua/settings.lua.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from labs.rspamd.dialect.log import summaries

DEBUG = (
    "symcache", "composites", "settings", "multimap", "rbl", "spf", "dkim", "dmarc", "arc", "hfilter", "greylist",
    "ratelimit", "antivirus", "force_actions", "mime_types", "maillist", "forged_recipients", "once_received", "mid",
    "phishing", "whitelist", "neural", "bayes", "reputation", "replies",
)  # fmt: skip
"""What a worker must log in detail (debug_modules) for this."""
ENDED = "rspamd_protocol_http_reply"
"""The last thing that a worker logs of a scan."""

_EXECUTE = re.compile(r"process_symbol: execute (\S+), \d+;(?P<late> symbol type = (?:postfilter|idempotent))?")
_EARLY = re.compile(r"set pre-result to '[^']*' (?!\*least ).*from (\S+?)\(\d+\)$")


def executed(line: str) -> str:
    """The callback that begins with this line, or ""."""
    match = _EXECUTE.search(line)
    return match[1] if match else ""


@dataclass(frozen=True)
class Cap:
    """A group's max_score that took points from a symbol. ``line``: Rspamd's own words."""

    group: str
    limit: float
    line: str


@dataclass(frozen=True)
class Trace:
    """Facts about one scan; names are Rspamd's symbols.

    ``executed``: callbacks that ran; ``late``: those of them that ran after the composites; ``unchecked``: callbacks that
    Rspamd was about to run and did not.
    ``denied``, ``barred``: why a callback may not run, why a hit was thrown away, in Rspamd's words.
    ``needs``: callback -> symbols it waits for; ``said``: callback -> what it logged while it began.
    ``atoms``: composite -> {atom: true or false}, as far as Rspamd had to look.
    ``removed``: symbol -> composites that took it away; ``capped``: symbol -> the limit of its group.
    ``ends``: lines about a result that was set early; ``profile``: the line about the settings profile, or "".
    ``ended_by``: the module that ended the scan early, or ""; ``questions``: asked of the DNS.
    """

    lines: tuple[str, ...]
    executed: frozenset[str]
    late: frozenset[str]
    unchecked: frozenset[str]
    denied: Mapping[str, str]
    barred: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    said: Mapping[str, tuple[str, ...]]
    atoms: Mapping[str, Mapping[str, bool]]
    removed: Mapping[str, tuple[str, ...]]
    capped: Mapping[str, Cap]
    ends: tuple[str, ...]
    profile: str
    ended_by: str
    questions: int

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Trace:
        text = "\n".join(lines)
        return cls(
            lines=tuple(lines),
            executed=frozenset(match[1] for match in _EXECUTE.finditer(text)),
            late=frozenset(match[1] for match in _EXECUTE.finditer(text) if match["late"]),
            unchecked=frozenset(re.findall(r"process_symbol: do not check (\S+), \d+", text)),
            denied=dict(re.findall(r"is_allowed: (?:deny execution|skipping (?:check|execution)) of (\S+) as it (.+)", text)),
            barred=dict(re.findall(r"is_allowed: (?:deny|skipping) symbol insertion of (\S+) as it (.+)", text)),
            needs=_needs(text),
            said=_said(lines),
            atoms=_atoms(text),
            removed=_removed(text),
            capped=_capped(text),
            ends=tuple(
                dict.fromkeys(re.findall(r"(set pre-result to .*|task has already the .*|task is whitelisted)", text))
            ),
            profile=next(iter(re.findall(r"apply (?:static )?settings .*|applied settings .*", text)), ""),
            ended_by=next((match[1] for line in lines if (match := _EARLY.search(line))), ""),
            questions=next((summary.questions for summary in summaries(lines)), 0),
        )  # fmt: skip

    def skips(self, callback: str) -> tuple[str, ...]:
        """What a callback said about not checking this mail."""
        return tuple(
            line for line in self.said.get(callback, ()) if re.search(r"\bskip|not possible", line, re.IGNORECASE)
        )

    @property
    def profile_name(self) -> str:
        """The settings profile, out of "apply static settings NAME (id = …)" or "applied settings id NAME(…)"."""
        words = self.profile.replace("(", " ").split()
        return next(
            (name for before, name in pairwise(words) if before in ("settings", "id", "rule") and name not in _NO_NAME),
            "",
        )

    @property
    def whitelisted(self) -> bool:
        """Whether a settings profile let the mail pass unchecked."""
        return any("whitelisted" in line for line in self.ends)

    @property
    def preset(self) -> bool:
        """Whether some module set a result before the end."""
        return any(line.startswith("set pre-result") for line in self.ends)

    @property
    def full(self) -> bool:
        """Whether the scan stopped because the points were enough for reject."""
        return any("limit reached" in line for line in self.ends)

    @property
    def bayes(self) -> tuple[str, ...]:
        """What the classifier said."""
        return tuple(line for line in self.lines if "bayes_classify" in line)

    @property
    def untrained(self) -> bool:
        """Whether it said that it has not learned enough."""
        return any("needs more training" in line for line in self.bayes)


_NO_NAME = ("id", "according")


def by_profile(words: str) -> bool:
    """Whether ``words`` of ``Trace.denied`` or ``barred`` speak of a settings profile: "is forbidden for settings id 1"."""
    return "settings id" in words


def switched_off(words: str) -> bool:
    """Whether they say that groups.conf switches the symbol off."""
    return "permanently disabled" in words


def _capped(text: str) -> dict[str, Cap]:
    pattern = r"(maximum group score (\S+) for group (\S+) .* symbol (\S+) (?:from|with weight) .*)"
    return {symbol: Cap(group, float(limit), line) for line, limit, group, symbol in re.findall(pattern, text)}


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
        if callback := executed(line):
            current = callback
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
