"""The symbols of a mail as composites find them: a spare worker scans it again with all composites switched off.

A normal verdict lacks what composites have removed. And it has symbols that came after them: Rspamd runs its
postfilters when the composites are done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labs.cluster.configuration import Configuration
from labs.rspamd.dialect.trace import Trace
from labs.rspamd.inquiry.spare import spare
from labs.rspamd.verdict import Symbol, Verdict


@dataclass(frozen=True)
class Before:
    """``verdict``: without composites; ``late``: the names of symbols that come after composites."""

    verdict: Verdict
    late: frozenset[str]

    @property
    def hits(self) -> list[Symbol]:
        """What composites see."""
        return [hit for hit in self.verdict.hits if hit.name not in self.late]


def before_composites(
    configuration: Configuration, verdict: Verdict, composites: Iterable[str], groups: Mapping[str, Sequence[str]]
) -> Before:
    """Scan the mail of ``verdict`` again without ``composites``; about 0.3 s. Raises LabError as ``spare`` does."""
    off = "".join(f"{json.dumps(name)} {{ enabled = false; }}\n" for name in composites)
    with spare(configuration, {"override.d/composites.conf": off}) as second:
        found = second.worker.scan(verdict.mail, verdict.envelope, groups, settings_id=verdict.settings_id)
        callbacks = Trace.parse(second.trace(found)).late
        inserted = {name for name, symbol in second.symbols().items() if symbol.get("parent") in callbacks}
    return Before(found, callbacks | inserted)
