"""The German explanations of Rspamd's symbols: form and look-up. What is true of Rspamd itself: tests/lab."""

import re
import tomllib
from pathlib import Path

import pytest

from labs.rspamd import symbols
from labs.rspamd.symbols import explain, family

TABLES = tomllib.loads((Path(symbols.__file__).parent / "symbols.toml").read_text("utf-8"))
FAMILIES = {
    "Absenderprüfung", "Sperrlisten", "Umschlag", "Kopfzeilen", "Inhalt", "Anhänge", "Statistik", "Composite", "Sonstiges",
}  # fmt: skip


def test_the_file_has_two_tables():
    assert TABLES.keys() == {"families", "symbols"}


def test_enough_symbols_are_explained():
    assert len(TABLES["symbols"]) >= 200


@pytest.mark.parametrize("symbol", TABLES["symbols"])
def test_explanation_is_one_short_sentence(symbol):
    text = TABLES["symbols"][symbol]
    assert 15 <= len(text) <= 160
    assert text == text.strip() and text.isprintable() and "  " not in text
    assert text.endswith(".")
    assert re.match(r"[A-ZÄÖÜ„]|multipart/|virusfree", text)


def test_explanations_differ():
    texts = list(TABLES["symbols"].values())
    assert [text for text in texts if texts.count(text) > 1] == []


@pytest.mark.parametrize("table", ["families", "symbols"])
def test_names_differ_in_more_than_case(table):
    names = [name.casefold() for name in TABLES[table]]
    assert [name for name in names if names.count(name) > 1] == []


def test_families_are_the_expected_ones():
    assert set(TABLES["families"].values()) == FAMILIES


def test_explain_knows_symbols_and_stays_silent_otherwise():
    assert explain("FROM_EQ_ENVFROM") == "Der Umschlagabsender stimmt mit dem From-Header überein."
    assert explain("EIGENE_REGEL") == ""


@pytest.mark.parametrize(
    ("groups", "label"),
    [
        (("rbl", "spamhaus"), "Sperrlisten"),
        (["policies", "dmarc"], "Absenderprüfung"),
        (("ungrouped", "dkim"), "Absenderprüfung"),
        (("eigene", "headers"), "Kopfzeilen"),
        (("headers", "composite"), "Kopfzeilen"),
        (("eigene",), "Sonstiges"),
        ((), "Sonstiges"),
    ],
)
def test_family_is_that_of_the_first_group_with_one(groups, label):
    assert family(groups) == label
