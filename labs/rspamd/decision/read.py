"""Work out how the configuration in force decided on the mail of a verdict, and hold it against what Rspamd said.

Source: https://docs.rspamd.com/configuration/composites.
"""

from __future__ import annotations

from labs.errors import LabError
from labs.rspamd.decision.graph import Graph
from labs.rspamd.decision.policy import Policy
from labs.rspamd.decision.value import Decision
from labs.rspamd.dialect.passes import Composite, Outcome, run
from labs.rspamd.dialect.sights import PREFIX
from labs.rspamd.inquiry.before import before_composites
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict


def decision(rspamd: Rspamd, verdict: Verdict) -> Decision:
    """How the policy decided on the mail of ``verdict``; half a second.

    Raises LabError: the lab does not answer, or the configuration has changed since the verdict.
    """
    registry = Registry.of(rspamd)
    composites = Composite.configured(registry.composites, rspamd.controller.weights(), registry.groups)
    return decided(registry, verdict, _outcome(rspamd, registry, composites, verdict))


def decided(registry: Registry, verdict: Verdict, outcome: Outcome) -> Decision:
    """The decision on one mail. ``outcome``: of all composites. Pure."""
    return Policy(registry, verdict, outcome, Graph(verdict)).decision()


def _outcome(rspamd: Rspamd, registry: Registry, composites: list[Composite], verdict: Verdict) -> Outcome:
    """What the composites come to; where some removed their hints, a spare worker finds these again."""
    if verdict.raw.get("is_skipped"):
        return run((), (), 0.0)
    reported = {hit.name for hit in verdict.hits} & {composite.name for composite in composites}
    plain = [hit for hit in verdict.hits if hit.name not in reported and not hit.name.startswith(PREFIX)]
    outcome = run(composites, plain, 0.0)
    if set(outcome.fired) != reported:
        names = [composite.name for composite in composites]
        before = before_composites(rspamd.configuration, verdict.repeatable(), names, registry.groups)
        outcome = run(composites, before.hits, 0.0)
    if surplus := reported - set(outcome.fired):
        raise LabError(
            "Dieses Urteil passt nicht zur Konfiguration, die jetzt gilt.",
            why=f"Nach ihr wäre nicht wahr: {', '.join(sorted(surplus)[:4])}.",
            next_step="Prüfe die Mail mit `lab.scan` noch einmal.",
        )
    return outcome
