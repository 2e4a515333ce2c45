"""Postfix's queues: what waits where and why, what is held back, and how it gets on.

Source: postqueue(1), postsuper(1).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labs.cluster.topology import Service
from labs.errors import LabError
from labs.smtp.programs import postfix_environment
from labs.visible import one_line

if TYPE_CHECKING:
    import pandas as pd

    from labs.bundle import Bundle

QUEUES = {"hold": "zurückgehalten", "deferred": "wartet", "active": "in Arbeit", "incoming": "neu"}
PATIENCE = 5
"""Seconds to wait until a released mail was tried."""


@dataclass(frozen=True)
class Entry:
    """One mail in a queue. ``queue``: hold, deferred, active or incoming; ``reason``: why it was not delivered yet."""

    node: str
    queue: str
    queue_id: str
    sender: str
    recipients: tuple[str, ...]
    reason: str


def entries(bundle: Bundle, services: list[Service]) -> list[Entry]:
    """Everything that waits in the queues of these Postfix services."""
    found = []
    for service in services:
        result = _run(bundle, service, "postqueue", "-j")
        for line in filter(None, result.stdout.split("\n")):
            mail = json.loads(line)
            reasons = dict.fromkeys(one.get("delay_reason", "") for one in mail["recipients"])
            found.append(
                Entry(
                    service.node,
                    mail["queue_name"],
                    mail["queue_id"],
                    one_line(mail["sender"]),
                    tuple(one_line(one["address"]) for one in mail["recipients"]),
                    one_line("; ".join(filter(None, reasons))),
                )
            )
    return found


def corrupt(service: Service) -> list[str]:
    """The queue ids of mails that Postfix could not read and put aside; ``postqueue`` does not list them."""
    return [path.name for path in (service.folder / "spool/corrupt").iterdir()]


def table(found: list[Entry]) -> pd.DataFrame:
    """Knoten, Queue, Queue-ID, Absender, Empfänger, Grund."""
    import pandas as pd

    rows = [
        (
            one.node,
            f"{one.queue} ({QUEUES[one.queue]})",
            one.queue_id,
            one.sender,
            ", ".join(one.recipients),
            one.reason,
        )
        for one in found
    ]
    return pd.DataFrame(rows, columns=["Knoten", "Queue", "Queue-ID", "Absender", "Empfänger", "Grund"])


def release(bundle: Bundle, service: Service, queue_id: str) -> None:
    """Let a held mail go on and be delivered now (``postsuper -H``, ``postqueue -i``); waits until this node has tried.

    Raises LabError when it is not held there.
    """
    if not any(one.queue == "hold" and one.queue_id == queue_id for one in entries(bundle, [service])):
        raise LabError(
            f"Auf {service.node} wird keine Mail {queue_id} zurückgehalten.",
            next_step="`lab.queue()` zeigt, was wo liegt.",
        )
    _run(bundle, service, "postsuper", "-H", queue_id)
    _run(bundle, service, "postqueue", "-i", queue_id)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(
        one.queue_id == queue_id and not one.reason for one in entries(bundle, [service])
    ):
        time.sleep(0.02)


def flush(bundle: Bundle, service: Service) -> None:
    """Try everything that waits again now, as ``postqueue -f`` does."""
    _run(bundle, service, "postqueue", "-f")


def _run(bundle: Bundle, service: Service, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [bundle.program(program), "-c", service.folder / "etc", *arguments],
        capture_output=True, text=True, errors="replace", timeout=20, env=os.environ | postfix_environment(service),
    )  # fmt: skip
    if result.returncode:
        raise LabError(
            f"{program} auf {service.node} meldet einen Fehler.",
            why=result.stderr.strip()[-300:],
            next_step="Läuft der Knoten? `lab.status()` zeigt es.",
        )
    return result
