"""Mails per minute on each node, counted from what Postfix and Rspamd log while they run.

A mail counts on a Postfix node when cleanup notes its Message-ID, also if it is refused afterwards; on an Rspamd
worker when its summary line appears. The probes with which an MX asks the HUB for a recipient are no mails.
Source: cleanup(8), ADDRESS_VERIFICATION_README.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from labs.cluster.topology import Node, Service
from labs.rspamd.dialect.log import log_of, summaries

WINDOW = timedelta(seconds=60)
TAIL = 1_000_000
"""Bytes of an existing log that are read at first: more than a minute of a busy node."""

_POSTFIX = re.compile(r"^(\w{3} [ \d]\d [\d:]{8}) \S+ postfix/[\w/-]*cleanup\[\d+\]: ([0-9A-F]+): message-id=(.*)$")


def entries(role: str, lines: list[str], now: datetime) -> Iterator[datetime]:
    """When each mail in ``lines`` of a log was seen, to the second, in local time. ``role``: of the service."""
    if role == "rspamd-worker":
        yield from (summary.written for summary in summaries(lines))
    for line in lines:
        # its own queue id in the Message-ID: Postfix made this mail, a probe or a bounce
        if (match := _POSTFIX.match(line)) and f".{match[2]}@" not in match[3]:
            yield _with_year(match[1], now)


def _with_year(text: str, now: datetime) -> datetime:
    """Postfix writes no year; what would lie in the future was last year (on the first of January)."""
    moment = datetime.strptime(f"{now.year} {text}", "%Y %b %d %H:%M:%S")
    return moment if moment <= now + timedelta(days=1) else moment.replace(year=now.year - 1)


@dataclass
class Traffic:
    """Counts over the last 60 seconds; every call of ``count`` reads only what was written since the last one."""

    _offsets: dict[Path, int] = field(default_factory=dict)
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)

    def count(self, nodes: Mapping[str, Node], now: datetime) -> dict[str, int]:
        """Mails of the last minute by node, for nodes that handle mail. ``now``: local time, without a zone."""
        counts = {}
        for node in nodes.values():
            for service in node.services.values():
                if log := _log(service):
                    known = service.program in self._seen
                    seen = self._seen.setdefault(service.program, deque())
                    moments = entries(service.role, self._new_lines(log), now)
                    # What is new was written now; the servers' time zone may be another one.
                    seen.extend(now if known else moment for moment in moments)
                    while seen and seen[0] <= now - WINDOW:
                        seen.popleft()
                    counts[node.name] = len(seen)
        return counts

    def _new_lines(self, log: Path) -> list[str]:
        """The whole lines since the last call; from the beginning again when the file has become shorter."""
        try:
            size = log.stat().st_size
            start = self._offsets.get(log, max(0, size - TAIL))
            start = 0 if start > size else start
            with log.open("rb") as file:
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self._offsets[log] = start + end
        return data[:end].decode(errors="replace").split("\n")


def _log(service: Service) -> Path | None:
    if service.role.startswith("postfix-"):
        return service.folder / "log/mail.log"
    return log_of(service) if service.role == "rspamd-worker" else None
