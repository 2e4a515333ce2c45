"""Say in German what Rspamd dislikes in a configuration, and warn of what it accepts in silence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from labs.errors import LabError
from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, atoms
from labs.rspamd.controller import Controller

_REASONS = [  # what rspamadm prints -> what it means; groups are filled in
    (r"unexpected newline", "Die Zeichenkette endet nicht: Es fehlt ein Anführungszeichen oder ein Semikolon."),
    (r"unmatched open brace at (\d+)", "Die geschweifte Klammer aus Zeile {0} wird nicht geschlossen."),
    (r"unexpected terminating symbol", "Hier steht eine schließende Klammer zu viel."),
    (r"Braces mismatch", "Im Ausdruck passen die runden Klammern nicht zueinander."),
    (
        r"cannot parse composite expression for ([\w.-]+)",
        "Rspamd versteht den Ausdruck des Composites {0} nicht.",
    ),
    (
        r"cannot add dependency from (\S+) on FORCE_ACTION_(\S+): invalid symbol types",
        "Die Regel {1} fragt {0}, läuft aber, bevor es {0} gibt. Mit require_action oder honor_action läuft sie am Ende.",
    ),
    (
        r"cannot register delayed dependency FORCE_ACTION_(\S+) -> (\S+): destination",
        "Die Regel {0} fragt {1}; ein Symbol dieses Namens gibt es nicht.",
    ),
    (r"invalid type (\S+)", "Einen Regeltyp „{0}“ gibt es nicht."),
    (r"'(.+)' expected near '(.+)'", "In Lua fehlt „{0}“ vor „{1}“."),
    (r"'end' expected \(to close '(\w+)' at line (\d+)\)", "In Lua fehlt ein „end“ für „{0}“ aus Zeile {1}."),
    (
        r"attempt to call (?:method|field|global) '(\w+)' \(a nil value\)",
        "Eine Funktion „{0}“ gibt es in Rspamd nicht.",
    ),
    (r"attempt to (?:index|call) .*nil value", "Das Skript benutzt einen Wert, den es nicht gibt (nil)."),
]


def explain_errors(stderr: str, folder: str, contents: Mapping[str, str]) -> LabError:
    """rspamadm's complaint as a German error with file, line and the line's text. ``folder``: where the files were checked."""
    text = stderr.replace(f"{folder}/", "")
    file, line = _place(text, contents)
    meanings = [meaning.format(*match.groups()) for pattern, meaning in _REASONS if (match := re.search(pattern, text))]
    where = f"{file}, Zeile {line}" if line else file
    source = contents.get(file, "").splitlines()
    quoted = f"Zeile {line}:  {source[line - 1].strip()}" if 0 < line <= len(source) else ""
    original = next((part.strip() for part in text.splitlines() if part.strip()), "ohne Angabe von Gründen")
    return LabError(
        f"Rspamd lehnt diese Konfiguration ab{f' ({where})' if where else ''}. Die bisherige läuft weiter.",
        why="\n".join(filter(None, [" ".join(dict.fromkeys(meanings)), quoted, f"Rspamd sagt: {original[:300]}"])),
        next_step="Ändere die Zelle und führe sie noch einmal aus.",
    )


def _place(text: str, contents: Mapping[str, str]) -> tuple[str, int]:
    """File and line of the first complaint; ("", 0) when Rspamd names neither."""
    for pattern in (r"while parsing (\S+): line: (\d+)", r"(\S+\.(?:conf|inc)):(\d+)", r"(\S+\.lua):(\d+)"):
        for path, line in re.findall(pattern, text):
            for name in contents:
                if path.endswith((f"/{name}", name)):
                    return name, int(line)
    named = r"(?:composite expression for|cannot add rule:?) \"?([\w.-]+)|(?:on|dependency) FORCE_ACTION_([\w.-]+)"
    if rule := re.search(named, text):
        folder = "local.d/force_actions.conf" if rule[2] else "local.d/"
        for name, content in contents.items():
            for number, source in enumerate(content.splitlines(), 1):
                if name.startswith(folder) and re.match(
                    rf"""\s*["']?{re.escape(rule[1] or rule[2])}["']?\s*\{{""", source
                ):
                    return name, number
    return "", 0


def warnings(contents: Mapping[str, str], controller: Controller, folder: Path) -> list[str]:
    """What ``configtest -s`` accepts although it cannot work: unknown symbols, groups and actions, missing maps."""
    known, actions = controller.symbols(), {entry["action"] for entry in controller.get("actions")}
    return list(dict.fromkeys(_warnings(contents, known, actions, folder)))


def _warnings(
    contents: Mapping[str, str], known: Mapping[str, Collection[str]], actions: set[str], folder: Path
) -> Iterator[str]:
    symbols, groups = set(known), {group for names in known.values() for group in names}
    for name in ("local.d/composites.conf", "local.d/force_actions.conf"):
        text = _without_comments(contents.get(name, ""))
        own = set(re.findall(r"""^\s*["']?([\w.-]+)["']?\s*\{""", text, re.MULTILINE))
        for expression in re.findall(r"""expression\s*=\s*(?:"([^"]*)"|'([^']*)')""", text):
            for atom in _atoms("".join(expression)):
                if atom.group and atom.group not in groups:
                    yield _unknown("Die Gruppe", atom.group, groups, name)
                if not atom.group and atom.name not in symbols | own:
                    yield _unknown("Das Symbol", atom.name, symbols, name)
    text = _without_comments(contents.get("local.d/force_actions.conf", ""))
    for action in re.findall(r"""\baction\s*=\s*["']?([\w ]+?)["']?\s*;""", text):
        if action not in actions:
            yield _unknown("Die Action", action, actions, "local.d/force_actions.conf")
    yield from _actions(_without_comments(contents.get("local.d/actions.conf", "")))
    for name, text in contents.items():
        if name.startswith("local.d/"):
            pattern = r"""["'](?:file://)?(\$\{?LOCAL_CONFDIR\}?|/)([^"'\s;]+\.(?:map|inc|txt|list))["']"""
            for root, path in re.findall(pattern, _without_comments(text)):
                target = Path("/") / path if root == "/" else folder / path.lstrip("/")
                relative = str(target.relative_to(folder)) if target.is_relative_to(folder) else ""
                if relative not in contents and not target.exists():
                    yield f"{name} benutzt die Map {relative or target}; die Datei gibt es nicht, also trifft die Regel nie."


def _atoms(expression: str) -> list[Atom]:
    """The atoms of an expression; none of one that is wrong, which ``configtest`` says itself."""
    try:
        return atoms(parse(expression))
    except ExpressionError:
        return []


_ACTIONS = {"reject", "add_header", "greylist", "rewrite_subject", "soft_reject", "quarantine", "discard", "subject"}


def _actions(text: str) -> Iterator[str]:
    """Thresholds that Rspamd takes without a word: misspelt names become new actions, words are no numbers."""
    for line in text.splitlines():
        match = re.match(r"""\s*["']?([A-Za-z][\w -]*?)["']?\s*[=:]\s*([^#;]+)""", line)
        if not match:
            continue
        name, value = match[1], match[2].strip()
        word = name.replace(" ", "_")
        if word not in _ACTIONS:
            nearest = difflib.get_close_matches(word.lower(), _ACTIONS, 1)
            hint = f" Meintest du {nearest[0]}?" if nearest else ""
            yield f"„{name}“ in local.d/actions.conf wird zu einer neuen Action; Rspamd meldet das nicht.{hint}"
        elif word != "subject" and not re.fullmatch(r"-?[\d.]+|null", value):
            yield f"{name} in local.d/actions.conf ist keine Zahl ({value}): Diese Schwelle gilt nicht mehr."


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def _unknown(what: str, name: str, known: set[str], file: str) -> str:
    nearest = difflib.get_close_matches(name, known, 1)
    return f"{what} „{name}“ in {file} kennt Rspamd nicht; von selbst meldet es das nicht.{f' Meintest du {nearest[0]}?' if nearest else ''}"
