"""What each word of ``expect`` judges: a value beside what came of the mail gives findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from labs.policy.finding import Finding
from labs.policy.observation import Observation
from labs.rspamd.verdict import number
from labs.visible import one_line

LONGEST = 200
"""Characters of a foreign text that a finding quotes."""
TOLERANCE = 0.01
"""Points that are the same although the last digit differs: Rspamd gives now 3.7, now 3.699999."""
_LEARNED = {"spam": "als Spam gelernt", "ham": "als Ham gelernt", "": "nicht gelernt"}


def smtp(code: int, seen: Observation) -> Iterator[Finding]:
    if seen.code != code:
        came = f"{seen.code} {shown(seen.reply)}" if seen.code else "keine SMTP-Antwort: Sende die Mail mit lab.send(…)"
        yield Finding.instead("smtp", f"SMTP-Antwort {code}", came)


def reply(pattern: str, seen: Observation) -> Iterator[Finding]:
    if not matches(seen.reply, pattern):
        came = f"„{shown(seen.reply)}“" if seen.reply else "keiner"
        yield Finding.instead("reply", f"der Antworttext „{pattern}“", came)


def action(action: str, seen: Observation) -> Iterator[Finding]:
    if seen.action != action:
        yield Finding.instead("action", action, seen.action or "kein Urteil von Rspamd")


def symbols(patterns: Sequence[str], seen: Observation) -> Iterator[Finding]:
    for pattern in patterns:
        if not _hits(pattern, seen):
            yield Finding("symbols", f"es fehlt das Symbol {pattern}", pattern, "", pattern)


def without(patterns: Sequence[str], seen: Observation) -> Iterator[Finding]:
    for pattern in patterns:
        for name in _hits(pattern, seen):
            yield Finding("without", f"unerwünscht ist das Symbol {name}", "", name, name)


def score(pair: Sequence[float], seen: Observation) -> Iterator[Finding]:
    if seen.score is None or not within(seen.score, pair):
        points, (low, high) = _points(seen.score), map(number, pair)
        yield Finding("score", f"{points} Punkte liegen nicht zwischen {low} und {high}", span(pair), points)


def scores(wanted: Mapping[str, Any], seen: Observation) -> Iterator[Finding]:
    for pattern, points in wanted.items():
        pair = points if isinstance(points, list) else (points, points)
        expected = span(pair) if isinstance(points, list) else number(points)
        hits = _hits(pattern, seen)
        if not hits:
            yield Finding("symbols", f"es fehlt das Symbol {pattern}", expected, "", pattern)
        for name, came in hits.items():
            if not within(came, pair):
                text = f"{name} zählt {number(came)} Punkte, erwartet: {expected}"
                yield Finding("scores", text, expected, number(came), name)


def path(nodes: Sequence[str], seen: Observation) -> Iterator[Finding]:
    if seen.path != tuple(nodes):
        yield Finding.instead("path", " → ".join(nodes), " → ".join(seen.path) or "kein Knoten kennt die Mail")


def headers(wanted: Mapping[str, Any], seen: Observation) -> Iterator[Finding]:
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


def learned(kind: str | bool, seen: Observation) -> Iterator[Finding]:
    if seen.learned != (kind or ""):
        came = "nicht zu erkennen" if seen.learned is None else _LEARNED[seen.learned]
        yield Finding.instead("learned", _LEARNED[kind or ""], came)


def ran(pair: Sequence[int], seen: Observation) -> Iterator[Finding]:
    if seen.ran is None or not pair[0] <= seen.ran <= pair[1]:
        came = "nicht zu erkennen" if seen.ran is None else str(seen.ran)
        yield Finding.instead("ran", f"zwischen {pair[0]} und {pair[1]} Regeln gelaufen", came)


def matches(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which only * and ? are special; brackets stand in too many header lines."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def shown(text: str) -> str:
    """A text out of a mail or from a server, not too long."""
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _hits(pattern: str, seen: Observation) -> dict[str, float]:
    return {name: points for name, points in seen.symbols.items() if fnmatchcase(name, pattern)}


def within(value: float, pair: Sequence[float]) -> bool:
    return pair[0] - TOLERANCE <= value <= pair[1] + TOLERANCE


def span(pair: Sequence[float]) -> str:
    low, high = map(number, pair)
    return f"zwischen {low} und {high}"


def _points(score: float | None) -> str:
    return "keine" if score is None else number(score)
