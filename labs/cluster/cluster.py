"""Start, watch and stop the lab's servers. One folder holds all that a lab writes."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path

import jinja2
import psutil

from labs import paths
from labs.bundle import Bundle, ensure, recipe
from labs.cluster import render
from labs.cluster.complaint import complaint
from labs.cluster.network import NETWORKS, check_loopback, ports_free, taken
from labs.cluster.roles import ROLES, after
from labs.cluster.secrets import generate
from labs.cluster.topology import Node, Service, place
from labs.errors import LabError
from labs.progress import Progress

SOCKET_PATH_LIMIT = 107  # bytes, sun_path in unix(7)
START_SECONDS = 30
FAILED_STARTS = 2
"""A service that ended so often while it starts will not start: each one waits for what it needs."""


@dataclass(frozen=True)
class NodeState:
    """One node at one moment. ``state``: up, down or frozen; ``pss_mb``: its memory in MB, shared pages divided."""

    name: str
    title: str
    role: str
    zone: str
    address: str
    state: str
    pss_mb: float


class Cluster:
    """The servers of one lab. Nothing runs until ``start``; several objects may look at the same lab.

    ``name``: labs of different names run side by side (environment variable LABS_NAME).
    """

    def __init__(self, name: str = "") -> None:
        self.name = name or os.environ.get("LABS_NAME", "") or "arbeitsbuch"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", self.name):
            raise LabError(
                f"„{self.name}“ ist kein Name für ein Labor.",
                next_step="Nimm für LABS_NAME höchstens 32 Buchstaben, Ziffern, - und _.",
            )
        self.folder = paths.state() / "labs" / self.name

    # --- what runs ------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the lab's supervisor answers."""
        try:
            return self._rpc.supervisor.getState()["statename"] == "RUNNING"
        except (OSError, xmlrpc.client.Error):
            return False

    @property
    def supervisor_pid(self) -> int:
        """The supervisor's process number."""
        return self._rpc.supervisor.getPID()

    @property
    def settings(self) -> dict:
        """What was decided when the lab was made: net, profile, chapter, secrets, the bundle's prefix."""
        try:
            return json.loads((self.folder / "lab.json").read_text())
        except FileNotFoundError:
            raise not_running() from None

    @property
    def nodes(self) -> dict[str, Node]:
        settings = self.settings
        return place(settings["net"], self.folder, settings["profile"])

    @property
    def secrets(self) -> dict[str, str]:
        return self.settings["secrets"]

    @cached_property
    def bundle(self) -> Bundle:
        return ensure("servers", lambda part, text: None)

    @property
    def _rpc(self) -> xmlrpc.client.ServerProxy:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.folder / 'supervisor.sock'}")
        return xmlrpc.client.ServerProxy("http://lab.invalid", transport=transport)

    # --- start and stop -------------------------------------------------------------------------------------------

    def start(self, progress: Progress, profile: str = "core", *, keep: bool = False, chapter: str = "") -> bool:
        """Bring the lab up, or join it when it runs already; True when it was started now.

        ``keep``: it stays until ``stop``; else it ends with the JupyterLab (or script) that started or joined it.
        Raises LabError: port in use, a server that does not start, a full disk.
        """
        with self._locked(progress), disk_errors(self.folder):
            if self.running and self.settings["profile"] == "core" != profile:
                progress(0.01, "Das kleine Labor endet; das große beginnt")
                self.stop()
            fresh = not self.running
            if fresh:
                progress(0.02, "Server bereitstellen")
                self.bundle = ensure("servers", lambda part, text: progress(0.02 + 0.5 * part, text))
                self._end_leftovers()
                self._launch(progress, profile, chapter)
            elif not (self.folder / "ready").exists():  # whoever started it was killed meanwhile
                self._await(self.nodes, self.secrets, progress)
            if keep:
                self._rpc.lab.keep()
            else:
                self._rpc.lab.own(*_owner())
        return fresh

    def _launch(self, progress: Progress, profile: str, chapter: str) -> None:
        # The longest path that a server opens by its full name; Postfix opens its own relative to its queue.
        socket = (
            "/nodes/rspamd1/run/rspamd.sock" if profile == "core" else "/nodes/imap1/dovecot/run/token-login/tokenlogin"
        )
        longest = len(str(self.folder).encode()) + len(socket)
        if longest > SOCKET_PATH_LIMIT:
            raise LabError(
                "Der Pfad zum Zustandsordner ist zu lang für Unix-Sockets.",
                why=f"{self.folder} ({longest} Zeichen, erlaubt sind {SOCKET_PATH_LIMIT})",
                next_step="Setze XDG_STATE_HOME auf einen Ordner mit kurzem Namen.",
            )
        for old in ("log", "events.jsonl", "supervisor.sock", "ready"):
            path = self.folder / old
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (self.folder / "log").mkdir(mode=0o700)
        secrets = generate(self.bundle, profile)
        check_loopback()
        for net in NETWORKS:
            nodes = place(net, self.folder, profile)
            if taken(net) or not ports_free(nodes.values()):
                continue
            settings = {"net": net, "profile": profile, "chapter": chapter, "secrets": secrets}
            settings["bundle"] = str(self.bundle.prefix)
            (self.folder / "lab.json").touch(mode=0o600)
            (self.folder / "lab.json").write_text(json.dumps(settings))
            progress(0.6, "Konfiguration schreiben")
            self._configure(net, nodes, secrets, chapter)
            progress(0.7, "Server starten")
            if self._run_supervisord():
                self._await(nodes, secrets, progress)
                return
        raise LabError(
            "Alle Netze 127.N.0.0/16 sind belegt.",
            next_step="`./arbeitsbuch down` beendet das Labor eines anderen Fensters.",
        )

    def _configure(self, net: int, nodes: dict[str, Node], secrets: dict[str, str], chapter: str) -> None:
        shutil.rmtree(self.folder / "nodes", ignore_errors=True)
        programs = []
        for service in services(nodes):
            for part in ("db", "run", "log"):
                (service.folder / part).mkdir(parents=True, exist_ok=True)
            render.write(render.files(service, nodes, secrets, self.bundle, chapter), service.folder / "etc")
            role = ROLES[service.role]
            role.prepare(self.bundle, service)
            command = shlex.join(after(role.waits_for(service, nodes), role.command(self.bundle, service)))
            command = command.replace("%", "%%")
            programs.append((service, command, role.stop_seconds))
        template = Path(render.__file__).with_name("supervisord.conf").read_text()
        text = jinja2.Template(template).render(folder=self.folder, net=net, programs=programs)
        (self.folder / "supervisord.conf").write_text(text)

    def _run_supervisord(self) -> bool:
        """Start the supervisor; False when another lab took the network in the meantime."""
        result = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.folder / "supervisord.conf"],
            capture_output=True,
            text=True,
            cwd=self.folder,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(self.folder)},
        )
        if result.returncode and "Could not make lab rpc interface" in result.stderr:
            return False
        if result.returncode:
            raise LabError(
                "Die Prozessüberwachung startet nicht.",
                why=result.stderr.strip()[-600:],
                next_step="`./arbeitsbuch doctor` prüft die Voraussetzungen.",
            )
        return True

    def _await(self, nodes: dict[str, Node], secrets: dict[str, str], progress: Progress) -> None:
        everything = services(nodes)
        waiting, deadline, look = list(everything), time.monotonic() + START_SECONDS, 0.0
        while waiting:
            for service in list(waiting):
                if _ready(service, secrets):
                    waiting.remove(service)
                    title = nodes[service.node].title
                    progress(0.7 + 0.3 * (1 - len(waiting) / len(everything)), f"{title}: bereit")
            if waiting and time.monotonic() > look:
                look = time.monotonic() + 0.2
                self._give_up(waiting, nodes, time.monotonic() > deadline)
            time.sleep(0.01)
        (self.folder / "ready").touch()

    def _give_up(self, waiting: list[Service], nodes: dict[str, Node], overdue: bool) -> None:
        """Stop and raise LabError when a service keeps ending, or when they are overdue."""
        if not self.running:  # the question wakes the supervisor too, which else looks at its programs once a second
            raise LabError("Das Labor wurde beendet, bevor es bereit war.", next_step="Starte es noch einmal.")
        ended = self.entered("exited", "backoff")
        late = max(waiting, key=lambda service: ended[service.program])
        failed = ended[late.program] >= FAILED_STARTS
        if failed or overdue:
            why = complaint(late, self.folder / "log")
            self.stop()
            state = "startet nicht" if failed else f"ist nach {START_SECONDS} Sekunden nicht bereit"
            raise LabError(
                f"{nodes[late.node].title} {state} ({late.role}).",
                why=why,
                next_step=f"Sieh in {late.folder / 'log'} und {self.folder / 'log'} nach.",
            )

    def stop(self) -> bool:
        """End all servers of the lab and wait for them; True when something ran. Logs stay until the next start."""
        ran = self.running
        if ran:
            with suppress(OSError, xmlrpc.client.Error):
                pid = self.supervisor_pid
                self._rpc.supervisor.shutdown()
                await_end(pid, 10)
        return bool(self._end_leftovers()) or ran

    def release(self, pid: int, started: float) -> None:
        """The process ``pid`` (a JupyterLab) has ended; wait for the lab's end when nobody else uses it."""
        with suppress(OSError, xmlrpc.client.Error):
            supervisord = self.supervisor_pid
            if self._rpc.lab.disown(pid, started):
                await_end(supervisord, 5)

    def _end_leftovers(self) -> int:
        """Kill what still runs from this lab's folder; how many processes that were."""
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for process in left:
            await_end(process.pid, 3)
        return len(left)

    def _is_ours(self, process: psutil.Process) -> bool:
        """A server of this lab: it works in the lab's folder and is one of our programs, not a reader's shell there."""
        try:
            if process.uids().real != os.getuid() or not Path(process.cwd()).is_relative_to(self.folder):
                return False
            program = Path(process.exe())
            return (
                program.is_relative_to(paths.cache())
                or program.name in {*recipe()["servers"]["programs"], *recipe()["servers"]["cluster"]}
                or str(self.folder / "supervisord.conf") in process.cmdline()
            )
        except (psutil.Error, OSError):
            return False

    # --- single nodes ---------------------------------------------------------------------------------------------

    def select(self, name: str) -> list[Service]:
        """The services of a node ("mx1"), or a single one ("mx1.rspamd-proxy"). Raises LabError for an unknown name."""
        node, _, role = name.partition(".")
        found = self.node(node).services
        if role and role not in found:
            raise LabError(f"Auf {node} läuft kein {role}.", next_step=f"Dort laufen: {', '.join(found)}.")
        return [found[role]] if role else list(found.values())

    def processes(self, name: str) -> list[psutil.Process]:
        """The main process of each service of ``name`` (see ``select``), each followed by its children."""
        return [process for service in self.select(name) for process in self.processes_of(service)]

    def processes_of(self, service: Service) -> list[psutil.Process]:
        """The main process of one service, followed by its children."""
        try:
            pid = self._rpc.supervisor.getProcessInfo(f"lab:{service.program}")["pid"]
            main = psutil.Process(pid) if pid else None
            return [main, *main.children(recursive=True)] if main else []
        except psutil.NoSuchProcess:
            return []
        except (OSError, xmlrpc.client.Error):
            raise not_running() from None

    def node(self, name: str) -> Node:
        """The node of that name. Raises LabError that suggests the nearest one."""
        nodes = self.nodes
        if name not in nodes:
            raise LabError(f"Einen Knoten „{name}“ gibt es nicht.", next_step=f"Vorhanden sind: {', '.join(nodes)}.")
        return nodes[name]

    def signal(self, name: str, number: int) -> None:
        """Send a signal to all processes of a node or service: SIGKILL, SIGSTOP, SIGCONT."""
        for process in self.processes(name):
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue

    def halt(self, name: str) -> None:
        """End a node or service in good order; it stays down until ``restart``."""
        self.signal(name, signal.SIGCONT)
        for service in self.select(name):
            with suppress(xmlrpc.client.Fault):  # it was down
                self._rpc.supervisor.stopProcess(f"lab:{service.program}")

    def heal(self) -> None:
        """Let every frozen node run on and start every node that is down."""
        for node in self.nodes.values():
            self.signal(node.name, signal.SIGCONT)
            for service in node.services.values():
                name = f"lab:{service.program}"
                if self._rpc.supervisor.getProcessInfo(name)["statename"] in ("STOPPED", "FATAL", "EXITED"):
                    with suppress(xmlrpc.client.Fault):  # it has just come back by itself
                        self._rpc.supervisor.startProcess(name, False)
        for node in self.nodes.values():
            self.wait_ready(node.name)

    def restart(self, name: str, *, wait: bool = True) -> None:
        """End a node or service in good order, frozen or not, and start it again; returns when it answers."""
        self.halt(name)
        for service in self.select(name):
            self._rpc.supervisor.startProcess(f"lab:{service.program}", False)
        if wait:
            self.wait_ready(name)

    def status(self) -> list[NodeState]:
        """The state of every node. Raises LabError when the lab is not running."""
        if not self.running:
            raise not_running()
        secrets, states = self.secrets, []
        for node in filter(attrgetter("services"), self.nodes.values()):
            processes, memory, frozen = self.processes(node.name), 0.0, False
            for process in processes:
                try:
                    memory += process.memory_full_info().pss / 1e6
                    frozen |= process.status() == psutil.STATUS_STOPPED
                except psutil.NoSuchProcess:
                    continue
            up = processes and all(_ready(service, secrets) for service in node.services.values())
            state = "frozen" if frozen else "up" if up else "down"
            states.append(
                NodeState(node.name, node.title, node.main.role, node.zone, node.address, state, round(memory, 1))
            )
        return states

    def events(self) -> Iterator[dict]:
        """What happened to the nodes since the start: {time, node, role, state, pid}, oldest first."""
        try:
            lines = (self.folder / "events.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return
        yield from map(json.loads, lines)

    def entered(self, *states: str) -> Counter[str]:
        """How often each program (see ``Service.program``) came into one of these states since the start."""
        return Counter(
            f"{event['node']}.{event['role']}".rstrip(".") for event in self.events() if event["state"] in states
        )

    def wait_ready(self, name: str, seconds: float = 10) -> bool:
        """Wait until a node or service answers; False when it does not within ``seconds``."""
        return self.wait_for(self.select(name), seconds)

    def wait_for(self, services: list[Service], seconds: float, *, give_up: bool = False) -> bool:
        """Wait until these services answer; False when they do not within ``seconds`` or (``give_up``) one has ended."""
        secrets, deadline = self.secrets, time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(_ready(service, secrets) for service in services):
                return True
            if give_up and any(self._ended(service) for service in services):
                return False
            time.sleep(0.02)
        return False

    def _ended(self, service: Service) -> bool:
        return self._rpc.supervisor.getProcessInfo(f"lab:{service.program}")["statename"] in ("BACKOFF", "FATAL")

    @contextmanager
    def _locked(self, progress: Progress):
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "start.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(0, "Ein anderes Fenster startet das Labor gerade; ich warte")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def await_end(pid: int, seconds: float) -> None:
    """Wait until a process has ended, whether or not its parent has noticed. Source: pidfd_open(2)."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll(1000 * seconds)
    finally:
        os.close(process)


def not_running() -> LabError:
    return LabError(
        "Das Labor läuft nicht.",
        next_step="Starte es mit `lab = Lab.start()` im Notebook oder `./arbeitsbuch up` im Terminal.",
    )


@contextmanager
def disk_errors(folder: Path):
    """Turn a full disk into a German sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LabError(
                "Der Platz auf der Platte reicht nicht.",
                why=str(folder),
                next_step="Schaffe Platz oder setze XDG_STATE_HOME auf eine andere Platte.",
            ) from error
        raise


def services(nodes: Mapping[str, Node]) -> list[Service]:
    """All services of all nodes."""
    return [service for node in nodes.values() for service in node.services.values()]


def _ready(service: Service, secrets: Mapping[str, str]) -> bool:
    try:
        return ROLES[service.role].ready(service, secrets)
    except OSError:
        return False


def _owner() -> tuple[int, float]:
    """The process for which the lab runs: the JupyterLab of this kernel, else this process."""
    pid = int(os.environ.get("JPY_PARENT_PID", 0)) or os.getpid()
    try:
        return pid, psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return os.getpid(), psutil.Process().create_time()
