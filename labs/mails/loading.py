"""Takes a mail in whatever form the reader has it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from email.message import Message
from email.policy import SMTP
from pathlib import Path

from labs.errors import LabError
from labs.mails.sample import Envelope, catalogue

MAX_SIZE = 50 * 1024 * 1024
"""Largest mail in bytes, Rspamd's default of ``max_message``."""


Mail = str | Path | bytes | Message
"""A name of the catalogue or a path, a path, the bytes, or what Python's email package made of them."""


def load(mail: Mail, dkim_key: bytes | None = None) -> tuple[bytes, Envelope]:
    """The bytes of a mail and its envelope; only mails of the catalogue bring one, others get an empty one.

    A ``str`` is a name of the catalogue or else the path of a file. ``dkim_key`` (PEM) signs the samples that carry
    a signature. Files and bytes stay as they are, broken ones too: judging them is Rspamd's work.

    Raises ``LabError``: unknown name, unreadable file, wrong type, empty, larger than ``MAX_SIZE``.
    """
    envelope = Envelope()
    match mail:
        case bytes():
            content = mail
        case Message():  # EmailMessage too, which is a Message
            content = _serialise(mail)
        case Path():
            content = _read(mail)
        case str() if sample := catalogue().get(mail):
            content, envelope = sample.build(dkim_key), sample.envelope
        case str():
            content = _read(_path(mail))
        case _:
            raise LabError(
                f"Ein Objekt vom Typ „{type(mail).__name__}“ ist keine Mail.",
                next_step="Übergib einen Namen aus dem Katalog, einen Dateipfad, bytes oder eine EmailMessage.",
            )
    if len(content) > MAX_SIZE:
        raise _too_large("Die Mail", len(content))
    if not content or content.isspace():
        raise LabError(
            "Die Mail ist leer.",
            why="Rspamd braucht mindestens eine Kopfzeile oder etwas Text.",
            next_step="Prüfe die Quelle der Mail oder nimm eine aus dem Katalog, zum Beispiel „sauber“.",
        )
    return content, envelope


def load_signed(mail: Mail, secrets: Mapping[str, str]) -> tuple[bytes, Envelope]:
    """The same, samples signed with the key of the lab that has these secrets."""
    return load(mail, secrets["dkim_key"].encode())


def _path(text: str) -> Path:
    """The path that the text names, or the error that helps best."""
    if "\n" in text or "\0" in text:
        raise LabError(
            "Der übergebene Text ist weder ein Name aus dem Katalog noch ein Dateipfad.",
            why="Er sieht nach dem Inhalt einer Mail aus. Welche Zeichenkodierung sie hat, legst du selbst fest.",
            next_step="Übergib die Mail als bytes, zum Beispiel mit text.encode().",
        )
    path = Path(text)
    if "/" in text or path.suffix or _exists(path):
        return path
    names = list(catalogue())
    nearest = get_close_matches(text.lower(), names, n=3)
    raise LabError(
        f"Eine Mail namens „{text}“ gibt es im Katalog nicht, und eine Datei dieses Namens auch nicht.",
        why="" if nearest else f"Im Katalog stehen: {', '.join(names)}.",
        next_step=f"Meintest du {_alternatives(nearest)}?" if nearest else "Nimm einen dieser Namen oder einen Pfad.",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system
        return False


def _alternatives(names: list[str]) -> str:
    *first, last = (f"„{name}“" for name in names)
    return f"{', '.join(first)} oder {last}" if first else last


def _read(path: Path) -> bytes:
    try:
        # Devices and pipes may never end, so only a regular file is read.
        if path.is_file():
            if (size := path.stat().st_size) > MAX_SIZE:
                raise _too_large(f"Die Datei „{path}“", size)
            return path.read_bytes()
        reason = "Das ist keine gewöhnliche Datei." if path.exists() else "Es gibt dort nichts."
    except OSError as error:
        reason = f"Das System meldet: {error.strerror}."
    raise LabError(
        f"Die Mail „{path}“ lässt sich nicht lesen.",
        why=reason,
        next_step=f"Prüfe Pfad und Rechte; relative Pfade gelten ab „{Path.cwd()}“.",
    )


def _serialise(mail: Message) -> bytes:
    try:
        # Header lines that were read from somewhere stay as they are: folding them anew can break a DKIM signature.
        return mail.as_bytes(policy=SMTP.clone(refold_source="none"))
    except Exception as error:  # the email package raises many types for contents it cannot write
        raise LabError(
            "Die EmailMessage lässt sich nicht in eine Mail umwandeln.",
            why=f"Python meldet: {error}",
            next_step="Prüfe Kopfzeilen, Zeichensatz und Anhänge der Nachricht oder übergib die Mail als bytes.",
        ) from error


def _too_large(what: str, size: int) -> LabError:
    megabytes = f"{size / 1024**2:.1f}".replace(".", ",")
    return LabError(
        f"{what} ist mit {megabytes} MB zu groß.",
        why="Rspamd nimmt höchstens 50 MB an (Option max_message).",
        next_step="Nimm eine kleinere Mail oder kürze einen Anhang.",
    )
