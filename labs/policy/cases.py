"""The two kinds of expectations: about a mail, and about a setting of a server. How they are written: expectation.py."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from labs.policy.finding import Finding
from labs.policy.observation import Observation, callbacks_run
from labs.rspamd.verdict import Verdict, number
from labs.smtp.client import Delivery
from labs.visible import one_line

if TYPE_CHECKING:
    from labs.lab import Lab

LONGEST = 200
"""Characters of a foreign text that a finding quotes."""
PROFILES = 3
"""Scans that tell how many rules ran."""
TOLERANCE = 0.01
"""Points that are the same although the last digit differs: Rspamd gives now 3.7, now 3.699999."""


@dataclass(frozen=True)
class Case:
    """A mail with its envelope and what is expected of it. ``again``: how often it is sent, ``pause`` seconds apart;
    ``fresh``: Redis is emptied before."""

    title: str
    mail: str
    envelope: Mapping[str, Any]
    stopped: tuple[str, ...]
    expect: Mapping[str, Any]
    again: int = 1
    pause: float = 0
    fresh: bool = False

    def observe(self, lab: Lab) -> Observation:
        """Send the mail, or let Rspamd scan it, as the case says; what came of the last time."""
        mail, brought = lab.load(self.mail)
        envelope = {name: value for name, value in asdict(brought).items() if value} | dict(self.envelope)
        if self.fresh:
            lab.forget()
        with _without(lab, self.stopped):
            for attempt in range(self.again):
                time.sleep(self.pause if attempt else 0)
                if "via" in envelope:
                    result = lab.send(mail, **{name: envelope[name] for name in envelope if name != "mta_name"})
                else:
                    result = lab.scan(mail, **envelope)
            seen = Observation.of(result, self._log_of(lab))
            if "ran" in self.expect:
                more = [lab.scan(mail, **envelope) for _ in range(PROFILES - 1)]
                seen = replace(seen, ran=callbacks_run([result, *more]))
            return seen

    def findings(self, lab: Lab, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected; ``given``: judge this result instead of an own one."""
        seen = Observation.of(given, self._log_of(lab)) if given is not None else self.observe(lab)
        return [finding.text for finding in self.judge(seen)]

    def _log_of(self, lab: Lab) -> Lab | None:
        """Where to look whether the mail was learned; reading the log costs time, so only if somebody asks."""
        return lab if "learned" in self.expect else None

    def judge(self, seen: Observation) -> list[Finding]:
        """What is not as expected; an empty list when all is."""
        found = (finding for kind, judge in _JUDGES.items() if kind in self.expect
                 for finding in judge(self.expect[kind], seen))  # fmt: skip
        return list({finding.text: finding for finding in found}.values())


@dataclass(frozen=True)
class Setting:
    """A value that must be in force on a server."""

    title: str
    role: str
    name: str
    expect: Mapping[str, Any]

    def observe(self, lab: Lab) -> str:
        """The value in force."""
        return lab.setting(self.role, self.name)

    def findings(self, lab: Lab, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected."""
        return [finding.text for finding in self.judge(self.observe(lab))]

    def judge(self, value: str) -> list[Finding]:
        """What is not as expected; an empty list when all is."""
        if "value" in self.expect and value != str(self.expect["value"]):
            expected = f"„{self.expect['value']}“"
            return [Finding("setting", f"{self.name} ist „{value}“, erwartet: {expected}", expected, f"„{value}“")]
        if "range" in self.expect:
            try:
                inside = _within(float(value), self.expect["range"])
            except ValueError:
                inside = False
            if not inside:
                expected, came = _range(self.expect["range"]), value or "nicht gesetzt"
                return [Finding("setting", f"{self.name} ist {came}, erwartet: {expected}", expected, came)]
        return []


def _smtp(code: int, seen: Observation) -> Iterator[Finding]:
    if seen.code != code:
        came = f"{seen.code} {shown(seen.reply)}" if seen.code else "keine SMTP-Antwort: Sende die Mail mit lab.send(…)"
        yield Finding.instead("smtp", f"SMTP-Antwort {code}", came)


def _reply(pattern: str, seen: Observation) -> Iterator[Finding]:
    if not matches(seen.reply, pattern):
        came = f"„{shown(seen.reply)}“" if seen.reply else "keiner"
        yield Finding.instead("reply", f"der Antworttext „{pattern}“", came)


def _action(action: str, seen: Observation) -> Iterator[Finding]:
    if seen.action != action:
        yield Finding.instead("action", action, seen.action or "kein Urteil von Rspamd")


def _symbols(patterns: Sequence[str], seen: Observation) -> Iterator[Finding]:
    for pattern in patterns:
        if not _hits(pattern, seen):
            yield Finding("symbols", f"es fehlt das Symbol {pattern}", pattern, "", pattern)


def _unwanted(patterns: Sequence[str], seen: Observation) -> Iterator[Finding]:
    for pattern in patterns:
        for name in _hits(pattern, seen):
            yield Finding("without", f"unerwünscht ist das Symbol {name}", "", name, name)


def _score(pair: Sequence[float], seen: Observation) -> Iterator[Finding]:
    if seen.score is None or not _within(seen.score, pair):
        points, (low, high) = _points(seen.score), map(number, pair)
        yield Finding("score", f"{points} Punkte liegen nicht zwischen {low} und {high}", _range(pair), points)


def _scores(wanted: Mapping[str, Any], seen: Observation) -> Iterator[Finding]:
    for pattern, points in wanted.items():
        pair = points if isinstance(points, list) else (points, points)
        expected = _range(pair) if isinstance(points, list) else number(points)
        hits = _hits(pattern, seen)
        if not hits:
            yield Finding("symbols", f"es fehlt das Symbol {pattern}", expected, "", pattern)
        for name, came in hits.items():
            if not _within(came, pair):
                text = f"{name} zählt {number(came)} Punkte, erwartet: {expected}"
                yield Finding("scores", text, expected, number(came), name)


def _path(nodes: Sequence[str], seen: Observation) -> Iterator[Finding]:
    if seen.path != tuple(nodes):
        yield Finding.instead("path", " → ".join(nodes), " → ".join(seen.path) or "kein Knoten kennt die Mail")


def _headers(wanted: Mapping[str, Any], seen: Observation) -> Iterator[Finding]:
    if seen.headers is None:
        yield Finding.instead("headers", f"Kopfzeilen ({', '.join(wanted)})", "keine: Die Mail wurde nicht zugestellt")
        return
    for name, pattern in wanted.items():
        values = [value for other, value in seen.headers if other.lower() == name.lower()]
        came = " und ".join(f"„{shown(value)}“" for value in values) or "keine"
        if pattern is False and values:
            yield Finding("headers", f"unerwünscht ist die Kopfzeile {name}: {came}", f"keine Kopfzeile {name}", came)
        if pattern is not False and not any(matches(value, pattern) for value in values):
            yield Finding.instead("headers", f"Kopfzeile {name}: „{pattern}“", came)


def _learned(kind: str | bool, seen: Observation) -> Iterator[Finding]:
    if seen.learned != (kind or ""):
        came = "nicht zu erkennen" if seen.learned is None else _LEARNED[seen.learned]
        yield Finding.instead("learned", _LEARNED[kind or ""], came)


def _ran(pair: Sequence[int], seen: Observation) -> Iterator[Finding]:
    if seen.ran is None or not pair[0] <= seen.ran <= pair[1]:
        came = "nicht zu erkennen" if seen.ran is None else str(seen.ran)
        yield Finding.instead("ran", f"zwischen {pair[0]} und {pair[1]} Regeln gelaufen", came)


_LEARNED = {"spam": "als Spam gelernt", "ham": "als Ham gelernt", "": "nicht gelernt"}
_JUDGES = {  # the word in ``expect`` -> what judges it, in the order of the report
    "smtp": _smtp, "reply": _reply, "action": _action, "symbols": _symbols, "without": _unwanted, "score": _score,
    "scores": _scores, "path": _path, "headers": _headers, "learned": _learned, "ran": _ran,
}  # fmt: skip


def matches(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which only * and ? are special; brackets stand in too many header lines."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def shown(text: str) -> str:
    """A text out of a mail or from a server, not too long."""
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _hits(pattern: str, seen: Observation) -> dict[str, float]:
    return {name: points for name, points in seen.symbols.items() if fnmatchcase(name, pattern)}


def _within(value: float, pair: Sequence[float]) -> bool:
    return pair[0] - TOLERANCE <= value <= pair[1] + TOLERANCE


def _range(pair: Sequence[float]) -> str:
    low, high = map(number, pair)
    return f"zwischen {low} und {high}"


def _points(score: float | None) -> str:
    return "keine" if score is None else number(score)


@contextmanager
def _without(lab: Lab, nodes: tuple[str, ...]) -> Iterator[None]:
    """Some nodes are down meanwhile."""
    try:
        for node in nodes:
            lab.stop(node)
        yield
    finally:
        for node in nodes:
            lab.restart(node)
