"""The horizontal scale of a picture: which score lies where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

TICK_DISTANCE = 42.0
"""Points between two ticks, at least: room for their labels."""


@dataclass(frozen=True)
class Scale:
    """Maps scores to x positions between ``left`` and ``right`` (points); ``low`` lies at ``left`` + ``inset``."""

    left: float
    right: float
    low: float
    factor: float
    inset: float

    @classmethod
    def fit(cls, left: float, right: float, spans: Sequence[tuple[float, float]]) -> Scale:
        """The widest scale on which every span fits: (score, points of text to the right of it). 0 is always on it."""
        low = min([0.0, *(score for score, _ in spans)])
        inset = 0.0 if low == 0 else 8.0
        room = right - left - inset
        factors = [(room - text) / (score - low) for score, text in spans if score > low]
        return cls(left, right, low, max(min([room / 4, *factors]), 1e-9), inset)

    def x(self, score: float) -> float:
        """The position of ``score``."""
        return self.left + self.inset + (score - self.low) * self.factor

    def ticks(self) -> Iterable[float]:
        """Round scores (steps of 1, 2 or 5 times a power of ten) over the whole scale."""
        least = TICK_DISTANCE / self.factor
        power = 10.0 ** floor(log10(least))
        step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * 0.999)
        first = ceil((self.low - self.inset / self.factor) / step)
        last = floor((self.low + (self.right - self.left - self.inset) / self.factor) / step)
        return [round(n * step, 6) + 0.0 for n in range(first, last + 1)]
