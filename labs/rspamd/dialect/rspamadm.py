"""What rspamadm says: its complaints about a configuration, in German, and which modules are off."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labs.errors import LabError

NO_RESOLVER = "cannot parse resolv.conf and no nameservers defined, so no ways to resolve addresses"
"""rspamadm counts this as an error of the configuration, which names its own resolver; offline it is no error at all."""

MODULES = {
    "disabled (explicitly)": "abgeschaltet",
    "disabled (unconfigured)": "nicht konfiguriert",
    "disabled (no Redis)": "ohne Redis",
    "disabled (experimental)": "experimentell",
    "disabled (failed)": "gescheitert",
}
"""Rspamd's words for a module that does not run, in German."""

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


def modules_off(dump: str) -> dict[str, str]:
    """Module -> why it does not run, in German, out of ``rspamadm configdump -m``."""
    found = re.findall(r"^Modules (disabled \([\w ]+\)): (.*)$", dump, re.MULTILINE)
    return {module: MODULES[state] for state, modules in found for module in modules.split(", ") if module}
