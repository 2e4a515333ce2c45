"""What one mail costs under several roles: rules that ran, questions to the DNS, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from labs.errors import LabError
from labs.mails import Mail
from labs.rspamd.dialect.log import SUMMARY, Summary
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict, number

SCANS = 15
"""Scans for each role. The first of them do not count: Rspamd loads what it keeps in memory."""
WARM_UP = 2


@dataclass(frozen=True)
class Effort:
    """``names``: the rules with code of their own that ran; ``questions``: to the DNS; ``milliseconds``: the median."""

    role: str
    action: str
    names: tuple[str, ...]
    questions: int
    milliseconds: float

    @property
    def rules(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Efforts:
    """One mail under several roles."""

    mail: str
    rows: tuple[Effort, ...]

    def __str__(self) -> str:
        return "\n".join(
            f"{row.role:<19}{row.rules:>3} Regeln  {row.questions:>3} DNS-Fragen  {number(row.milliseconds):>5} ms  {row.action}"
            for row in self.rows
        )

    __repr__ = __str__


def measure(rspamd: Rspamd, mail: Mail, roles: Sequence[str]) -> Efforts:
    """Scan ``mail`` several times under each role, in turns, so that nothing else on the machine favours one."""
    if not roles:
        raise LabError(
            "Es fehlt eine Rolle.", next_step='Nenne welche: `lab.effort("mit-anhang", "incoming_default")`.'
        )
    seen: dict[str, list[Verdict]] = {role: [] for role in roles}
    for _ in range(SCANS):
        for role in roles:
            seen[role].append(rspamd.scan(mail, mta_name=role))
    first = seen[roles[0]][0]
    return Efforts(first.subject, tuple(_effort(rspamd, role, verdicts[WARM_UP:]) for role, verdicts in seen.items()))


def _effort(rspamd: Rspamd, role: str, verdicts: Sequence[Verdict]) -> Effort:
    return Effort(
        role,
        verdicts[-1].action,
        _rules(verdicts),
        Summary(rspamd.log(verdicts[-1], SUMMARY)).questions,
        median(verdict.time_ms for verdict in verdicts),
    )


def _rules(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The rules of the shortest profile: see callbacks_run in observation.py."""
    return tuple(sorted(min((verdict.raw.get("profile", {}) for verdict in verdicts), key=len)))
