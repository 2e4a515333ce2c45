"""The face of the workbook: one object that starts the lab, scans mail and changes the configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labs.chapters import find as find_chapter
from labs.cluster.acts import ACTS
from labs.cluster.cluster import Cluster, not_running
from labs.cluster.configuration import Change, Configuration
from labs.cluster.configurations import Configurations
from labs.cluster.connections import Connections, try_all
from labs.cluster.watch import STATES, explained
from labs.errors import LabError
from labs.exercises.engine import find
from labs.exercises.progress import Progress
from labs.logs import tail
from labs.mails import Envelope, catalogue, load_signed
from labs.nodes import ROLES, new_cluster
from labs.policy.effort import measure as measure_effort
from labs.policy.expectation import read, read_text
from labs.policy.report import Report, check
from labs.policy.sidebyside import side_by_side
from labs.policy.system import System
from labs.progress import progress_bar
from labs.rspamd.capacity import Capacity, measure
from labs.rspamd.client import TIMEOUT, Worker
from labs.rspamd.controller import Controller
from labs.rspamd.decision.read import decision
from labs.rspamd.decision.value import Decision
from labs.rspamd.dialect.version import warning
from labs.rspamd.forcing.rules import ForceActions
from labs.rspamd.forcing.watch import force_actions
from labs.rspamd.inquiry.reason import WhyNot
from labs.rspamd.inquiry.run import Run, RunComparison, ran
from labs.rspamd.inquiry.whatif import what_if
from labs.rspamd.inquiry.whynot import why_not
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.settings.conditions import Asked
from labs.rspamd.settings.scans import profile_scans
from labs.rspamd.settings.which import EMPTY, which
from labs.rspamd.symbols import explain
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery
from labs.smtp.post import Post
from labs.smtp.stream import Stream
from labs.visible import Text


class Lab:
    """A running lab. Make one with :meth:`start`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.rspamd, self.post = cluster, Rspamd(cluster), Post(cluster)
        self.configurations = Configurations(
            cluster,
            [self.rspamd.configuration]
            + [
                role.configuration(cluster)
                for name, role in ROLES.items()
                if role.configuration and name != self.rspamd.configuration.role
            ],
        )
        self.system = System(self.rspamd, self.post, self.configurations)

    @classmethod
    def start(cls, chapter: str = "", *, profile: str = "") -> Lab:
        """Start the lab, or join it when it runs already, with a progress bar.

        ``chapter``: the name of a notebook, such as "04-symbole"; the lab then runs just the nodes that this chapter needs,
        and the configuration is brought into its state. Without a chapter ``profile`` names a group of nodes to be there. Raises LabError: unknown chapter, no bundle and no network, a port in use.
        """
        nodes = (profile,) if profile else find_chapter(chapter).nodes if chapter else ()
        lab = cls(new_cluster())
        with progress_bar("Das Labor startet") as progress:
            fresh = lab.cluster.start(progress, *nodes, chapter=chapter, only=bool(chapter))
            if not fresh:
                progress(0.9, "Konfiguration")
                lab._take_part(chapter)
        if _in_ipython():
            from labs import magics
            from labs.widgets import display

            display.register()
            magics.register(lab.write)
        if other := warning(lab.cluster.bundle):
            print(other)
        return lab

    def _take_part(self, chapter: str) -> None:
        """After nodes were added or dropped: each one's configuration, in the chapter's state or as it is."""
        if chapter:
            self.reset(chapter)
            self.forget()
        else:
            state = self.configuration.state[0]
            self.configurations.apply({role: (state, one.edits) for role, one in self.configurations.items()})

    # --- parts ----------------------------------------------------------------------------------------------------

    @property
    def worker(self) -> Worker:
        return self.rspamd.worker

    @property
    def controller(self) -> Controller:
        return self.rspamd.controller

    @property
    def configuration(self) -> Configuration:
        """The files of the Rspamd workers."""
        return self.rspamd.configuration

    # --- mail -----------------------------------------------------------------------------------------------------

    def scan(
        self,
        mail: str | Path | bytes | EmailMessage,
        *,
        ip: str | None = None,
        helo: str | None = None,
        hostname: str | None = None,
        from_: str | None = None,
        rcpt: str | Sequence[str] | None = None,
        user: str | None = None,
        mta_name: str | None = None,
        settings_id: str = "",
        timeout: float = TIMEOUT,
    ) -> Verdict:
        """Let Rspamd judge one mail: a name of the catalogue, a path, bytes or an EmailMessage.

        A sample mail brings its envelope; what is given here replaces it. ``timeout`` in seconds. Raises LabError:
        lab down, timeout, unknown name, empty or too large mail, a value that cannot be part of an envelope.
        """
        return self.rspamd.scan(
            mail, ip=ip, helo=helo, hostname=hostname, from_=from_, rcpt=rcpt, user=user, mta_name=mta_name,
            settings_id=settings_id, timeout=timeout,
        )  # fmt: skip

    def send(
        self,
        mail: str | Path | bytes | EmailMessage,
        via: str = "mx",
        *,
        ip: str | None = None,
        helo: str | None = None,
        hostname: str | None = None,
        from_: str | None = None,
        rcpt: str | Sequence[str] | None = None,
        user: str | None = None,
    ) -> Delivery:
        """Send one mail through real Postfix (profile "cluster"): ``via`` mx, mx2, submission or internal.

        The mail and its envelope are given as for :meth:`scan`. Raises LabError: unknown way, nobody listens.
        """
        return self.post.send(
            mail, via, ip=ip, helo=helo, hostname=hostname, from_=from_, rcpt=rcpt, user=user,
        )  # fmt: skip

    def queue(self) -> pd.DataFrame:
        """What waits in the queues of all Postfix nodes: where, why, and what is held back."""
        return self.post.queue()

    def memory(self) -> pd.DataFrame:
        """Redis: memory used and its limit in KB, number of keys, commands refused for want of memory (OOM)."""
        with explained(self.cluster):
            usage = self.configurations["redis"].usage()
        row = (round(usage["used"] / 1024), round(usage["limit"] / 1024), usage["keys"], usage["refused"])
        return pd.DataFrame([row], columns=["Benutzt (KB)", "Grenze (KB)", "Schlüssel", "Abgelehnt (OOM)"])

    def forget(self) -> None:
        """Empty Redis: what was learned, counted, greylisted, and what scanners said of attachments."""
        self.system.forget()

    def learn(self, mail: str | Path | bytes | EmailMessage, kind: str) -> str:
        """Teach Bayes that a mail is "spam" or "ham"; what Rspamd answers."""
        if kind not in ("spam", "ham"):
            raise LabError(f"„{kind}“ kann Bayes nicht lernen.", next_step='Nimm "spam" oder "ham".')
        with explained(self.cluster):
            return self.controller.learn(self.load(mail)[0], kind)

    def learned(self) -> pd.DataFrame:
        """How many mails Bayes has learned as spam and as ham."""
        with explained(self.cluster):
            return pd.DataFrame([self.configurations["redis"].learned()], columns=["Spam", "Ham"])

    def capacity(self, node: str = "rspamd1", mails: int = 150, mail: str = "sauber") -> Capacity:
        """How many mails a second a worker node checks, with 1 to 16 connections at the same time."""
        service = self.cluster.node(node).main
        if "worker" not in service.ports:
            raise LabError(f"{node} prüft keine Mails.", next_step="Nimm rspamd1 oder rspamd2.")
        with progress_bar("Messen") as progress:
            return measure(
                self.cluster.bundle, node, service.endpoint("worker"),
                lambda: self.load(mail)[0], mails, progress,
            )  # fmt: skip

    def mailbox(self, user: str, newest: int = 5) -> pd.DataFrame:
        """The newest mails in a mailbox, such as "postmaster" or "erika.muster": time, sender, subject, text."""
        return self.post.mailbox(user, newest)

    def release(self, node: str, queue_id: str) -> None:
        """Let a mail that is held back on ``node`` go on (``postsuper -H``)."""
        self.post.release(node, queue_id)

    def flush(self, node: str) -> None:
        """Let ``node`` try now what waits there (``postqueue -f``)."""
        self.post.flush(node)

    def stream(
        self,
        mails: int = 200,
        events: Mapping[float, str] = MappingProxyType({}),
        *,
        mail: str = "sauber",
        rate: float = 40,
        patience: float = 30,
    ) -> Stream:
        """Send many mails to the MX while something happens, with a progress bar, and see what became of each.

        ``events``: {second: "kill|freeze|resume|restart|stop NODE"}; ``mail``: a sample, unchanged but for its Message-ID;
        ``rate``: mails a second; ``patience``: seconds until a sender gives up and until an accepted mail counts as lost.
        """
        with progress_bar("Mails unterwegs") as progress:
            return self.post.stream(mails, events, mail, rate, patience, progress)

    def load(self, mail: str | Path | bytes | EmailMessage) -> tuple[bytes, Envelope]:
        """The bytes and the envelope of a mail; sample mails are built and signed now."""
        return load_signed(mail, self.cluster.secrets)

    @staticmethod
    def mails() -> pd.DataFrame:
        """The catalogue of sample mails: name, group, title, what it shows."""
        rows = [(mail.name, mail.group, mail.title, mail.shows) for mail in catalogue().values()]
        return pd.DataFrame(rows, columns=["Name", "Gruppe", "Titel", "Worauf achten"])

    def sender(self):
        """The widget: choose a mail, change it, send it to Rspamd, look at the result."""
        from labs.widgets.sender import Sender

        return Sender(self.rspamd)

    def tracer(self, mail: str | bytes = "sauber"):
        """The widget: choose a mail and a way, send it through real Postfix and watch it go from node to node."""
        from labs.widgets.tracer import Tracer

        return Tracer(self.post, mail)

    def dial(self, points: float = 0):
        """The widget of chapter 05: a slider for a mail's points, sent through the real MX each time."""
        from labs.widgets.dial import DialView

        return DialView(self.system, points)

    def composite(self, expression: str = "", mail: str = "pillen", policy: str = ""):
        """The widget: type the expression of a composite, see it as a tree and what it does to a mail."""
        from labs.widgets.composite import CompositeExplorer

        return CompositeExplorer(self.system, expression, mail, policy)

    def composites(self, verdict: Verdict):
        """What the composites wanted of the symbols of a verdict, and what became of them, as a picture."""
        from labs.widgets.ballot import Ballot

        with explained(self.cluster):
            return Ballot.of(self.rspamd, verdict)

    def profiles(self, mail: str | Path | bytes | EmailMessage):
        """One mail under every settings profile that a role leads to: points as a heat map, action and sum of each."""
        from labs.widgets.profiles import ProfilesView

        with explained(self.cluster):
            return ProfilesView(profile_scans(self.rspamd, mail))

    def which_profile(
        self,
        mail: str | Path | bytes | EmailMessage | Verdict | None = None,
        *,
        ip: str | None = None,
        hostname: str | None = None,
        from_: str | None = None,
        rcpt: str | Sequence[str] | None = None,
        user: str | None = None,
        mta_name: str | None = None,
        settings_id: str = "",
    ):
        """Which settings profile holds for a mail, an envelope or a verdict, and why no other; without any the widget.

        Scans the mail once (not a verdict) and compares with what Rspamd says in its log.
        """

        given = {"ip": ip, "hostname": hostname, "from_": from_, "user": user, "mta_name": mta_name}
        if mail is None and rcpt is None and not settings_id and all(value is None for value in given.values()):
            from labs.widgets.which import ProfileExplorer

            return ProfileExplorer(self.rspamd)
        with explained(self.cluster):
            verdict = (
                mail.repeatable()
                if isinstance(mail, Verdict)
                else self.scan(EMPTY if mail is None else mail, rcpt=rcpt, settings_id=settings_id, **given)
            )
            return which(self.rspamd, Asked(verdict.envelope, verdict.mail, verdict.settings_id), verdict)

    def effort(self, mail: str | Path | bytes | EmailMessage, *roles: str):
        """What a mail costs under each of these MTA-Names: rules that ran, questions to the DNS, time; as a picture."""
        from labs.widgets.profiles import EffortView

        with explained(self.cluster):
            return EffortView(measure_effort(self.rspamd, mail, roles))

    def why_not(self, symbol: str, verdict: Verdict) -> WhyNot:
        """Why a symbol did not fire for the mail of ``verdict``, from what Rspamd itself says."""

        with explained(self.cluster):
            return why_not(self.rspamd, symbol, verdict)

    def force_actions(self, verdict: Verdict, rules: str = "") -> ForceActions:
        """Which force_actions rules act on the mail of ``verdict``, in which order, and why the others do not.

        ``rules``: a force_actions.conf to be tried instead, in a second Rspamd that takes what ``configtest -s`` would not.
        """

        with explained(self.cluster):
            return force_actions(self.rspamd, verdict, rules)

    def decision(self, verdict: Verdict) -> Decision:
        """How the policy decided on the mail of ``verdict``: hints, composites, force_actions, action; as a picture."""

        with explained(self.cluster):
            return decision(self.rspamd, verdict)

    def ran(self, verdict: Verdict) -> Run:
        """Which rules run for the mail of ``verdict``, and which never have their turn; with the configuration as it is now."""

        with explained(self.cluster):
            return ran(self.rspamd, verdict)

    @staticmethod
    def compare_runs(**runs: Run) -> RunComparison:
        """The picture: which rules ran in each of several runs (``lab.ran``), named by their titles."""

        return RunComparison(runs)

    def side_by_side(self, **variants: Mapping[str, Verdict | Delivery]) -> pd.DataFrame:
        """Results of the same mails under several configurations: {name: verdict or delivery}, named by their variants."""

        return side_by_side(self.rspamd, variants)

    def what_if(
        self,
        verdict: Verdict,
        *,
        weights: Mapping[str, float] = MappingProxyType({}),
        thresholds: Mapping[str, float | None] = MappingProxyType({}),
        composites: Mapping[str, str] = MappingProxyType({}),
        mta_name: str = "",
    ):
        """What Rspamd would do with other weights, thresholds (None: off), composites or role; without a change the widget."""
        if not (weights or thresholds or composites or mta_name):
            from labs.widgets.whatif import WhatIf

            return WhatIf(self.rspamd, verdict)

        with explained(self.cluster):
            return what_if(
                self.rspamd, verdict, weights=weights, thresholds=thresholds, composites=composites, mta_name=mta_name
            )

    def check(self, expectations: str | Path) -> Report:
        """Hold expectations against the lab as it is, with a progress bar: a file, or a text of several lines (TOML)."""

        text = str(expectations)
        cases = read_text(text, "Erwartungen", Path.cwd()) if "\n" in text else read(Path(expectations))
        with progress_bar("Erwartungen") as progress:
            return check(self.system, cases, progress)

    def symbols(self) -> pd.DataFrame:
        """All symbols that the running configuration knows: symbol, weight, group, description."""
        with explained(self.cluster):
            weights = self.controller.weights()
            groups = sorted(self.rspamd.groups.items())
        rows = [(name, weights[name], ", ".join(names), explain(name)) for name, names in groups]
        return pd.DataFrame(rows, columns=["symbol", "weight", "group", "description"])

    def exercise(self, name: str, given: Verdict | Delivery | None = None):
        """The widget of an exercise; ``given``: the reader's verdict or delivery in an exercise about a mail."""
        from labs.widgets.exercise import ExerciseView

        return ExerciseView(self.system, find(name), given)

    def progress(self):
        """The widget: which exercises the reader has solved; kept in the state folder, and erasable."""
        from labs.widgets.progress import ProgressView

        return ProgressView(Progress(self.cluster.name))

    # --- configuration --------------------------------------------------------------------------------------------

    def write(self, file: str, text: str) -> Change:
        """Write a file of the workers' local.d, check it and take it into use (what ``%%rspamd FILE`` does).

        ``file`` may begin with another role: "rspamd-proxy/worker-proxy.inc", "postfix-mx/main.cf", "redis/redis.conf".
        Lines for main.cf and redis.conf are added to what the workbook ships; other files are replaced.
        """
        return self.configurations.write(file, text)

    def set_up(self, files: Mapping[str, str], chapter: str = "") -> Change:
        """The configuration as shipped (with the chapter's overlay) and exactly these files of the reader's, see ``write``."""
        return self.configurations.set_up(files, chapter)

    def show(self, file: str) -> str:
        """A configuration file as it is in force, without the part that only the lab needs: "postfix-mx/main.cf"."""
        configuration, name = self.configurations.owner(file)
        files = configuration.read()
        text = files.get(name) or files.get(configuration.place(name))
        if text is None:
            raise LabError(f"{file} gibt es noch nicht.", next_step="Die Datei entsteht, wenn du sie schreibst.")
        kept, marker, edits = text.partition("\n# --- Nur im Labor")
        added = edits.partition("\n# --- Deine Änderung")
        return Text(kept.rstrip() + (f"\n{added[1]}{added[2]}".rstrip() if marker and added[1] else ""))

    def setting(self, role: str, name: str) -> str:
        """The value in force: a parameter of Postfix or Redis, or of Rspamd by its path ("options.task_timeout")."""
        return self.system.setting(role, name)

    def place(self, file: str) -> str:
        """The full name of a file that can be written: "local.d/actions.conf", "postfix-mx/main.cf". Raises LabError."""
        return self.configurations.place(file)

    def reset(self, chapter: str = "") -> Change:
        """Back to the configuration as shipped (with the chapter's overlay), on all nodes; every node runs again.

        The diff is left out: it would show what the workbook ships.
        """
        return self.configurations.reset(chapter)

    def undo(self) -> Change:
        """Take back the last change of configuration, whichever server it was."""
        return self.configurations.undo()

    # --- the nodes ------------------------------------------------------------------------------------------------

    def status(self) -> pd.DataFrame:
        """Every node: what it is, where it listens, its state, memory in MB and how often it was restarted."""
        restarts = _restarts(self.cluster)
        rows = [
            (node.name, node.title, node.address, STATES[node.state], node.pss_mb, restarts[node.name])
            for node in self.cluster.status()
        ]
        return pd.DataFrame(rows, columns=["Knoten", "Aufgabe", "Adresse", "Zustand", "Speicher (MB)", "Neustarts"])

    def connections(self) -> Connections:
        """Try for real who reaches which port, and hold it against the topology's links; takes a few seconds."""

        if not self.cluster.running:
            raise not_running()
        with progress_bar("Verbindungen") as progress:
            return try_all(self.cluster.nodes, self.cluster.secrets, progress)

    def overview(self):
        """The widget: the cluster's picture with live states and mails per minute, and buttons for each node."""
        from labs.widgets.overview import Overview

        return Overview(self.cluster)

    def kill(self, node: str) -> None:
        """End the processes of a node ("mx1") or of one service ("mx1.rspamd-proxy") at once (SIGKILL); the supervisor starts it again."""
        ACTS["kill"](self.cluster, node)

    def freeze(self, node: str) -> None:
        """Stop a node without ending it (SIGSTOP): it accepts connections and never answers."""
        ACTS["freeze"](self.cluster, node)

    def resume(self, node: str = "") -> None:
        """Let a frozen node (without a name: all of them) run on."""
        for name in [node] if node else self.cluster.nodes:
            ACTS["resume"](self.cluster, name)

    def restart(self, node: str) -> None:
        """End a node in good order and start it again; returns when it answers."""
        ACTS["restart"](self.cluster, node)

    def log(self, verdict: Verdict, containing: str = "") -> str:
        """The lines of Rspamd's log that belong to one scan, optionally only those that contain a word."""
        return self.rspamd.log(verdict, containing)

    def logs(self, node: str = "rspamd1", lines: int = 30, containing: str = "") -> str:
        """The last lines of a node's log, optionally only those that contain a word."""

        service = self.cluster.node(node).main
        own = [path for name in ("rspamd.log", "mail.log") if (path := service.folder / "log" / name).exists()]
        return tail(own[0] if own else self.cluster.folder / "log" / f"{service.program}.log", lines, containing)

    def web(self) -> str:
        """Where Rspamd's own web interface is, and its password in this lab."""
        return Text(f"Rspamds Weboberfläche: {self.controller.url}/\nPasswort: {self.controller.password}")

    def stop(self, node: str = "") -> None:
        """End all servers of the lab; nothing is left running. With a name: only this node, until ``restart``."""
        if node:
            self.cluster.halt(node)
        else:
            self.cluster.stop()

    def __repr__(self) -> str:
        if not self.cluster.running:
            return str(not_running())
        states = ", ".join(f"{node.name} {STATES[node.state]}" for node in self.cluster.status())
        return f"Labor „{self.cluster.name}“ im Netz 127.{self.cluster.settings['net']}.0.0/16: {states}"


def _restarts(cluster: Cluster) -> Counter[str]:
    """How often something on each node was started after the first time."""
    counts: Counter[str] = Counter()
    for program, starts in cluster.entered("starting").items():
        counts[program.partition(".")[0]] += starts - 1
    return counts


def _in_ipython() -> bool:
    try:
        return get_ipython() is not None  # type: ignore[name-defined]
    except NameError:
        return False
