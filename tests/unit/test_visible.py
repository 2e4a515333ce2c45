"""Foreign text: what a terminal obeys or nobody sees is shown, everything else stays."""

import pytest

from labs.visible import one_line, visible

HIDDEN = {
    "\x00": "\\x00", "\x1b[31m": "\\x1b[31m", "\x7f": "\\x7f", "\x9b31m": "\\x9b31m", "\x85": "\\x85", "a\rb": "a\\rb",
    "\u202egpj.exe": "\\u202egpj.exe", "\u2066\u2069": "\\u2066\\u2069", "\u200e\u200f\u061c": "\\u200e\\u200f\\u061c",
    "\u2028\u2029": "\\u2028\\u2029", "\ud800": "\\ud800", "\uffff": "\\uffff", "\U0010ffff": "\\U0010ffff",
}  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), HIDDEN.items(), ids=ascii)
def test_hidden_characters_are_shown(text, shown):
    assert visible(text) == one_line(text) == shown


@pytest.mark.parametrize(
    "text", ["Grüße aus Köln", "漢字 ابجد שלום", "👩\u200d💻 \u00a0", "Spalte\tSpalte\nZeile", "\\x1b"]
)
def test_other_text_stays_as_it_is(text):
    assert visible(text) == text


def test_line_ends_stay_in_a_text_and_are_shown_in_a_line():
    assert visible("a\r\nb\n") == "a\nb\n"
    assert one_line("a\r\nb") == "a\\nb"
