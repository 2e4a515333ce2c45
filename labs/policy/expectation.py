"""One expectation format for exercises and the reader's own policy tests.

[[mail]]
title = "EICAR von außen wird abgelehnt"
mail = "eicar"                    # catalogue name or path
mta_name = "incoming_default"     # further: ip, helo, hostname, from, rcpt, user, settings_id
expect = { action = "reject", symbols = ["CLAMAV_*"], without = ["WHITELIST_*"], score = [10, 30] }
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs.errors import LabError
from labs.rspamd.verdict import Verdict, number

if TYPE_CHECKING:
    from labs.lab import Lab

_ENVELOPE = {"ip", "helo", "hostname", "from", "rcpt", "user", "mta_name", "settings_id"}
_MAIL = {"title", "mail", "expect"} | _ENVELOPE
_EXPECT = {"action": str, "symbols": list, "without": list, "score": list}


@dataclass(frozen=True)
class Case:
    """A mail with its envelope and what is expected of the verdict."""

    title: str
    mail: str
    envelope: Mapping[str, Any]
    expect: Mapping[str, Any]

    def scan(self, lab: Lab) -> Verdict:
        """Let Rspamd judge the mail of this case."""
        return lab.scan(self.mail, **self.envelope)

    def judge(self, verdict: Verdict) -> list[str]:
        """German sentences that say what is not as expected; an empty list when all is."""
        names = [hit.name for hit in verdict.hits]
        found = []
        if "action" in self.expect and verdict.action != self.expect["action"]:
            found.append(f"erwartet: {self.expect['action']}, gekommen: {verdict.action}")
        for pattern in self.expect.get("symbols", ()):
            if not any(fnmatchcase(name, pattern) for name in names):
                found.append(f"es fehlt das Symbol {pattern}")
        for pattern in self.expect.get("without", ()):
            found += [f"unerwünscht ist das Symbol {name}" for name in names if fnmatchcase(name, pattern)]
        if "score" in self.expect:
            low, high = self.expect["score"]
            if not low <= verdict.score <= high:
                found.append(f"{number(verdict.score)} Punkte liegen nicht zwischen {number(low)} und {number(high)}")
        return found


def read(path: Path) -> list[Case]:
    """The cases of one file. Raises LabError that names the file, the case and the nearest valid word."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LabError(
            f"Die Erwartungen in {path.name} lassen sich nicht lesen.", why=str(error), next_step="Prüfe die Datei."
        ) from None
    cases = document.get("mail", [])
    if not isinstance(cases, list) or not cases:
        raise LabError(f"In {path.name} steht keine Erwartung.", next_step="Jede beginnt mit der Zeile [[mail]].")
    return [_case(entry, f"{path.name}, Eintrag {position}") for position, entry in enumerate(cases, 1)]


def _case(entry: Mapping[str, Any], where: str) -> Case:
    _known(entry, _MAIL, where)
    for key in ("mail", "expect"):
        if key not in entry:
            raise LabError(f"{where}: Es fehlt „{key}“.", next_step="Ergänze die Zeile.")
    expect = entry["expect"]
    if not isinstance(expect, dict) or not expect:
        raise LabError(
            f"{where}: „expect“ ist leer.", next_step='Schreibe zum Beispiel expect = { action = "reject" }.'
        )
    _known(expect, set(_EXPECT), where)
    for key, value in expect.items():
        if not isinstance(value, _EXPECT[key]) or (key == "score" and len(value) != 2):
            form = {"action": "ein Text", "score": "ein Paar [von, bis]"}.get(key, "eine Liste")
            raise LabError(f"{where}: „{key}“ muss {form} sein.", next_step="Ändere den Wert.")
    envelope = {{"from": "from_"}.get(key, key): value for key, value in entry.items() if key in _ENVELOPE}
    return Case(entry.get("title", entry["mail"]), entry["mail"], envelope, expect)


def _known(entry: Mapping[str, Any], words: set[str], where: str) -> None:
    for key in entry:
        if key not in words:
            nearest = difflib.get_close_matches(key, words, 1)
            hint = f"Meintest du „{nearest[0]}“?" if nearest else f"Erlaubt sind: {', '.join(sorted(words))}."
            raise LabError(f"{where}: Das Wort „{key}“ gibt es nicht.", next_step=hint)
