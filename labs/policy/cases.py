"""The two kinds of expectations: about a mail, and about a setting of a server. How they are written: expectation.py."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from labs.cluster.cluster import Cluster
from labs.mails import load_signed
from labs.policy.finding import Finding
from labs.policy.judges import span, within
from labs.policy.observation import Observation, callbacks_run
from labs.policy.system import System
from labs.policy.words import WORDS
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery

PROFILES = 3
"""Scans that tell how many rules ran."""


@dataclass(frozen=True)
class Case:
    """A mail with its envelope and what is expected of it. ``again``: how often it is sent, ``pause`` seconds apart;
    ``fresh``: Redis is emptied before."""

    title: str
    mail: str
    envelope: Mapping[str, Any]
    stopped: tuple[str, ...]
    expect: Mapping[str, Any]
    again: int = 1
    pause: float = 0
    fresh: bool = False

    def observe(self, system: System) -> Observation:
        """Send the mail, or let Rspamd scan it, as the case says; what came of the last time."""
        mail, brought = load_signed(self.mail, system.cluster.secrets)
        envelope = {name: value for name, value in asdict(brought).items() if value} | dict(self.envelope)
        if self.fresh:
            system.forget()
        with _without(system.cluster, self.stopped):
            for attempt in range(self.again):
                time.sleep(self.pause if attempt else 0)
                if "via" in envelope:
                    sent = {name: value for name, value in envelope.items() if name != "mta_name"}
                    result: Verdict | Delivery = system.post.send(mail, **sent)
                else:
                    result = system.rspamd.scan(mail, **envelope)
            seen = Observation.of(result, self._log_of(system))
            if "ran" in self.expect:
                more = [system.rspamd.scan(mail, **envelope) for _ in range(PROFILES - 1)]
                seen = replace(seen, ran=callbacks_run([result, *more]))
            return seen

    def findings(self, system: System, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected; ``given``: judge this result instead of an own one."""
        seen = Observation.of(given, self._log_of(system)) if given is not None else self.observe(system)
        return [finding.text for finding in self.judge(seen)]

    def _log_of(self, system: System) -> Rspamd | None:
        """Where to look whether the mail was learned; reading the log costs time, so only if somebody asks."""
        return system.rspamd if "learned" in self.expect else None

    def judge(self, seen: Observation) -> list[Finding]:
        """What is not as expected; an empty list when all is."""
        found = (
            finding
            for name, word in WORDS.items()
            if name in self.expect
            for finding in word.judge(self.expect[name], seen)
        )
        return list({finding.text: finding for finding in found}.values())


@dataclass(frozen=True)
class Setting:
    """A value that must be in force on a server."""

    title: str
    role: str
    name: str
    expect: Mapping[str, Any]

    def observe(self, system: System) -> str:
        """The value in force."""
        return system.setting(self.role, self.name)

    def findings(self, system: System, given: Verdict | Delivery | None = None) -> list[str]:
        """German sentences that say what is not as expected."""
        return [finding.text for finding in self.judge(self.observe(system))]

    def judge(self, value: str) -> list[Finding]:
        """What is not as expected; an empty list when all is."""
        if "value" in self.expect and value != str(self.expect["value"]):
            expected = f"„{self.expect['value']}“"
            return [Finding("setting", f"{self.name} ist „{value}“, erwartet: {expected}", expected, f"„{value}“")]
        if "range" in self.expect:
            try:
                inside = within(float(value), self.expect["range"])
            except ValueError:
                inside = False
            if not inside:
                expected, came = span(self.expect["range"]), value or "nicht gesetzt"
                return [Finding("setting", f"{self.name} ist {came}, erwartet: {expected}", expected, came)]
        return []


@contextmanager
def _without(cluster: Cluster, nodes: tuple[str, ...]) -> Iterator[None]:
    """Some nodes are down meanwhile."""
    try:
        for node in nodes:
            cluster.halt(node)
        yield
    finally:
        for node in nodes:
            cluster.restart(node)
