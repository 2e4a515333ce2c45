"""What the lab adds to supervisord, inside its process: a lock on the network, owners, a log of events.

- The lock: an abstract Unix socket named after the /16. The kernel frees it with the process, so there is
  no stale lock, and it is seen by all users of the machine, as loopback is.
- Owners: processes (JupyterLab, a script) for which the lab runs. When the last one is gone, the lab ends.
- Events: each start, exit and restart of a node as one JSON line in events.jsonl.

Source: supervisor's documentation, "Extending Supervisor's XML-RPC API" and "Events".
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import psutil
from supervisor import events
from supervisor.states import SupervisorStates


class LabRPC:
    """The XML-RPC namespace ``lab``."""

    def __init__(self, supervisord, net: str, log: str) -> None:
        self._supervisord, self._log = supervisord, Path(log)
        self._owners: set[tuple[int, float]] = set()
        self._kept = False
        self._lock = socket.socket(socket.AF_UNIX)
        self._lock.bind(lock_name(int(net)))
        events.subscribe(events.SupervisorRunningEvent, self._start_at_once)
        events.subscribe(events.ProcessStateEvent, self._record)
        events.subscribe(events.Tick5Event, self._end_without_owner)
        events.subscribe(events.SupervisorStoppingEvent, self._hurry)

    def own(self, pid: int, started: float) -> bool:
        """The lab runs for this process as well, at least as long as it lives."""
        self._owners.add((pid, started))
        return True

    def keep(self) -> bool:
        """The lab runs until it is stopped by hand (``labs up``)."""
        self._kept = True
        return True

    def disown(self, pid: int, started: float) -> bool:
        """The process ends; when it was the last owner, so does the lab, and the answer is True."""
        self._owners.discard((pid, started))
        ends = not self._owners and not self._kept
        if ends:
            self._supervisord.options.mood = SupervisorStates.SHUTDOWN
        return ends

    def _start_at_once(self, event) -> None:
        # supervisord would sleep up to a second before it looks at its programs for the first time
        for group in self._supervisord.process_groups.values():
            group.transition()

    def _record(self, event) -> None:
        process = event.process
        if process.pid and isinstance(event, (events.ProcessStateExitedEvent, events.ProcessStateBackoffEvent)):
            with suppress(OSError):  # children of a killed node would keep its sockets from the new one
                os.killpg(process.pid, signal.SIGKILL)
        node, _, role = process.config.name.partition(".")
        state = type(event).__name__.removeprefix("ProcessState").removesuffix("Event").lower()
        with self._log.open("a") as file:
            file.write(
                json.dumps({"time": time.time(), "node": node, "role": role, "state": state, "pid": process.pid}) + "\n"
            )

    def _hurry(self, event) -> None:
        """The lab ends: nobody waits for a mail any more, and supervisord need not wait a second for each look."""
        for group in self._supervisord.process_groups.values():
            for process in filter(attrgetter("pid"), group.processes.values()):
                # a frozen node hears no SIGTERM; a proxy would wait ten seconds for milter sessions without a mail
                number = signal.SIGKILL if process.config.name.endswith(".rspamd-proxy") else signal.SIGCONT
                with suppress(OSError):
                    os.killpg(process.pid, number)
        poller = self._supervisord.options.poller
        poll = poller.poll
        poller.poll = lambda timeout: poll(0.02)

    def _end_without_owner(self, event) -> None:
        if self._kept or not self._owners:
            return
        self._owners = {owner for owner in self._owners if _lives(*owner)}
        if not self._owners:
            self._supervisord.options.mood = SupervisorStates.SHUTDOWN


def lock_name(net: int) -> str:
    return f"\0arbeitsbuch-127.{net}"


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def make(supervisord, net: str, log: str) -> LabRPC:
    """The factory that supervisord.conf names."""
    return LabRPC(supervisord, net, log)
