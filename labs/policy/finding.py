"""One thing that is not as expected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``kind``: the word in ``expect`` that does not hold; "impossible" when the case could not be judged.

    ``text``: a German sentence. ``expected``, ``came``: its two halves where there are two. ``symbol``: the symbol (or
    its pattern) that it is about. ``meaning``: what this means as a rule (labs.policy.words), once somebody asked.
    """

    kind: str
    text: str
    expected: str = ""
    came: str = ""
    symbol: str = ""
    meaning: str = ""

    @classmethod
    def instead(cls, kind: str, expected: str, came: str, symbol: str = "") -> Finding:
        """The usual form: this was expected, that came."""
        return cls(kind, f"erwartet: {expected}, gekommen: {came}", expected, came, symbol)
