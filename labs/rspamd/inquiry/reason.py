"""The answer to „Warum nicht?“: what kept a symbol from firing, as a value with text and HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import Enum

from labs.rspamd.verdict import number
from labs.visible import visible

LINE = 200
"""So many characters of a line of evidence are shown: Rspamd's debug log prints whole tables."""


class Kind(Enum):
    """What kept a symbol from firing; the value is the German heading."""

    FIRED = "hat angeschlagen"
    NOW = "schlägt jetzt an"
    REMOVED = "von einem Composite entfernt"
    UNKNOWN = "unbekannt"
    OFF = "abgeschaltet"
    NO_RULE = "ohne Regel"
    PROFILE = "vom Settings-Profil abgeschaltet"
    DEPENDENCY = "hängt an einer anderen Regel"
    ENDED = "Prüfung endete früher"
    CONDITION = "Bedingung nicht erfüllt"
    UNTRAINED = "zu wenig gelernt"
    COMPOSITE = "Ausdruck nicht erfüllt"
    NO_MATCH = "geprüft, passt nicht"


@dataclass(frozen=True)
class WhyNot:
    """The answer. ``sentences``: German; ``evidence``: Rspamd's own words and values, one a line."""

    symbol: str
    kind: Kind
    sentences: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.symbol}: {self.kind.value}", *(f"  {text}" for text in self.sentences)]
        return visible("\n".join([*lines, *(f"  · {line}" for line in self._proof())]))

    __repr__ = __str__

    def _proof(self) -> list[str]:
        """The evidence, each line cut to what one can read."""
        return [line if len(line) <= LINE else f"{line[: LINE - 1]}…" for line in self.evidence]

    def _repr_html_(self) -> str:
        """The same as escaped HTML, the evidence folded in."""
        head = f"<strong><code>{html.escape(self.symbol)}</code>: {html.escape(self.kind.value)}</strong>"
        text = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences)
        items = "".join(f"<li><code>{html.escape(line)}</code></li>" for line in self._proof())
        proof = f"<details><summary>Woher Rspamd das weiß</summary><ul>{items}</ul></details>" if items else ""
        return visible(f'<div class="lab-whynot" role="status">{head}{text}{proof}</div>')


def points(symbol: str, score: float) -> str:
    """That a symbol fired, and what it gave."""
    if not score:
        return f"{symbol} hat angeschlagen, gibt aber keine Punkte."
    return f"{symbol} hat angeschlagen und {number(score, sign=True)} Punkte gegeben."


def composite_off(name: str) -> WhyNot:
    """That a composite has ``enabled = false``: Rspamd then does not even register it."""
    return WhyNot(name, Kind.OFF, ("Dieses Composite ist abgeschaltet.",), (f"composites.{name}.enabled = false",))
