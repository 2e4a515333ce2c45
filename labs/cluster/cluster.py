"""Start, watch and stop the lab's servers. One folder holds all that a lab writes."""

from __future__ import annotations

import errno
import json
import os
import re
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
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType

import filelock
import jinja2
import psutil

from labs import files, nickname, paths
from labs.bundle import Bundle, at, ensure
from labs.bundle.environment import ensure_environment
from labs.cluster import leftovers, render
from labs.cluster.complaint import complaint
from labs.cluster.network import NETWORKS, check_loopback, impostors, ports_free, taken
from labs.cluster.plugin import DROPPED
from labs.cluster.role import Role, after
from labs.cluster.secrets import generate
from labs.cluster.topology import Node, Service, named, place, roles_of
from labs.errors import LabError
from labs.interrupts import uninterrupted
from labs.progress import Progress

START_SECONDS = 30
DOWN = ("STOPPED", "FATAL", "EXITED")
"""States of the supervisor in which it does nothing for a program by itself."""
LEASH = 'read -r _; exec "$LABS_PYTHON" -m labs.cluster.leash'
"""What waits in bash, for it needs no memory: stdin ends with supervisord. No word in it invites a ``pkill -f``."""
SETTINGS = {"net", "nodes", "chapter", "secrets", "root", "prefix"}
LONGEST = len("/nodes/imap1/dovecot/run/token-login/tokenlogin")
"""The longest path that a server opens by its full name; Postfix opens its own relative to its queue."""
FAILED_STARTS = 3
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

    ``name``: labs of different names run side by side (environment variable LABS_NAME). ``bundle``: the programs that it
    starts, when they are not those that the workbook fetches; so two versions can be compared. ``roles``: what its services are (labs/nodes); to end a lab or to ask for its
    folder it needs none.
    """

    def __init__(
        self, name: str = "", bundle: Bundle | None = None, roles: Mapping[str, Role] = MappingProxyType({})
    ) -> None:
        self.name = name or os.environ.get("LABS_NAME", "") or "arbeitsbuch"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", self.name):
            raise LabError(
                f"„{self.name}“ ist kein Name für ein Labor.",
                next_step="Nimm für LABS_NAME höchstens 32 Buchstaben, Ziffern, - und _.",
            )
        self.folder = paths.state() / "labs" / self.name
        self._given, self.roles = bundle, roles

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
        """What the lab is: its net, the names of its nodes, the chapter with which it began, secrets.

        ``root`` and ``prefix``: how the servers call the lab's folder and the bundle's (see labs/nickname.py).
        A damaged file is written anew from what the supervisor knows. Raises LabError when the lab was never started.
        """
        found = self._saved
        if found is None:
            try:
                text = self._rpc.lab.settings()
            except (OSError, xmlrpc.client.Error):
                raise not_running() from None
            files.replace(self.folder / "lab.json", text)
            found = json.loads(text)
        return found

    @property
    def _saved(self) -> dict | None:
        """What lab.json says; None when it is missing, damaged or of another version of the workbook."""
        found = files.read_json(self.folder / "lab.json", dict)
        return found if found and found.keys() >= SETTINGS else None

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes of the lab."""
        settings = self.settings
        return place(settings["net"], Path(settings["root"]), *settings["nodes"])

    @property
    def everyone(self) -> dict[str, Node]:
        """Also the nodes that the lab does not run: their places are known."""
        settings = self.settings
        return place(settings["net"], Path(settings["root"]))

    @property
    def secrets(self) -> dict[str, str]:
        return self.settings["secrets"]

    @property
    def bundle(self) -> Bundle:
        """The programs that the lab runs, or would run."""
        if saved := self._saved:
            with suppress(OSError):  # a lab that ended may have run a set that is gone
                return at(Path(saved["prefix"]))
        return self._given or ensure("servers", lambda part, text: None)

    @property
    def _rpc(self) -> xmlrpc.client.ServerProxy:
        from supervisor.xmlrpc import SupervisorTransport

        saved = self._saved
        root = Path(saved["root"]) if saved else self.folder
        transport = SupervisorTransport(None, None, f"unix://{root / 'supervisor.sock'}")
        return xmlrpc.client.ServerProxy("http://lab.invalid", transport=transport)

    # --- start and stop -------------------------------------------------------------------------------------------

    def start(self, progress: Progress, *words: str, keep: bool = False, chapter: str = "", only: bool = False) -> bool:
        """Bring the lab up with these nodes (or groups of nodes; none: "core"), or join it; True when it was started now.

        A lab that runs gets what it lacks, while its other nodes go on; ``only``: what is not named is dropped.
        ``keep``: it stays until ``stop``; else it ends with the JupyterLab (or script) that started or joined it.
        Raises LabError: port in use, a server that does not start, a full disk, an unknown word.
        """
        wanted = named(*(words or ("core",)))
        with self._locked(progress), disk_errors(self.folder):
            if self.running and not self._joinable:
                progress(0.01, "Das Labor ist von einer anderen Fassung; es beginnt neu")
                self.stop()
            fresh = not self.running
            if fresh:
                progress(0.02, "Server bereitstellen")
                bundle = self._given or ensure("servers", lambda part, text: progress(0.02 + 0.5 * part, text))
                self._fetch(lambda part, text: progress(0.52, text), wanted)
                leftovers.end(self.folder)
                self._launch(progress, bundle, wanted, chapter)
            else:
                if not (self.folder / "ready").exists():  # whoever started it was killed meanwhile
                    self._await(services(self.nodes), progress)
                    (self.folder / "ready").touch()
                self._adjust(progress, wanted if only else named(*wanted, *self.settings["nodes"]))
            if keep:
                self._rpc.lab.keep()
            else:
                self._rpc.lab.own(*_owner())
        return fresh

    @property
    def _joinable(self) -> bool:
        """Whether the lab that runs can be asked; one of another version of the workbook cannot."""
        try:
            return self.settings.keys() >= SETTINGS
        except LabError:
            return False

    def _launch(self, progress: Progress, bundle: Bundle, wanted: list[str], chapter: str) -> None:
        self._drop_nicknames()
        (self.folder / "lab.json").unlink(missing_ok=True)
        check_loopback()
        with nickname.plain(bundle.prefix) as prefix:
            secrets = self._secrets(replace(bundle, prefix=prefix), wanted, {})
        settings = {"nodes": wanted, "chapter": chapter, "secrets": secrets}
        for net in NETWORKS:
            free = not taken(net) and ports_free(place(net, self.folder, *wanted).values())
            if free and self._settle(progress, bundle, {**settings, "net": net}):
                return
        raise LabError(
            "Alle Netze 127.N.0.0/16 sind belegt.",
            next_step="`./arbeitsbuch down` beendet das Labor eines anderen Fensters.",
        )

    def _settle(self, progress: Progress, bundle: Bundle, settings: dict) -> bool:
        """Start everything in one network; False when somebody else took it at the same moment."""
        for old in ("log", "nodes", "events.jsonl", "supervisor.sock", "ready"):  # also of a try in another network
            path = self.folder / old
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (self.folder / "log").mkdir(mode=0o700)
        root, prefix = (
            folder if nickname.is_plain(folder, room) else nickname.give(folder, room)
            for folder, room in ((self.folder, LONGEST), (bundle.prefix, 0))
        )
        names = {"root": str(root), "prefix": str(prefix)}
        files.replace(self.folder / "lab.json", json.dumps(settings | names))
        nodes = self.nodes
        progress(0.6, "Konfiguration schreiben")
        self._prepare(nodes)
        self._supervise()
        progress(0.7, "Server starten")
        if not self._run_supervisord():
            self._drop_nicknames()
            return False
        try:
            self._await(services(nodes), progress)
        except LabError as error:
            taken_meanwhile = "already in use" in error.why
            self.stop()
            if not taken_meanwhile and ports_free(nodes.values()):
                raise
            return False
        (self.folder / "ready").touch()
        if impostors(nodes.values()):
            self.stop()
            return False
        return True

    def _adjust(self, progress: Progress, wanted: list[str]) -> None:
        """Add the nodes that are missing, then drop those that nobody wants; what stays is not touched.

        Raises LabError when one does not start: then the lab is as it was.
        """
        before = self.settings
        nodes = {name: node for name, node in self.everyone.items() if name in wanted and name not in before["nodes"]}
        gone = {name: node for name, node in self.nodes.items() if name not in wanted}
        secrets = self._secrets(self.bundle, list(nodes), before["secrets"])
        if nodes:
            progress(0.3, f"Dazu kommen: {', '.join(node.title for node in nodes.values() if node.services)}")
            self._fetch(lambda part, text: progress(0.4, text), list(nodes))
            if not ports_free(nodes.values()):
                raise LabError(
                    "Ein Port, den das Labor braucht, ist belegt.",
                    next_step="Beende das Labor und starte es noch einmal.",
                )
            try:
                self._note(before | {"nodes": named(*before["nodes"], *nodes), "secrets": secrets})
                self._prepare(nodes)
                self._supervise()
                for service in services(nodes):
                    self._rpc.supervisor.addProcessGroup(service.program)
                self._await(services(nodes), progress)
                if impostors(nodes.values()):
                    raise LabError("Ein anderer Benutzer dieses Rechners lauscht auf einem Port des Labors.")
            except BaseException:
                with uninterrupted():
                    self._drop(nodes, before)
                raise
        if gone:
            self._drop(gone, self.settings | {"nodes": wanted})

    def _drop(self, nodes: Mapping[str, Node], settings: dict) -> None:
        """End these nodes at once and forget them, queues included; ``settings``: those of the lab without them."""
        known = {info["group"] for info in self._rpc.supervisor.getAllProcessInfo()}
        gone = [service for service in services(nodes) if service.program in known]
        processes = [process for family in self.families(gone).values() for process in family]
        for service in gone:
            self._rpc.supervisor.stopProcessGroup(service.program, False)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, 5)
        for service in gone:
            while self._rpc.supervisor.getProcessInfo(service.program)["pid"]:  # the question makes supervisord look
                time.sleep(0.01)
            self._rpc.supervisor.removeProcessGroup(service.program)
        self._note(settings)
        self._supervise()
        for node in nodes:
            shutil.rmtree(self.folder / "nodes" / node, ignore_errors=True)

    def _note(self, settings: dict) -> None:
        """Other nodes than before: in lab.json, and where it is known when the file is damaged."""
        text = json.dumps(settings)
        files.replace(self.folder / "lab.json", text)
        self._rpc.lab.note(text)

    def _fetch(self, progress: Progress, nodes: list[str]) -> None:
        """What Python programs of these nodes need besides the bundle."""
        for role in roles_of(nodes):
            if requirements := self.roles[role].requirements:
                ensure_environment(requirements, progress)

    def _secrets(self, bundle: Bundle, nodes: list[str], known: Mapping[str, str]) -> dict[str, str]:
        """``known``, and what the roles of these nodes need besides."""
        return generate(bundle, (kind for role in roles_of(nodes) for kind in self.roles[role].secrets), known)

    def _ready(self, service: Service, secrets: Mapping[str, str]) -> bool:
        try:
            return self.roles[service.role].ready(service, secrets)
        except OSError:
            return False

    def _drop_nicknames(self) -> None:
        if saved := self._saved:
            for name in ("root", "prefix"):
                nickname.drop(Path(saved[name]))

    def _prepare(self, nodes: Mapping[str, Node]) -> None:
        """Make the folders of these nodes."""
        bundle, settings = self.bundle, self.settings
        for service in services(nodes):
            for part in ("db", "run", "log"):
                (service.folder / part).mkdir(parents=True, exist_ok=True)
            contents = render.files(
                service, self.everyone, self.nodes, settings["secrets"], bundle, settings["chapter"]
            )
            render.write(contents, service.folder / "etc")
            self.roles[service.role].prepare(bundle, service)

    def _supervise(self) -> None:
        """Tell the supervisor what the nodes run; one that runs already reads it, and does nothing yet."""
        bundle, settings, nodes, programs = self.bundle, self.settings, self.nodes, []
        for service in services(nodes):
            role = self.roles[service.role]
            command = shlex.join(after(role.waits_for(service, nodes), role.command(bundle, service)))
            programs.append((service, command.replace("%", "%%"), role.stop_seconds))
        template = Path(render.__file__).with_name("supervisord.conf").read_text()
        text = jinja2.Template(template).render(
            folder=settings["root"], net=settings["net"], programs=programs, leash=shlex.quote(LEASH)
        )
        files.replace(self.folder / "supervisord.conf", text)
        if self.running:
            self._rpc.supervisor.reloadConfig()

    def _run_supervisord(self) -> bool:
        """Start the supervisor; False when another lab took the network in the meantime."""
        result = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", Path(self.settings["root"]) / "supervisord.conf"],
            capture_output=True,
            text=True,
            cwd=self.folder,
            start_new_session=True,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "LANG": "C.UTF-8",
                "HOME": self.settings["root"],
                # for the leash, which must know the folders as this process does
                "XDG_CACHE_HOME": str(paths.cache().parent),
                "XDG_STATE_HOME": str(paths.state().parent),
                "LABS_PYTHON": sys.executable,
                "LABS_NAME": self.name,
            },
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

    def _await(self, everything: list[Service], progress: Progress) -> None:
        """Wait until these services answer. Raises LabError when one keeps ending, or when they are overdue."""
        waiting, deadline, look = list(everything), time.monotonic() + START_SECONDS, 0.0
        nodes, secrets = self.nodes, self.secrets
        while waiting:
            for service in list(waiting):
                if self._ready(service, secrets):
                    waiting.remove(service)
                    title = nodes[service.node].title
                    progress(0.7 + 0.3 * (1 - len(waiting) / len(everything)), f"{title}: bereit")
            if waiting and time.monotonic() > look:
                look = time.monotonic() + 0.2
                self._give_up(waiting, nodes, time.monotonic() > deadline)
            time.sleep(0.01)

    def _give_up(self, waiting: list[Service], nodes: dict[str, Node], overdue: bool) -> None:
        """Raise LabError when a service keeps ending, or when they are overdue."""
        if not self.running:  # the question wakes the supervisor too, which else looks at its programs once a second
            raise LabError("Das Labor wurde beendet, bevor es bereit war.", next_step="Starte es noch einmal.")
        ended = self.entered("exited", "backoff")
        late = max(waiting, key=lambda service: ended[service.program])
        failed = ended[late.program] >= FAILED_STARTS
        if failed or overdue:
            own = self.folder / late.folder.relative_to(self.settings["root"]) / "log"
            state = "startet nicht" if failed else f"ist nach {START_SECONDS} Sekunden nicht bereit"
            raise LabError(
                f"{nodes[late.node].title} {state} ({late.role}).",
                why=complaint(late, self.folder / "log"),
                next_step=f"Sieh in {own} und {self.folder / 'log'} nach.",
            )

    def stop(self) -> bool:
        """End all servers of the lab and wait for them; True when something ran. Logs stay until the next start."""
        ran = self.running
        if ran:
            with suppress(OSError, xmlrpc.client.Error):
                pid = self.supervisor_pid
                self._rpc.supervisor.shutdown()
                leftovers.await_end(pid, 10)
        return bool(self._clear()) or ran

    def _clear(self) -> int:
        """End what still runs and drop the nicknames; how many processes that were."""
        left = leftovers.end(self.folder)
        self._drop_nicknames()
        return left

    def end_leftovers(self) -> int:
        """Kill what runs in the lab's folder without a supervisor; how many processes. A lab that just starts is left alone."""
        if not self.folder.is_dir():
            return 0
        try:
            with filelock.FileLock(self.folder / "start.lock", timeout=0):
                return 0 if self.running else self._clear()
        except filelock.Timeout:
            return 0

    def release(self, pid: int, started: float) -> None:
        """The process ``pid`` (a JupyterLab) has ended; wait for the lab's end when nobody else uses it."""
        with suppress(OSError, xmlrpc.client.Error):
            supervisord = self.supervisor_pid
            if self._rpc.lab.disown(pid, started):
                leftovers.await_end(supervisord, 5)

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
        return [process for family in self.families(self.select(name)).values() for process in family]

    def processes_of(self, service: Service) -> list[psutil.Process]:
        """The main process of one service, followed by its children."""
        return self.families([service])[service.program]

    def families(self, services: list[Service]) -> dict[str, list[psutil.Process]]:
        """``Service.program`` -> its main process, followed by its children; the machine's processes are read once."""
        try:
            pids = {info["name"]: info["pid"] for info in self._rpc.supervisor.getAllProcessInfo()}
        except (OSError, xmlrpc.client.Error):
            raise not_running() from None
        children: dict[int, list[psutil.Process]] = {}
        by_pid = {}
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess):
                children.setdefault(process.ppid(), []).append(process)
                by_pid[process.pid] = process

        def family(process: psutil.Process) -> list[psutil.Process]:
            return [process, *(one for child in children.get(process.pid, ()) for one in family(child))]

        mains = {service.program: by_pid.get(pids.get(service.program, 0)) for service in services}
        return {program: family(main) if main else [] for program, main in mains.items()}

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
                self._rpc.supervisor.stopProcess(service.program)

    def heal(self) -> None:
        """Let every frozen node run on and start every node that is down."""
        for process in leftovers.find(self.folder):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        try:
            down = [info for info in self._rpc.supervisor.getAllProcessInfo() if info["statename"] in DOWN]
        except (OSError, xmlrpc.client.Error):
            raise not_running() from None
        for info in down:
            with suppress(xmlrpc.client.Fault):  # it has just come back by itself
                self._rpc.supervisor.startProcess(f"{info['group']}:{info['name']}", False)
        self.wait_for(services(self.nodes), 10)

    def restart(self, name: str, *, wait: bool = True) -> None:
        """End a node or service in good order, frozen or not, and start it again; returns when it answers."""
        self.halt(name)
        for service in self.select(name):
            self._rpc.supervisor.startProcess(service.program, False)
        if wait:
            self.wait_ready(name)

    def status(self) -> list[NodeState]:
        """The state of every node. Raises LabError when the lab is not running."""
        if not self.running:
            raise not_running()
        secrets, nodes, states = self.secrets, self.nodes, []
        families = self.families(services(nodes))
        for node in filter(attrgetter("services"), nodes.values()):
            processes = [process for service in node.services.values() for process in families[service.program]]
            memory, frozen = 0.0, False
            for process in processes:
                try:
                    memory += process.memory_full_info().pss / 1e6
                    frozen |= process.status() == psutil.STATUS_STOPPED
                except psutil.NoSuchProcess:
                    continue
            up = processes and all(self._ready(service, secrets) for service in node.services.values())
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
        for line in lines:
            with suppress(ValueError):  # half a line, from a full disk or a crash
                yield json.loads(line)

    def entered(self, *states: str) -> Counter[str]:
        """How often each program (see ``Service.program``) came into one of these states since its node is part of the lab."""
        found: dict[str, Counter[str]] = {}
        for event in self.events():
            counted = found.setdefault(event["node"], Counter())
            if event["state"] == DROPPED:
                counted.clear()
            elif event["state"] in states:
                counted[f"{event['node']}.{event['role']}".rstrip(".")] += 1
        return sum(found.values(), Counter())

    def wait_ready(self, name: str, seconds: float = 10) -> bool:
        """Wait until a node or service answers; False when it does not within ``seconds``."""
        return self.wait_for(self.select(name), seconds)

    def wait_for(self, services: list[Service], seconds: float, *, give_up: bool = False) -> bool:
        """Wait until these services answer; False when they do not within ``seconds`` or (``give_up``) one has ended."""
        secrets, deadline = self.secrets, time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(self._ready(service, secrets) for service in services):
                return True
            if give_up and any(self._ended(service) for service in services):
                return False
            time.sleep(0.02)
        return False

    def _ended(self, service: Service) -> bool:
        return self._rpc.supervisor.getProcessInfo(service.program)["statename"] in ("BACKOFF", "FATAL")

    @contextmanager
    def _locked(self, progress: Progress):
        paths.make_state()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        waiting = partial(progress, 0, "Ein anderes Fenster startet das Labor gerade; ich warte")
        with files.locked(self.folder / "start.lock", waiting):
            yield


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


def _owner() -> tuple[int, float]:
    """The process for which the lab runs: the JupyterLab of this kernel, else this process."""
    pid = int(os.environ.get("JPY_PARENT_PID", 0)) or os.getpid()
    try:
        return pid, psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return os.getpid(), psutil.Process().create_time()
