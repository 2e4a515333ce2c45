"""One mail under every settings profile that a role leads to: what hit, what ran without a hit, what did not run.

A spare worker scans the mail and logs each step, so "did not run" is Rspamd's own word, not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from labs.errors import LabError
from labs.mails import Mail, load_signed
from labs.rspamd.dialect.trace import Trace
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.spare import Spare, spare
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict


class State(Enum):
    """What became of a symbol in one scan; the value is the German word for it."""

    HIT = "Treffer"
    DISCARDED = "Treffer, vom Profil verworfen"
    RAN = "lief, kein Treffer"
    NOT_RUN = "lief nicht"


@dataclass(frozen=True)
class Scan:
    """The mail under one role. ``executed``: the callbacks that ran; ``barred``: symbols that the profile threw away.

    ``weighed``: the composites that Rspamd worked out.
    """

    role: str
    verdict: Verdict
    executed: frozenset[str]
    barred: frozenset[str]
    weighed: frozenset[str]


@dataclass(frozen=True)
class ProfileScans:
    """``scans``: one for each role; ``callbacks``: symbol -> the rule that gives it."""

    subject: str
    scans: tuple[Scan, ...]
    callbacks: Mapping[str, str]

    @property
    def symbols(self) -> list[str]:
        """The symbols that hit under some role: most points first, without points those of the fewest roles first."""
        most: dict[str, float] = {}
        for scan in self.scans:
            for hit in scan.verdict.hits:
                most[hit.name] = max(most.get(hit.name, 0.0), abs(hit.score))
            for name in scan.barred:
                most.setdefault(name, 0.0)
        hits = {name: sum(scan.verdict.symbol(name) is not None for scan in self.scans) for name in most}
        return sorted(most, key=lambda name: (-most[name], hits[name], name))

    def state(self, symbol: str, scan: Scan) -> State:
        if scan.verdict.symbol(symbol):
            return State.HIT
        if symbol in scan.barred:
            return State.DISCARDED
        ran = symbol in scan.weighed or self.callbacks.get(symbol, symbol) in scan.executed
        return State.RAN if ran else State.NOT_RUN


def profile_scans(rspamd: Rspamd, mail: Mail) -> ProfileScans:
    """Scan ``mail`` with its own envelope under every role; about a second. Raises LabError: no profile asks for a role."""
    content, envelope = load_signed(mail, rspamd.cluster.secrets)
    registry = Registry.of(rspamd)
    roles = [re.sub(r"^\^|\$$", "", pattern) for pattern in registry.roles()]
    if not roles:
        raise LabError(
            "Kein Profil fragt nach dem MTA-Name.",
            next_step="`lab.reset()` stellt die Profile des Arbeitsbuchs wieder her.",
        )
    with spare(rspamd.configuration) as worker:
        scans = tuple(
            _scan(role, worker, worker.worker.scan(content, replace(envelope, mta_name=role), registry.groups))
            for role in roles
        )
        callbacks = _callbacks(worker.symbols())
    return ProfileScans(scans[0].verdict.subject, scans, callbacks)


def _scan(role: str, worker: Spare, verdict: Verdict) -> Scan:
    trace = Trace.parse(worker.trace(verdict))
    return Scan(role, verdict, trace.executed, frozenset(trace.barred), frozenset(trace.atoms))


def _callbacks(symbols: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: symbol.get("parent") or name for name, symbol in symbols.items()}
