"""What Rspamd says of one mail, as an immutable value.

Source: https://docs.rspamd.com/developers/protocol (reply of /checkv2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labs.errors import LabError
from labs.mails import Envelope
from labs.rspamd.symbols import explain, family
from labs.visible import one_line, visible

if TYPE_CHECKING:
    import pandas as pd

ACTIONS = {
    "no action": "annehmen",
    "greylist": "mit Greylisting vorerst abweisen",
    "add header": "annehmen und als Spam markieren",
    "rewrite subject": "annehmen und den Betreff ändern",
    "soft reject": "vorerst abweisen",
    "reject": "ablehnen",
    "discard": "annehmen und verwerfen",
    "quarantine": "annehmen und zurückhalten",
}


def number(value: float, *, sign: bool = False) -> str:
    """A score as Germans write it: one decimal, two where needed: 7,2 and +0,25."""
    text = f"{value:+.2f}" if sign and value else f"{value:.2f}"
    return text.removesuffix("0").replace(".", ",").replace("-", "−")


@dataclass(frozen=True)
class Symbol:
    """One rule that fired. ``score``: what it added; ``weight``: its static weight; ``time``: its run time in ms."""

    name: str
    score: float
    weight: float
    groups: tuple[str, ...]
    description: str
    options: tuple[str, ...]
    time: float

    @property
    def explanation(self) -> str:
        """German, where the workbook has one; else Rspamd's own description."""
        return explain(self.name) or self.description

    @property
    def details(self) -> str:
        """The options as one line to be shown; ``options`` are as Rspamd gave them."""
        return one_line(", ".join(self.options))

    @property
    def family(self) -> str:
        """The German heading of its group."""
        return family(self.groups)


@dataclass(frozen=True)
class Verdict:
    """Action, score and symbols of one scan. ``time_ms`` is Rspamd's own measurement.

    ``mail``, ``envelope`` and ``settings_id`` are what was asked: the same scan can be made again.
    """

    action: str
    score: float
    required_score: float
    thresholds: Mapping[str, float]
    hits: tuple[Symbol, ...]
    messages: Mapping[str, str]
    time_ms: float
    queue_id: str
    subject: str
    raw: Mapping[str, Any] = field(repr=False)
    mail: bytes = field(default=b"", repr=False)
    envelope: Envelope = field(default_factory=Envelope, repr=False)
    settings_id: str = field(default="", repr=False)

    @classmethod
    def parse(
        cls,
        reply: Mapping[str, Any],
        groups: Mapping[str, Sequence[str]],
        *,
        queue_id: str = "",
        subject: str = "",
        mail: bytes = b"",
        envelope: Envelope | None = None,
        settings_id: str = "",
    ) -> Verdict:
        """Read the JSON reply of /checkv2. ``groups``: symbol name -> its groups, from the controller."""
        times = reply.get("profile", {})
        hits = [
            Symbol(
                name=one_line(name),
                score=round(float(symbol.get("score", 0)), 3) + 0.0,
                weight=round(float(symbol.get("metric_score", 0)), 3) + 0.0,
                groups=tuple(groups.get(name, ())),
                description=one_line(symbol.get("description", "")),
                options=tuple(map(str, symbol.get("options", ()))),
                time=float(times.get(name, 0)),
            )
            for name, symbol in reply.get("symbols", {}).items()
        ]
        return cls(
            action=one_line(reply.get("action", "no action")),
            score=round(float(reply.get("score", 0)), 2) + 0.0,
            required_score=float(reply.get("required_score", 0)),
            thresholds=dict(sorted(reply.get("thresholds", {}).items(), key=lambda item: item[1])),
            hits=tuple(sorted(hits, key=lambda hit: (-abs(hit.score), hit.name))),
            messages={name: one_line(str(text)) for name, text in reply.get("messages", {}).items()},
            time_ms=1000 * float(reply.get("time_real", 0)),
            queue_id=queue_id,
            subject=one_line(reply.get("subject", subject)),
            raw=reply,
            mail=mail,
            envelope=envelope or Envelope(),
            settings_id=settings_id,
        )

    @cached_property
    def symbols(self) -> pd.DataFrame:
        """One row a symbol: symbol, score, weight, group, description, options, time (ms); strongest first."""
        import pandas as pd

        columns = ["symbol", "score", "weight", "group", "description", "options", "time"]
        rows = [
            (hit.name, hit.score, hit.weight, ", ".join(hit.groups), hit.explanation, hit.details, hit.time)
            for hit in self.hits
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the MTA would add to this mail, to be shown."""
        added = self.raw.get("milter", {}).get("add_headers", {})
        return {
            name: visible(value["value"] if isinstance(value, dict) else str(value)) for name, value in added.items()
        }

    @property
    def meaning(self) -> str:
        """The action in German words; own actions of a configuration keep their name."""
        return ACTIONS.get(self.action, f"eigene Action „{self.action}“")

    def repeatable(self) -> Verdict:
        """This verdict, when it knows what was asked. Raises LabError: a reply that was read from somewhere else."""
        if not self.queue_id:
            raise LabError(
                "Zu diesem Ergebnis fehlt die Mail.",
                next_step='Prüfe sie noch einmal, zum Beispiel mit `verdict = lab.scan("phishing")`.',
            )
        return self

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name, or None when it did not fire."""
        return next((hit for hit in self.hits if hit.name == name), None)

    def points(self, name: str) -> float:
        """What the symbol of that name added; 0 when it did not fire."""
        hit = self.symbol(name)
        return hit.score if hit else 0

    def compare(self, other: Verdict) -> Comparison:
        """What is different in this verdict, seen from ``other``."""
        return Comparison.of(other, self)

    def __str__(self) -> str:
        silent = [hit.name for hit in self.hits if hit.score == 0]
        width = max((len(hit.name) for hit in self.hits), default=0)
        lines = [f"{self.action}: {number(self.score)} von {number(self.required_score)} Punkten ({self.meaning})"]
        lines += [
            f"  {number(hit.score, sign=True):>6}  {hit.name:<{width}}  {hit.explanation}".rstrip()
            for hit in self.hits
            if hit.score
        ]
        if silent:
            lines.append(f"  ohne Punkte: {', '.join(silent)}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Comparison:
    """Two verdicts side by side: which symbols came, went or changed their score."""

    before: Verdict
    after: Verdict
    came: tuple[Symbol, ...]
    went: tuple[Symbol, ...]
    changed: tuple[tuple[Symbol, Symbol], ...]

    @classmethod
    def of(cls, before: Verdict, after: Verdict) -> Comparison:
        old, new = ({hit.name: hit for hit in verdict.hits} for verdict in (before, after))
        return cls(
            before,
            after,
            came=tuple(hit for name, hit in new.items() if name not in old),
            went=tuple(hit for name, hit in old.items() if name not in new),
            changed=tuple(
                (old[name], hit) for name, hit in new.items() if name in old and old[name].score != hit.score
            ),
        )

    @property
    def same(self) -> bool:
        """Whether both verdicts have the same symbols with the same scores."""
        return not (self.came or self.went or self.changed)

    def __str__(self) -> str:
        head = (
            f"{self.before.action} ({number(self.before.score)}) → {self.after.action} ({number(self.after.score)}), "
            f"{number(self.after.score - self.before.score, sign=True)} Punkte"
        )
        lines = [head]
        lines += [f"  neu       {hit.name} {number(hit.score, sign=True)}" for hit in self.came]
        lines += [f"  weg       {hit.name} {number(hit.score, sign=True)}" for hit in self.went]
        lines += [
            f"  geändert  {new.name} {number(old.score, sign=True)} → {number(new.score, sign=True)}"
            for old, new in self.changed
        ]
        return "\n".join(lines if not self.same else [head, "  dieselben Symbole mit denselben Punkten"])

    __repr__ = __str__
