"""Rspamd's controller: what is configured and what was counted. Source: https://docs.rspamd.com/workers/controller"""

from __future__ import annotations

from typing import Any

import requests

from labs.cluster import http
from labs.cluster.cluster import Cluster
from labs.errors import LabError, Unreachable
from labs.visible import one_line


class Controller:
    """A Rspamd controller at ``url``; ``password`` is the lab's."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password = url, password
        self._session = http.session()

    @classmethod
    def of(cls, cluster: Cluster) -> Controller:
        """The controller on the first worker node of a lab."""
        return cls(http.url(cluster.node("rspamd1").main.endpoint("controller")), cluster.secrets["controller"])

    def get(self, path: str) -> Any:
        """The JSON reply of one endpoint, such as "stat". Raises LabError: unreachable, wrong password, unknown path."""
        try:
            reply = self._session.get(f"{self.url}/{path}", headers={"Password": self.password}, timeout=5)
        except requests.RequestException:
            raise Unreachable(
                "Der Rspamd-Controller antwortet nicht.",
                next_step="Sieh mit `lab.status()` nach oder starte mit `lab = Lab.start()`.",
            ) from None
        if reply.status_code in (401, 403):
            raise LabError(
                "Der Rspamd-Controller lehnt das Passwort ab.",
                why="Die Konfiguration des Controllers passt nicht zu diesem Labor.",
                next_step="`lab.reset()` stellt die Konfiguration wieder her.",
            )
        if not reply.ok:
            raise LabError(
                f"Der Rspamd-Controller kennt „{path}“ nicht.",
                why=f"HTTP {reply.status_code}",
                next_step="Prüfe den Namen.",
            )
        return reply.json()

    def learn(self, content: bytes, kind: str) -> str:
        """Teach Bayes that a mail is "spam" or "ham"; what the controller answers, such as "success"."""
        try:
            reply = self._session.post(
                f"{self.url}/learn{kind}", data=content, headers={"Password": self.password}, timeout=20
            )
        except requests.RequestException:
            raise Unreachable(
                "Der Rspamd-Controller antwortet nicht.", next_step="Sieh mit `lab.status()` nach."
            ) from None
        answer = reply.json()
        return "success" if answer.get("success") else one_line(str(answer.get("error", f"HTTP {reply.status_code}")))

    def symbols(self) -> dict[str, tuple[str, ...]]:
        """All symbols that this configuration knows, with their groups."""
        found: dict[str, tuple[str, ...]] = {}
        for entry in self.get("symbols"):
            for rule in entry["rules"]:
                found[rule["symbol"]] = (*found.get(rule["symbol"], ()), entry["group"])
        return found

    def weights(self) -> dict[str, float]:
        """The static weight of every symbol."""
        return {rule["symbol"]: rule["weight"] for entry in self.get("symbols") for rule in entry["rules"]}
