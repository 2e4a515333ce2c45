"""The forms that values in a file of expectations have, with their German names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """``name``: what errors call it, after „muss“ and before „sein“."""

    name: str
    fits: Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_number, value)) and value[0] <= value[1]


def _table_of(*fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A table that is not empty, each value of which has one of these forms."""
    return lambda table: (
        isinstance(table, dict) and bool(table) and all(any(fit(value) for fit in fits) for value in table.values())
    )


TEXT = Form("ein Text", _text)
TEXTS = Form("eine Liste von Texten", _texts)
TEXT_OR_TEXTS = Form("ein Text oder eine Liste von Texten", lambda value: _text(value) or _texts(value))
PAIR = Form("ein Paar [von, bis]", _pair)
CODE = Form("eine Zahl", _whole)
TIMES = Form("eine Zahl von 1 bis 1000", lambda value: _whole(value) and 1 <= value <= 1000)
SECONDS = Form("eine Zahl von 0 bis 60 (Sekunden)", lambda value: _number(value) and 0 <= value <= 60)
SINGLE = Form("ein Text, eine Zahl, true oder false", lambda value: isinstance(value, (str, int, float)))
YES = Form("true oder false", lambda value: isinstance(value, bool))
TABLE = Form("eine Tabelle { … }", lambda value: isinstance(value, dict))
SCORES = Form('eine Tabelle wie { "RBL_*" = [1, 5], "DBL_SPAM" = 6.5 }', _table_of(_number, _pair))
HEADERS = Form(
    'eine Tabelle wie { "X-Spam" = "Yes", "List-Id" = false }', _table_of(_text, lambda value: value is False)
)
LEARNED = Form('"spam", "ham" oder false', lambda value: value in ("spam", "ham") or value is False)
