"""The Rspamd of a lab: asked through its first worker node, changed through its configuration."""

from __future__ import annotations

from typing import Any

from labs.cluster.cluster import Cluster
from labs.cluster.watch import explained
from labs.mails import Mail, load_signed
from labs.rspamd.client import TIMEOUT, Worker
from labs.rspamd.configuration import WorkerConfiguration
from labs.rspamd.controller import Controller
from labs.rspamd.dialect.log import lines_of, log_of
from labs.rspamd.verdict import Verdict
from labs.visible import Text


class Rspamd:
    """Addresses and passwords are always those of the lab as it runs now: one that was started again has new ones."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.configuration = WorkerConfiguration(cluster)
        self._settings: dict = {}
        self._clients: tuple[Worker, Controller]
        self._groups: tuple[Any, dict[str, tuple[str, ...]]] = (None, {})

    @property
    def worker(self) -> Worker:
        return self._now[0]

    @property
    def controller(self) -> Controller:
        return self._now[1]

    @property
    def _now(self) -> tuple[Worker, Controller]:
        """The clients of the lab as it runs now."""
        settings = self.cluster.settings
        if self._settings != settings:
            self._clients = (Worker.of(self.cluster), Controller.of(self.cluster))
            self._settings = settings
        return self._clients

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Symbol -> its groups; asked anew when the lab or its configuration is another one."""
        state = (self.cluster.settings, self.configuration.state)
        if self._groups[0] != state:
            self._groups = (state, self.controller.symbols())
        return self._groups[1]

    def scan(self, mail: Mail, *, settings_id: str = "", timeout: float = TIMEOUT, **envelope: Any) -> Verdict:
        """Judge one mail. ``envelope``: values of it that are not the mail's own; None leaves one as it is.

        ``timeout`` in seconds. Raises LabError: lab down, timeout, unknown name, empty or too large mail, a value that
        cannot be part of an envelope.
        """
        content, own = load_signed(mail, self.cluster.secrets)
        with explained(self.cluster):
            return self.worker.scan(
                content, own.changed(**envelope), self.groups, settings_id=settings_id, timeout=timeout
            )

    def log(self, verdict: Verdict, containing: str = "") -> Text:
        """The lines of the log that belong to one scan, optionally only those that contain a word."""
        return lines_of(log_of(self.cluster.node("rspamd1").main), verdict.queue_id, containing)
