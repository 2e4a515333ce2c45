"""Run expectations on a lab and say in German what holds, what does not, and what that means as a rule."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from labs.errors import LabError
from labs.policy.cases import Case, Setting
from labs.policy.finding import Finding
from labs.policy.system import System
from labs.policy.words import explained
from labs.progress import Progress
from labs.rspamd.symbols import explain
from labs.visible import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

GOOD, BAD = "✓", "✗"


@dataclass(frozen=True)
class Checked:
    """One case and what is not as expected. ``mail``: what it is about; of a setting "role name"."""

    title: str
    mail: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        lines = [f"{GOOD if self.passed else BAD} {self.title}"]
        for finding in self.findings:
            lines.append(f"    {finding.text}")
            lines += [f"      {line}" for line in notes_on(finding)]
        return visible("\n".join(lines))


@dataclass(frozen=True)
class Report:
    """What came of all cases. ``notes``: what the reader should know of the configuration that was checked."""

    cases: tuple[Checked, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """How many cases hold."""
        return sum(case.passed for case in self.cases)

    @property
    def failed(self) -> int:
        return len(self.cases) - self.passed

    @property
    def ok(self) -> bool:
        return not self.failed

    @property
    def headline(self) -> str:
        mark, total = GOOD if self.ok else BAD, len(self.cases)
        if total == 1:
            return f"{mark} Die Erwartung gilt{'' if self.ok else ' nicht'}."
        if self.ok:
            return f"{mark} Alle {total} Erwartungen gelten."
        return f"{mark} {self.failed} von {total} Erwartungen {'gilt' if self.failed == 1 else 'gelten'} nicht."

    @property
    def table(self) -> pd.DataFrame:
        """One row a case: Ergebnis, Fall, Mail, Befunde."""
        import pandas as pd

        rows = [
            (
                GOOD if case.passed else BAD,
                one_line(case.title),
                case.mail,
                "; ".join(finding.text for finding in case.findings),
            )
            for case in self.cases
        ]
        return pd.DataFrame(rows, columns=["Ergebnis", "Fall", "Mail", "Befunde"])

    def as_json(self) -> dict[str, Any]:
        """{passed, failed, notes, cases: [{title, mail, passed, findings: [{kind, text, …}]}]} for ``json.dumps``."""
        cases = [
            {"title": case.title, "mail": case.mail, "passed": case.passed, "findings": [*map(asdict, case.findings)]}
            for case in self.cases
        ]
        return {"passed": self.passed, "failed": self.failed, "notes": list(self.notes), "cases": cases}

    def __str__(self) -> str:
        return visible("\n".join([*self.notes, *map(str, self.cases), self.headline]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<p><small>{html.escape(note)}</small></p>" for note in self.notes)
        rows = "".join(map(_row, self.cases))
        return visible(
            f'<div class="lab-report" role="status">{_STYLE}<p><strong>{html.escape(self.headline)}</strong></p>{notes}'
            f"<ul>{rows}</ul></div>"
        )


def check(system: System, cases: Sequence[Case | Setting], progress: Progress, *, clean: bool = False) -> Report:
    """Run all cases, one after the other. ``clean``: empty Redis before each, so that no case depends on another."""
    checked = []
    for number, case in enumerate(cases):
        progress(number / len(cases), case.title)
        checked.append(check_one(system, case, clean=clean))
    return Report(tuple(checked))


def check_one(system: System, case: Case | Setting, *, clean: bool = False) -> Checked:
    """Run one case; when the lab does not answer, that is its finding."""
    try:
        if clean:
            system.forget()
        seen = case.observe(system)
        judged = case.judge(seen)  # type: ignore[arg-type]
        known = _weights(system) if judged else {}
        found = tuple(explained(finding, seen, known) for finding in judged)
    except LabError as error:
        text = " ".join(str(error).split("\n"))
        found = (explained(Finding("impossible", f"nicht prüfbar: {text}"), "", {}),)
    return Checked(case.title, case.mail if isinstance(case, Case) else f"{case.role} {case.name}", found)


def notes_on(finding: Finding) -> list[str]:
    """What there is to say of a finding besides its sentence: the symbol's explanation, and the meaning."""
    explanation = explain(finding.symbol)
    lines = [f"{finding.symbol}: {explanation}"] if explanation else []
    return lines + ([f"Das bedeutet meist: {finding.meaning}"] if finding.meaning else [])


def _weights(system: System) -> Mapping[str, float]:
    """The registered symbols; none when the controller does not say."""
    try:
        return system.rspamd.controller.weights()
    except LabError:
        return {}


_STYLE = """<style>
.lab-report ul { list-style: none; padding-left: .5em; margin: .2em 0; } .lab-report ul ul { padding-left: 1.6em; }
.lab-report .bad { color: var(--jp-error-color1, #b00020); } .lab-report .good { color: var(--jp-success-color1, #007a5a); }
.lab-report small { opacity: .85; }
</style>"""


def _row(case: Checked) -> str:
    mark = (
        f'<span class="good" role="img" aria-label="gilt">{GOOD}</span>'
        if case.passed
        else f'<span class="bad" role="img" aria-label="gilt nicht">{BAD}</span>'
    )
    findings = "".join(
        f"<li>{html.escape(finding.text)}{''.join(f'<br><small>{html.escape(line)}</small>' for line in notes_on(finding))}</li>"
        for finding in case.findings
    )
    title = html.escape(case.title)
    mail = f" <small><code>{html.escape(case.mail)}</code></small>" if case.mail != case.title else ""
    return f"<li>{mark} {title}{mail}{f'<ul>{findings}</ul>' if findings else ''}</li>"
