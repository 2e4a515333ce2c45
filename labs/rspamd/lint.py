"""Warn in German of what Rspamd accepts in silence although it cannot work."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, atoms
from labs.rspamd.controller import Controller


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
