"""Text in pictures: whatever a mail contains becomes one harmless line, whose width is known without drawing it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font

from labs.rspamd.verdict import number
from labs.visible import visible

FONT = "DejaVu Sans"
"""Ships with matplotlib and is wider than the usual sans-serif of a browser: what fits here fits there."""

MAX_NAMES = 8
"""Names in an enumeration."""


def clean(text: str) -> str:
    """``text`` as one line without hidden characters, some of which XML could not hold either."""
    return " ".join(visible(text).split())


def clean_lines(text: str) -> str:
    """``text`` with every line clean, line breaks kept."""
    return "\n".join(map(clean, text.split("\n")))


def points(value: float) -> str:
    """A threshold or tick as Germans write it: no decimals where none are needed: 15 and 7,5."""
    return number(value).removesuffix(",0")


def count(n: int, singular: str, plural: str) -> str:
    """``n`` with its noun: 1 Symbol, 2 Symbole."""
    return f"{n} {singular if n == 1 else plural}"


def listed(names: Sequence[str]) -> list[str]:
    """An enumeration, word by word; of more than ``MAX_NAMES`` the others are only counted."""
    words = [f"{name}," for name in names[:MAX_NAMES]]
    words[-1] = words[-1].removesuffix(",")
    return [*words, f"… und {len(names) - MAX_NAMES} weitere"] if len(names) > MAX_NAMES else words


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line in points, at ``size`` points, in the picture's font."""
    return size * sum(_advance(character, bold) for character in text)


def fit(text: str, space: float, size: float, *, bold: bool = False) -> str:
    """``text``, cut with "…" where it is wider than ``space`` points."""
    if width(text, size, bold=bold) <= space:
        return text
    space -= width("…", size, bold=bold)
    for end, character in enumerate(text):
        space -= size * _advance(character, bold)
        if space < 0:
            return text[:end].rstrip() + "…"
    return text


def wrap(words: Iterable[str], space: float, size: float) -> list[str]:
    """Lines of ``words``, joined by blanks, each at most ``space`` points wide (a longer word is cut)."""
    lines: list[str] = []
    for word in words:
        if lines and width(f"{lines[-1]} {word}", size) <= space:
            lines[-1] += f" {word}"
        else:
            lines.append(fit(word, space, size))
    return lines


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> float:
    """Width of one character in em. Combining marks have none, East Asian characters and emoji more than one em."""
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.3  # emoji are that wide in most fonts
    # Not kept: matplotlib's own cache of fonts has one per thread, as FreeType demands.
    font = get_font(findfont(FontProperties(family=FONT, weight="bold" if bold else "normal")))
    font.set_size(100, 72)
    # By its number: load_char warns of every character that the font does not have, and a mail may bring many.
    return font.load_glyph(font.get_char_index(ord(character))).linearHoriAdvance / 65536 / 100
