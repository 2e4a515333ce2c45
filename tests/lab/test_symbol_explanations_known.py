"""The explained symbols and families are those of the running Rspamd: a renamed rule shows up here."""

import tomllib
from pathlib import Path

from labs.rspamd import symbols

TABLES = tomllib.loads((Path(symbols.__file__).parent / "symbols.toml").read_text("utf-8"))

NOT_ALWAYS_REGISTERED = {
    "GTUBE",  # Rspamd's core inserts it when it finds the pattern; no module registers it
    "ASN", "ASN_FAIL", "GREYLIST", "NEURAL_HAM", "NEURAL_SPAM",  # modules that the lab's basic configuration turns off
}  # fmt: skip


def test_every_explained_symbol_is_known_to_rspamd(lab):
    assert set(TABLES["symbols"]) - set(lab.controller.symbols()) - NOT_ALWAYS_REGISTERED == set()


def test_exceptions_are_explained():
    assert set(TABLES["symbols"]) >= NOT_ALWAYS_REGISTERED


def test_every_group_has_a_family(lab):
    groups = {group for names in lab.controller.symbols().values() for group in names}
    assert groups - set(TABLES["families"]) == set()
