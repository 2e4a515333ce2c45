"""What the lab adds to supervisord, inside its process: a lock on the network, owners, a log of events.

- The lock: a file of the user's own, named after the /16. The kernel frees it with the process, so there is no stale
  lock. Other users' labs are noticed by their ports.
- Owners: processes (JupyterLab, a script) for which the lab runs. When the last one is gone, the lab ends.
- Settings: what lab.json says, for the case that the file is damaged.
- Events: each start, exit and restart of a node, and its end as part of the lab, as one JSON line in events.jsonl.

Source: supervisor's documentation, "Extending Supervisor's XML-RPC API" and "Events".
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import psutil
from supervisor import events
from supervisor.states import SupervisorStates

from labs import nickname, paths
from labs.cluster.leftovers import await_end

DROPPED = "dropped"
"""The event of a node that is no longer part of the lab."""


class LabRPC:
    """The XML-RPC namespace ``lab``."""

    def __init__(self, supervisord, net: str, folder: str) -> None:
        self._supervisord, self._folder = supervisord, Path(folder)
        self._settings = (self._folder / "lab.json").read_text(encoding="utf-8")
        self._owners: set[tuple[int, float]] = set()
        self._kept = False
        self._lock = lock_of(int(net)).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        events.subscribe(events.SupervisorRunningEvent, self._start_at_once)
        events.subscribe(events.ProcessStateEvent, self._record)
        events.subscribe(events.Tick3600Event, self._keep_nicknames)
        events.subscribe(events.SupervisorStoppingEvent, self._hurry)

    def own(self, pid: int, started: float) -> bool:
        """The lab runs for this process as well, at least as long as it lives."""
        self._owners.add((pid, started))
        threading.Thread(target=self._outlive, args=(pid, started), daemon=True).start()
        return True

    def keep(self) -> bool:
        """The lab runs until it is stopped by hand (``labs up``)."""
        self._kept = True
        return True

    def settings(self) -> str:
        """The text of lab.json."""
        return self._settings

    def note(self, settings: str) -> bool:
        """The text of lab.json has changed: nodes were added or dropped."""
        before, self._settings = json.loads(self._settings)["nodes"], settings
        for node in set(before) - set(json.loads(settings)["nodes"]):
            self._write(node=node, role="", state=DROPPED, pid=0)
        return True

    def disown(self, pid: int, started: float) -> bool:
        """The process ends; when it was the last owner, so does the lab, and the answer is True."""
        self._owners.discard((pid, started))
        ends = not self._owners and not self._kept
        if ends:
            self._supervisord.options.mood = SupervisorStates.SHUTDOWN
        return ends

    def _outlive(self, pid: int, started: float) -> None:
        if _lives(pid, started):
            await_end(pid, None)
        self.disown(pid, started)

    def _keep_nicknames(self, event) -> None:
        settings = json.loads(self._settings)
        for path in map(Path, (settings["root"], settings["prefix"])):
            if path.is_symlink():
                nickname.keep(path)

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
        self._write(node=node, role=role, state=state, pid=process.pid)

    def _write(self, **event: str | int) -> None:
        line = json.dumps({"time": time.time(), **event})
        with suppress(OSError), (self._folder / "events.jsonl").open("a") as file:  # a full disk must not end the lab
            file.write(f"{line}\n")

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


def lock_of(net: int) -> Path:
    """The file that a lab in 127.``net``.0.0/16 holds locked."""
    folder = paths.make_state() / "nets"
    folder.mkdir(exist_ok=True)
    return folder / f"{net}.lock"


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def make(supervisord, net: str, folder: str) -> LabRPC:
    """The factory that supervisord.conf names."""
    return LabRPC(supervisord, net, folder)
