"""One expectation format for exercises and the reader's own policy tests.

[[mail]]
title = "EICAR von außen wird abgelehnt"
mail = "eicar"                    # catalogue name or path
mta_name = "incoming_default"     # further: ip, helo, hostname, from, rcpt, user, settings_id
via = "mx"                        # through Postfix, and by which way; without it Rspamd is asked directly
stopped = ["av1"]                 # nodes that are down meanwhile
expect = { action = "reject", symbols = ["CLAMAV_*"], without = ["WHITELIST_*"], score = [10, 30], smtp = 554 }

[[setting]]
title = "Redis hat eine Grenze"
role = "redis"                    # or postfix-mx, rspamd-proxy, …
name = "maxmemory"                # Postfix: a parameter; Rspamd: the path in configdump, such as "options.task_timeout"
expect = { range = [1000000, 64000000] }          # or { value = "noeviction" }
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs.errors import LabError
from labs.rspamd.verdict import Verdict, number
from labs.smtp.client import Delivery

if TYPE_CHECKING:
    from labs.lab import Lab

_SCAN = {"ip", "helo", "hostname", "from", "rcpt", "user", "mta_name", "settings_id"}
_SEND = {"ip", "helo", "hostname", "from", "rcpt", "user", "via"}
_MAIL = {"title", "mail", "expect", "stopped"} | _SCAN | _SEND
_EXPECT = {"action": str, "symbols": list, "without": list, "score": list, "smtp": int, "path": list}
_SETTING = {"title", "role", "name", "expect"}
_FORMS = {"action": "ein Text", "score": "ein Paar [von, bis]", "smtp": "eine Zahl", "range": "ein Paar [von, bis]"}
TRACE_SECONDS = 10


@dataclass(frozen=True)
class Observation:
    """What came of a mail. ``code``, ``path``: only when it went through Postfix (path: its nodes in order)."""

    action: str
    score: float | None
    names: tuple[str, ...]
    code: int | None = None
    reply: str = ""
    path: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: Verdict | Delivery) -> Observation:
        """What a verdict or a delivery shows; of a delivery it is the first node's verdict."""
        if isinstance(result, Verdict):
            return cls(result.action, result.score, tuple(hit.name for hit in result.hits))
        hops = result.trace(TRACE_SECONDS).hops
        path = tuple(dict.fromkeys(hop.node for hop in hops))
        if not hops:
            return cls("", None, (), result.code, result.reply, path)
        return cls(hops[0].action, hops[0].score, hops[0].symbols, result.code, result.reply, path)


@dataclass(frozen=True)
class Case:
    """A mail with its envelope and what is expected of it."""

    title: str
    mail: str
    envelope: Mapping[str, Any]
    stopped: tuple[str, ...]
    expect: Mapping[str, Any]

    def findings(self, lab: Lab, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected; ``given``: judge this result instead of an own one."""
        if given is not None:
            return self.judge(Observation.of(given))
        with _without(lab, self.stopped):
            result = (
                lab.send(self.mail, **self.envelope) if "via" in self.envelope else lab.scan(self.mail, **self.envelope)
            )
            return self.judge(Observation.of(result))

    def judge(self, seen: Observation) -> list[str]:
        """German sentences that say what is not as expected; an empty list when all is."""
        found = []
        if "smtp" in self.expect and seen.code != self.expect["smtp"]:
            came = f"{seen.code} {seen.reply}" if seen.code else "keine SMTP-Antwort: Sende die Mail mit lab.send(…)"
            found.append(f"erwartet: SMTP-Antwort {self.expect['smtp']}, gekommen: {came}")
        if "action" in self.expect and seen.action != self.expect["action"]:
            found.append(f"erwartet: {self.expect['action']}, gekommen: {seen.action or 'kein Urteil von Rspamd'}")
        for pattern in self.expect.get("symbols", ()):
            if not any(fnmatchcase(name, pattern) for name in seen.names):
                found.append(f"es fehlt das Symbol {pattern}")
        for pattern in self.expect.get("without", ()):
            found += [f"unerwünscht ist das Symbol {name}" for name in seen.names if fnmatchcase(name, pattern)]
        if "score" in self.expect:
            low, high = self.expect["score"]
            if seen.score is None or not low <= seen.score <= high:
                points = "keine" if seen.score is None else number(seen.score)
                found.append(f"{points} Punkte liegen nicht zwischen {number(low)} und {number(high)}")
        if "path" in self.expect and seen.path != tuple(self.expect["path"]):
            way = " → ".join(seen.path) or "kein Knoten kennt die Mail"
            found.append(f"erwartet: {' → '.join(self.expect['path'])}, gekommen: {way}")
        return found


@dataclass(frozen=True)
class Setting:
    """A value that must be in force on a server."""

    title: str
    role: str
    name: str
    expect: Mapping[str, Any]

    def findings(self, lab: Lab, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected."""
        value = lab.setting(self.role, self.name)
        if "value" in self.expect and value != str(self.expect["value"]):
            return [f"{self.name} ist „{value}“, erwartet: „{self.expect['value']}“"]
        if "range" in self.expect:
            low, high = self.expect["range"]
            try:
                inside = low <= float(value) <= high
            except ValueError:
                inside = False
            if not inside:
                return [
                    f"{self.name} ist {value or 'nicht gesetzt'}, erwartet: zwischen {number(low)} und {number(high)}"
                ]
        return []


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


def read(path: Path) -> list[Case | Setting]:
    """The cases of one file. Raises LabError that names the file, the case and the nearest valid word."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LabError(
            f"Die Erwartungen in {path.name} lassen sich nicht lesen.", why=str(error), next_step="Prüfe die Datei."
        ) from None
    _known(document, {"mail", "setting"}, path.name)
    found: list[Case | Setting] = []
    for kind, make in (("mail", _case), ("setting", _setting)):
        entries = document.get(kind, [])
        if not isinstance(entries, list):
            raise LabError(f"In {path.name} muss es [[{kind}]] heißen.", next_step="Setze doppelte Klammern.")
        found += [make(entry, f"{path.name}, [[{kind}]] {position}") for position, entry in enumerate(entries, 1)]
    if not found:
        raise LabError(f"In {path.name} steht keine Erwartung.", next_step="Jede beginnt mit der Zeile [[mail]].")
    return found


def _case(entry: Mapping[str, Any], where: str) -> Case:
    _known(entry, _MAIL, where)
    expect = _expect(entry, ("mail", "expect"), _EXPECT, where)
    words = _SEND if "via" in entry else _SCAN
    useless = sorted((_SCAN | _SEND) & entry.keys() - words)
    if useless:
        raise LabError(
            f"{where}: „{useless[0]}“ passt nicht zu „via“.",
            next_step="Postfix nennt die Rolle selbst: Streiche die Zeile.",
        )
    envelope = {{"from": "from_"}.get(key, key): value for key, value in entry.items() if key in words}
    return Case(entry.get("title", entry["mail"]), entry["mail"], envelope, tuple(entry.get("stopped", ())), expect)


def _setting(entry: Mapping[str, Any], where: str) -> Setting:
    _known(entry, _SETTING, where)
    expect = _expect(entry, ("role", "name", "expect"), {"value": (str, int, float, bool), "range": list}, where)
    return Setting(entry.get("title", entry["name"]), entry["role"], entry["name"], expect)


def _expect(
    entry: Mapping[str, Any], needed: tuple[str, ...], forms: Mapping[str, Any], where: str
) -> Mapping[str, Any]:
    """The entry's ``expect``, checked."""
    for key in needed:
        if key not in entry:
            raise LabError(f"{where}: Es fehlt „{key}“.", next_step="Ergänze die Zeile.")
    expect = entry["expect"]
    if not isinstance(expect, dict) or not expect:
        raise LabError(
            f"{where}: „expect“ ist leer.", next_step='Schreibe zum Beispiel expect = { action = "reject" }.'
        )
    _known(expect, set(forms), where)
    for key, value in expect.items():
        if not isinstance(value, forms[key]) or (key in ("score", "range") and len(value) != 2):
            raise LabError(f"{where}: „{key}“ muss {_FORMS.get(key, 'eine Liste')} sein.", next_step="Ändere den Wert.")
    return expect


def _known(entry: Mapping[str, Any], words: set[str], where: str) -> None:
    for key in entry:
        if key not in words:
            nearest = difflib.get_close_matches(key, words, 1)
            hint = f"Meintest du „{nearest[0]}“?" if nearest else f"Erlaubt sind: {', '.join(sorted(words))}."
            raise LabError(f"{where}: Das Wort „{key}“ gibt es nicht.", next_step=hint)
