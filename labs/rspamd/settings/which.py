"""Which settings profile holds for a mail: the decision of profiles.py for the lab as it runs, and Rspamd's own word on it."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass
from functools import cached_property

from labs.rspamd.dialect.log import SUMMARY, Summary
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.settings.conditions import Asked, Condition
from labs.rspamd.settings.profiles import Decision, Fate, Row, decide
from labs.rspamd.verdict import Verdict
from labs.visible import one_line

EMPTY = b"Subject: Welches Profil?\r\n\r\nNur der Umschlag ist wichtig.\r\n"
"""The mail that stands for none, when only the envelope was given."""
LOG_SECONDS = 1.0
LONGEST = 80
"""Characters of what a mail brings."""
MARKS = {True: ("✓", "erfüllt"), False: ("✗", "nicht erfüllt"), None: ("?", "weiß nur Rspamd")}
RANKS = {3: "high", 2: "medium", 1: "low"}
_STYLE = """<style>
.lab-which table { border-collapse: collapse; line-height: 1.4; }
.lab-which td, .lab-which th { text-align: left !important; vertical-align: top; white-space: normal; padding: .2em .7em; }
.lab-which tr.lab-held td, .lab-which tr.lab-held th { background: rgba(0, 158, 115, .18); }
.lab-which td code { overflow-wrap: anywhere; white-space: normal; background: none; }
.lab-which th code { white-space: nowrap; background: none; }
</style>"""


@dataclass(frozen=True)
class Which:
    """A decision that a notebook shows as a table. ``verdict``: the scan in which Rspamd was asked; None: not asked."""

    decision: Decision
    verdict: Verdict | None = None

    @property
    def profile(self) -> str:
        """The name of the profile that holds, or ""."""
        return self.decision.held.name if self.decision.held else ""

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What came out, in German."""
        held, said = self.decision.held, self.decision.said
        found = [f"Es gilt das Profil {held.name}." if held else "Es gilt kein Profil."]
        if held and held.whitelist:
            found.append("Rspamd nimmt die Mail ungeprüft an (want_spam).")
        if extra := [row for row in self.decision.rows if row.fate is Fate.LATER and row.profile.symbols]:
            names = ", ".join(name for row in extra for name in row.profile.symbols)
            found.append(f"Aus demselben Rang kommen trotzdem dazu: {names}.")
        if held and held.symbols and not set(held.symbols) <= set(self.decision.symbols):
            names = ", ".join(held.symbols)
            found.append(f"Seine Symbole ({names}) kommen nicht dazu: Das tun sie nur, wenn seine Bedingung passt.")
        wanted = self.decision.asked.settings_id
        if wanted and all(wanted != row.profile.id for row in self.decision.rows):
            found.append(f"Die Settings-ID {wanted} hat kein Profil; Rspamd übergeht sie.")
        if said is None:
            found.append("Rspamd ist nicht gefragt." if self.decision.sure else "Sicher ist das nicht: Frag Rspamd.")
        elif self.decision.agrees:
            found.append(f"Rspamd sagt dasselbe: {f'settings_id {said}' if said else 'kein Profil'}.")
        else:
            told = f"Rspamd sagt etwas anderes: {said or 'kein Profil'}."
            found.append(f"{told} Galt bei der Prüfung dieselbe Konfiguration, glaube ihm.")
        return tuple(found)

    def __str__(self) -> str:
        asked = self.decision.asked
        rows = [(_rank(row), row.profile.name, _words(row, asked)) for row in self.decision.rows]
        width = max((len(name) for _, name, *_ in rows), default=0)
        lines = [f"  {rank:<7}{name:<{width}}  {told}" for rank, name, told in rows]
        return "\n".join([" ".join(self.sentences), *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The same as an escaped table."""
        head = "".join(f"<th scope=col>{title}</th>" for title in ("Priorität", "Profil", "Bedingungen", "Ergebnis"))
        rows = "".join(_html(row, self.decision.asked) for row in self.decision.rows)
        return (
            f'{_STYLE}<div class="lab-which" role="status"><p>{html.escape(" ".join(self.sentences))}</p>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


def which(rspamd: Rspamd, asked: Asked, verdict: Verdict | None = None) -> Which:
    """The decision for ``asked`` in the configuration in force; ``verdict``: a scan of it, whose log tells what Rspamd took."""
    said = taken(rspamd, verdict) if verdict else None
    return Which(decide(Registry.of(rspamd).profiles, asked, said), verdict)


def taken(rspamd: Rspamd, verdict: Verdict) -> str | None:
    """The id of the profile that Rspamd took for a scan, "" for none; None when the log no longer has the scan."""
    deadline = time.monotonic() + LOG_SECONDS
    while not (line := rspamd.log(verdict, SUMMARY)):
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return Summary(line.splitlines()[-1]).settings_id


def _rank(row: Row) -> str:
    return RANKS.get(row.profile.priority, f"{row.profile.priority:g}")


def _words(row: Row, asked: Asked) -> str:
    """The fate in words, with the conditions that decided it."""
    failed = [
        f"{condition.text}{_brought(condition, False, asked)}" for condition, holds in row.checks if holds is False
    ]
    told = row.fate.value
    if row.fate is Fate.MISMATCH and failed and not row.profile.rule.get("inverse"):
        told += f": {'; '.join(failed)}"
    return f"{told}. {row.why}" if row.why else told


def _brought(condition: Condition, holds: bool | None, asked: Asked) -> str:
    """What the mail brings for a condition that it does not fulfil."""
    return f" (die Mail: {one_line(condition.seen(asked))[:LONGEST]})" if holds is False else ""


def _html(row: Row, asked: Asked) -> str:
    held, rule = row.fate in (Fate.HOLDS, Fate.NAMED), row.profile.rule
    lines = [
        f'<span role="img" aria-label="{MARKS[holds][1]}">{MARKS[holds][0]}</span> '
        f"<code>{html.escape(condition.text)}</code>{html.escape(_brought(condition, holds, asked))}"
        for condition, holds in row.checks
    ]
    if rule.get("expression"):
        lines.append(f"verknüpft mit <code>{html.escape(str(rule['expression']))}</code>")
    elif rule.get("inverse"):
        lines.append("inverse: gilt, wenn keine davon erfüllt ist")
    told = html.escape(f"{row.fate.value}. {row.why}" if row.why else row.fate.value)
    return (
        f"<tr{' class=lab-held' if held else ''}><td>{html.escape(_rank(row))}</td>"
        f"<th scope=row><code>{html.escape(row.profile.name)}</code></th>"
        f"<td>{'<br>'.join(lines) or '–'}</td><td>{f'<strong>{told}</strong>' if held else told}</td></tr>"
    )
