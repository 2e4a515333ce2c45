"""What the profile explorer knows and does, without any widget: an envelope, the profile that holds, Rspamd's word."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace

from labs.errors import LabError
from labs.mails import Envelope, catalogue, load_signed
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.settings.conditions import Asked
from labs.rspamd.settings.profiles import decide
from labs.rspamd.settings.which import EMPTY, Which, taken


@dataclass
class WhichModel:
    """``mail``: a name of the catalogue, or "" for a mail of which only the envelope matters."""

    rspamd: Rspamd
    mail: str = ""
    envelope: Envelope = field(default_factory=Envelope)
    settings_id: str = ""
    _known: tuple[str, Registry] | None = None

    @staticmethod
    def mails() -> list[tuple[str, str]]:
        named = [(f"{mail.group}: {mail.title}", name) for name, mail in catalogue().items()]
        return [("nur der Umschlag", ""), *named]

    @property
    def registry(self) -> Registry:
        """Of the configuration in force; asked anew when that has changed."""
        state = str(self.rspamd.configuration.state)
        if not self._known or self._known[0] != state:
            self._known = (state, Registry.of(self.rspamd))
        return self._known[1]

    @property
    def roles(self) -> list[str]:
        """The MTA-Names that a profile asks for."""
        return [re.sub(r"^\^|\$$", "", pattern) for pattern in self.registry.roles()]

    def choose(self, mail: str) -> None:
        """Take a sample mail with its envelope."""
        self.mail, self.settings_id = mail, ""
        self.envelope = catalogue()[mail].envelope if mail else Envelope()

    def set(self, name: str, value: str) -> None:
        """Change one part of what is asked; recipients are separated by commas."""
        value = value.strip()
        if name == "settings_id":
            self.settings_id = value
        elif name == "rcpt":
            self.envelope = replace(
                self.envelope, rcpt=tuple(part.strip() for part in value.split(",") if part.strip())
            )
        else:
            self.envelope = replace(self.envelope, **{name: value})

    def decision(self) -> Which:
        """What follows from the configuration. Raises LabError: no IP address."""
        return Which(decide(self.registry.profiles, self._asked()))

    def ask(self) -> Which:
        """The same, and what Rspamd takes for it: one scan in the lab."""
        asked = self._asked()
        verdict = self.rspamd.worker.scan(
            asked.mail, asked.envelope, self.registry.groups, settings_id=asked.settings_id
        )
        return Which(decide(self.registry.profiles, asked, taken(self.rspamd, verdict)), verdict)

    def _asked(self) -> Asked:
        if self.envelope.ip:
            try:
                ipaddress.ip_address(self.envelope.ip)
            except ValueError:
                raise LabError(
                    f"„{self.envelope.ip}“ ist keine IP-Adresse.", next_step="Schreibe zum Beispiel 192.0.2.10."
                ) from None
        return Asked(
            self.envelope,
            load_signed(self.mail, self.rspamd.cluster.secrets)[0] if self.mail else EMPTY,
            self.settings_id,
        )
