"""The reader's own configuration of Rspamd, as files that can be put into the lab. Nothing is written there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from labs.bundle import Bundle
from labs.errors import LabError

FOLDERS = ("local.d", "override.d", "lua.local.d", "maps.d")
FILES = ("rspamd.local.lua", "rspamd.conf.local", "rspamd.conf.override", "rspamd.conf.local.override")
"""What tells a folder like /etc/rspamd from others."""

_HOME = re.compile(r"(?<!\w)/etc/rspamd(?![\w.-])")


class NoConfiguration(LabError):
    """The folder that somebody named is no configuration of Rspamd, or cannot be read."""


@dataclass(frozen=True)
class Own:
    """The reader's files: path as below /etc/rspamd -> text (bytes that are no UTF-8 as surrogates)."""

    folder: Path
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Own:
        """Read a folder like /etc/rspamd, or one like its local.d. Raises NoConfiguration."""
        prefix = _prefix(folder)
        try:
            found = {
                f"{prefix}{path.relative_to(folder)}": path.read_bytes().decode(errors="surrogateescape")
                for path in _files(folder)
            }
        except OSError as error:
            raise NoConfiguration(
                f"{error.filename} lässt sich nicht lesen.",
                why=str(error.strerror),
                next_step="Prüfe die Rechte, oder lege eine lesbare Kopie an.",
            ) from None
        return cls(folder, found)

    def mapped(self, home: Path, bundle: Bundle) -> Own:
        """The same with /etc/rspamd/… as ``home``/…, or as the bundle's, where only that has the file."""

        def there(match: re.Match[str]) -> str:
            rest = re.match(r"[\w./-]*", match.string[match.end() :])[0].strip("/")
            theirs = any(name == rest or name.startswith(f"{rest}/") for name in self.files)
            stock = rest and not theirs and bundle.path(f"etc/rspamd/{rest}").exists()
            return str(bundle.path("etc/rspamd") if stock else home)

        return replace(self, files={name: _HOME.sub(there, text) for name, text in self.files.items()})

    def says(self, module: str) -> bool:
        """Whether the reader has a file of that module."""
        return any(f"{folder}/{module}.conf" in self.files for folder in ("local.d", "override.d"))


def no_folder(folder: Path) -> NoConfiguration:
    return NoConfiguration(f"Einen Ordner {folder} gibt es nicht.", next_step="Prüfe den Pfad.")


def _prefix(folder: Path) -> str:
    """Where the folder's files belong: below /etc/rspamd itself (""), or in its "local.d/"."""
    if not folder.is_dir():
        raise no_folder(folder)
    names = {path.name for path in folder.iterdir()}
    if names & {*FOLDERS, *FILES}:
        return ""
    if any(name.endswith((".conf", ".inc")) for name in names):
        return "local.d/"
    raise NoConfiguration(
        f"In {folder} liegt keine Konfiguration von Rspamd.",
        why="Es fehlt local.d, und eine Datei mit der Endung .conf oder .inc liegt dort auch nicht.",
        next_step="Nenne deinen Ordner /etc/rspamd, eine Kopie davon oder ein local.d.",
    )


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder, also behind symbolic links; nothing hidden, no backups, no expectations and mails."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(root) / name for name in sorted(names)):
            if not path.name.startswith(".") and not path.name.endswith(("~", ".toml", ".eml")) and path.is_file():
                yield path
