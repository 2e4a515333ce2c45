"""Which rules ran for a mail, which fired and which never had their turn; found out in a spare worker that logs each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from labs.rspamd.dialect.trace import Trace
from labs.rspamd.inquiry.spare import spare
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.symbols import OTHER, family
from labs.rspamd.verdict import Verdict

FIRED, SILENT, NEVER = "lief und schlug an", "lief und schlug nicht an", "lief nie"


@dataclass(frozen=True)
class Run:
    """What one scan set going.

    ``rules``: each rule (callback or composite) that ran -> the German family of its symbols; ``fired``: those that gave
    symbols -> their names; ``questions``: DNS questions asked; ``ended_by``: the module that ended the scan early, or "".
    """

    verdict: Verdict
    rules: Mapping[str, str]
    fired: Mapping[str, tuple[str, ...]]
    questions: int
    ended_by: str

    @classmethod
    def of(cls, verdict: Verdict, trace: Trace, registered: Mapping[str, Mapping[str, Any]]) -> Run:
        """Put together from the verdict of a traced scan, its trace and the table of symbols (``Spare.symbols``)."""
        fired: dict[str, tuple[str, ...]] = {}
        for hit in verdict.hits:
            rule = registered.get(hit.name, {}).get("parent") or hit.name
            fired[rule] = (*fired.get(rule, ()), hit.name)
        groups: dict[str, list[str]] = {}
        for name, symbol in registered.items():
            groups.setdefault(symbol.get("parent") or name, []).extend(symbol.get("groups", ()))
        ran = trace.executed | trace.atoms.keys() | fired.keys()
        return cls(
            verdict,
            {name: family(groups.get(name, ())) for name in sorted(ran)},
            fired,
            trace.questions,
            trace.ended_by,
        )

    def state(self, rule: str) -> str:
        """FIRED, SILENT or NEVER."""
        return FIRED if rule in self.fired else SILENT if rule in self.rules else NEVER

    def __str__(self) -> str:
        rules, hits = len(self.rules), len(self.verdict.hits)
        ran, found = "Regel lief" if rules == 1 else "Regeln liefen", "Symbol" if hits == 1 else "Symbole"
        end = f"; {self.ended_by} beendete die Prüfung" if self.ended_by else ""
        return f"{self.verdict.action}: {rules} {ran}, {hits} {found}, {self.questions} DNS-Fragen{end}"

    __repr__ = __str__


@dataclass(frozen=True)
class RunComparison:
    """Several runs of mails side by side, by title."""

    runs: Mapping[str, Run]

    @property
    def rules(self) -> dict[str, tuple[str, ...]]:
        """All rules that ran in at least one of the runs, by family: the largest family first, what has none last."""
        families: dict[str, list[str]] = {}
        for name, label in sorted(chain.from_iterable(run.rules.items() for run in self.runs.values())):
            names = families.setdefault(label, [])
            if name not in names:
                names.append(name)
        ordered = sorted(families.items(), key=lambda item: (item[0] == OTHER, -len(item[1]), item[0]))
        return {label: tuple(names) for label, names in ordered}

    def never(self, title: str) -> tuple[str, ...]:
        """The rules that ran elsewhere, but never in the run of that title."""
        return tuple(name for names in self.rules.values() for name in names if self.runs[title].state(name) == NEVER)

    def missing(self, title: str) -> dict[str, tuple[str, ...]]:
        """Those rules by family; families of which every rule ran are left out."""
        gone = set(self.never(title))
        found = {label: tuple(name for name in names if name in gone) for label, names in self.rules.items()}
        return {label: names for label, names in found.items() if names}

    def __str__(self) -> str:
        total = sum(map(len, self.rules.values()))
        return "\n".join(
            f"{title}: {run}. {len(self.never(title))} von {total} Regeln liefen nie."
            for title, run in self.runs.items()
        )

    __repr__ = __str__


def ran(rspamd: Rspamd, verdict: Verdict) -> Run:
    """Scan the mail of ``verdict`` again, with the configuration as it is now, and tell which rules ran. About 0.3 s.

    It is a real scan: what Redis counts and learns, it counts and learns once more. Raises LabError: the verdict has no mail, the lab does not answer.
    """
    asked = verdict.repeatable()
    with spare(rspamd.configuration) as worker:
        again = worker.worker.scan(asked.mail, asked.envelope, {}, settings_id=asked.settings_id)
        return Run.of(again, Trace.parse(worker.trace(again)), worker.symbols())
