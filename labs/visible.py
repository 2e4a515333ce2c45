"""Foreign text as it may be shown: without what a terminal obeys, what reorders a line, what breaks it unseen.

Mails, logs and replies of servers are data: they stay as they are until somebody looks at them.
Source: Unicode 15, chapters 23.1 (control codes) and 23.2 (layout controls, bidirectional ordering).
"""

from __future__ import annotations

import re

_NONCHARACTERS = "".join(chr(plane | 0xFFFE) + chr(plane | 0xFFFF) for plane in range(0, 0x110000, 0x10000))
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb"
    f"\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]"
)


def visible(text: str) -> str:
    """``text`` with such characters as Python writes them: \\x1b, \\u202e. Tabs and line ends stay."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """``text`` likewise, its line ends as \\n."""
    return visible(text).replace("\n", "\\n")


class Text(str):
    """Text of several lines that a notebook shows as such, not as a Python string."""

    __slots__ = ()

    def __new__(cls, text: str) -> Text:
        return super().__new__(cls, visible(text))

    __repr__ = str.__str__
