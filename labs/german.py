"""German for the words that the command line library brings itself (usage, options, errors).

click asks gettext for them, so a catalogue is all it takes; it is built in memory from the pairs below.
"""

from __future__ import annotations

import gettext

_WORDS = {
    "Usage:": "Aufruf:",
    "Options": "Optionen",
    "Commands": "Befehle",
    "Arguments": "Argumente",
    "[OPTIONS]": "[OPTIONEN]",
    "Show this message and exit.": "Diese Hilfe zeigen.",
    "Error: {message}": "Fehler: {message}",
    "Try '{command} {option}' for help.": "Hilfe: {command} {option}",
    "No such command {name!r}.": "Den Befehl {name!r} gibt es nicht.",
    "Missing command.": "Es fehlt ein Befehl.",
    "Missing argument": "Es fehlt das Argument",
    "Missing option": "Es fehlt die Option",
    "No such option: {name}": "Die Option {name} gibt es nicht.",
    "Got unexpected extra argument ({args})": "Ein Argument zu viel: {args}",
    "Got unexpected extra arguments ({args})": "Argumente zu viel: {args}",
    "Invalid value: {message}": "Ungültiger Wert: {message}",
    "Invalid value for {param_hint}: {message}": "Ungültiger Wert für {param_hint}: {message}",
    "Option {name!r} requires an argument.": "Die Option {name!r} braucht einen Wert.",
    "{value!r} is not a valid {number_type}.": "{value!r} ist keine Zahl.",
    "default: {default}": "Vorgabe: {default}",
    "Aborted!": "Abgebrochen.",
}


class _Catalogue(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return _WORDS.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def install() -> None:
    """Let every module of click that asked for gettext ask this catalogue instead."""
    import click.core
    import click.decorators
    import click.exceptions
    import click.formatting
    import click.parser
    import click.types

    catalogue = _Catalogue()
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types):
        for name, function in (("_", catalogue.gettext), ("ngettext", catalogue.ngettext)):
            if hasattr(module, name):
                setattr(module, name, function)
