"""One expectation format for exercises and the reader's own policy tests.

actions = ["umleiten"]            # at the top, if need be: actions that the configuration declares besides Rspamd's own

[[mail]]
title = "EICAR von außen wird abgelehnt"
mail = "eicar"                    # catalogue name or path; a relative one counts from this file's folder
mta_name = "incoming_default"     # further: ip, helo, hostname, from, rcpt, user, settings_id
via = "mx"                        # through Postfix, and by which way; without it Rspamd is asked directly
stopped = ["av1"]                 # nodes that are down meanwhile
fresh = true                      # Redis is emptied before: greylisting, limits and Bayes know nothing
again = 3                         # sent three times (pause = 2.5 seconds apart); the last one counts
expect = { action = "reject", symbols = ["CLAMAV_*"], without = ["WHITELIST_*"], score = [10, 30], smtp = 554 }

``expect`` of a mail: all that is named must hold (over several lines as a table [mail.expect]). In texts * stands for
anything and ? for one character.

action    the action                             smtp      the SMTP reply's code (via)
symbols   these have hit                         reply     its text; without via the one Rspamd asks for (smtp_message)
without   these have not hit                     path      the nodes in order (via)
score     [from, to] for the sum                 headers   { "X-Spam" = "Yes", "List-Id" = false }: of the mail as the
scores    { "RBL_*" = [1, 5], "DBL_SPAM" = 6.5 }           recipient gets it; false: it has no such line
ran       [from, to]: callbacks run (not via)    learned   "spam", "ham" or false: what Bayes learned from it by itself

[[setting]]
title = "Redis hat eine Grenze"
role = "redis"                    # or postfix-mx, rspamd-proxy, …
name = "maxmemory"                # Postfix: a parameter; Rspamd: the path in configdump, such as "options.task_timeout"
expect = { range = [1000000, 64000000] }          # or { value = "noeviction" }
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from labs.cluster.topology import topology
from labs.mails import catalogue
from labs.nodes import ROLES
from labs.policy import forms
from labs.policy.cases import Case, Setting
from labs.policy.place import Place, SchemaError
from labs.policy.words import WORDS
from labs.rspamd.verdict import ACTIONS
from labs.smtp.client import DOORS

__all__ = ["Case", "SchemaError", "Setting", "read", "read_text"]

_SCAN = ("ip", "helo", "hostname", "from", "rcpt", "user", "mta_name", "settings_id")
_SEND = ("ip", "helo", "hostname", "from", "rcpt", "user", "via")
_ENVELOPE = {name: forms.TEXT for name in (*_SCAN, *_SEND)} | {"rcpt": forms.TEXT_OR_TEXTS}
_MAIL = {
    "title": forms.TEXT, "mail": forms.TEXT, "expect": forms.TABLE, "stopped": forms.TEXTS, "again": forms.TIMES, "fresh": forms.YES,
    "pause": forms.SECONDS, **_ENVELOPE,
}  # fmt: skip
_SETTING = {"title": forms.TEXT, "role": forms.TEXT, "name": forms.TEXT, "expect": forms.TABLE}
_VALUE = {"value": forms.SINGLE, "range": forms.PAIR}


def read(path: Path) -> list[Case | Setting]:
    """The cases of one file. Raises SchemaError that names the file, the line and the nearest valid word."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path.name, str(error)) from None
    return read_text(text, path.name, path.parent)


def read_text(text: str, name: str, folder: Path) -> list[Case | Setting]:
    """The cases of a TOML text. ``name``: what errors call it; ``folder``: where relative paths of mails begin."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise _unreadable(f"{name}, Zeile {line[1]}" if line else name, str(error)) from None
    whole = Place(name, text)
    _known(document, ("mail", "setting", "actions"), whole)
    actions = document.get("actions", [])
    if actions and not forms.TEXTS.fits(actions):
        raise (whole / "actions").error(f"„actions“ muss {forms.TEXTS.name} sein.", "Ändere den Wert.")
    for kind in ("mail", "setting"):
        entries = document.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise (whole / kind).error(f"Es muss [[{kind}]] heißen.", "Setze doppelte Klammern.")
    found: list[Case | Setting] = [
        *(
            _case(entry, whole / "mail" / number, folder, actions)
            for number, entry in enumerate(document.get("mail", []))
        ),
        *(_setting(entry, whole / "setting" / number) for number, entry in enumerate(document.get("setting", []))),
    ]
    if not found:
        raise SchemaError(f"In {name} steht keine Erwartung.", next_step="Jede beginnt mit der Zeile [[mail]].")
    return found


def _case(entry: Mapping[str, Any], place: Place, folder: Path, actions: Collection[str]) -> Case:
    _check(entry, _MAIL, ("mail", "expect"), place)
    expect = _expect(entry, {name: word.form for name, word in WORDS.items()}, place)
    words = _SEND if "via" in entry else _SCAN
    useless = next((name for name in entry if name in _ENVELOPE and name not in words), "")
    if useless:
        hint = "Postfix nennt die Rolle selbst: Streiche die Zeile."
        raise (place / useless).error(f"„{useless}“ passt nicht zu „via“.", hint)
    if "pause" in entry and "again" not in entry:
        raise (place / "pause").error("„pause“ steht nur neben „again“.", "Ergänze again = 2.")
    for name in expect if "via" in entry else ():
        if not WORDS[name].via:
            hint = "Wie viele Regeln liefen, sagt Rspamd nur, wenn es direkt gefragt wird: Streiche „via“."
            raise (place / "expect" / name).error(f"„{name}“ passt nicht zu „via“.", hint)
    if "via" in entry:
        (place / "via").one_of(entry["via"], ("mx", *DOORS), "Einen Weg")
    for node in entry.get("stopped", ()):
        (place / "stopped").one_of(node, _nodes(), "Einen Knoten")
    for node in expect.get("path", ()):
        (place / "expect" / "path").one_of(node, tuple(topology()["nodes"]), "Einen Knoten")
    if "action" in expect:
        hint = f'Eine eigene nennst du am Anfang der Datei: actions = ["{expect["action"]}"].'
        (place / "expect" / "action").one_of(expect["action"], (*ACTIONS, *actions), "Eine Action", hint)
    envelope = {{"from": "from_"}.get(key, key): value for key, value in entry.items() if key in words}
    mail = _mail(entry["mail"], place / "mail", folder)
    stopped = tuple(entry.get("stopped", ()))
    return Case(
        entry.get("title", entry["mail"]),
        mail,
        envelope,
        stopped,
        expect,
        entry.get("again", 1),
        entry.get("pause", 0),
        entry.get("fresh", False),
    )


def _setting(entry: Mapping[str, Any], place: Place) -> Setting:
    _check(entry, _SETTING, ("role", "name", "expect"), place)
    (place / "role").one_of(entry["role"], tuple(ROLES), "Eine Rolle")
    return Setting(entry.get("title", entry["name"]), entry["role"], entry["name"], _expect(entry, _VALUE, place))


def _expect(entry: Mapping[str, Any], known: Mapping[str, forms.Form], place: Place) -> Mapping[str, Any]:
    """The entry's ``expect``, checked."""
    if not entry["expect"]:
        raise (place / "expect").error("„expect“ ist leer.", 'Schreibe zum Beispiel expect = { action = "reject" }.')
    _check(entry["expect"], known, (), place / "expect")
    return entry["expect"]


def _check(entry: Mapping[str, Any], known: Mapping[str, forms.Form], needed: Collection[str], place: Place) -> None:
    """All words are known, nothing is missing, every value has its form."""
    _known(entry, tuple(known), place)
    for key in needed:
        if key not in entry:
            raise place.error(f"Es fehlt „{key}“.", "Ergänze die Zeile.")
    for key, value in entry.items():
        if not known[key].fits(value):
            raise (place / key).error(f"„{key}“ muss {known[key].name} sein.", "Ändere den Wert.")


def _known(entry: Mapping[str, Any], words: Collection[str], place: Place) -> None:
    for key in entry:
        (place / key).one_of(key, words, "Das Wort")


def _mail(mail: str, place: Place, folder: Path) -> str:
    """A name of the catalogue as it is, a path as the path of a file that is there."""
    if mail in catalogue():
        return mail
    path = folder / mail
    if not path.is_file():
        beside = (os.path.relpath(other, folder) for other in path.parent.glob("*") if other.is_file())
        hint = f"Im Katalog steht sie nicht, und {path} ist keine Datei."
        place.one_of(mail, (*catalogue(), *sorted(beside)), "Eine Mail", hint)
    return str(path)


def _nodes() -> tuple[str, ...]:
    """All that can be stopped: a node, or one service of a node."""
    found = topology()["nodes"]
    return (*found, *(f"{name}.{role}" for name, node in found.items() for role in node["services"]))


def _unreadable(name: str, why: str) -> SchemaError:
    return SchemaError(f"Die Erwartungen in {name} lassen sich nicht lesen.", why=why, next_step="Prüfe die Datei.")
