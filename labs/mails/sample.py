"""What a sample mail is, and the catalogue of all of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from labs.mails import dkim
from labs.mails.template import render


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the SMTP dialogue says about a mail; an empty field was not said.

    ``from_`` is an address, or ``"<>"`` for the null sender of a bounce, which is something else than no sender.
    ``hostname`` is the reverse name of ``ip``; ``mta_name`` is Postfix's daemon_name (Rspamd's ``MTA-Name``).
    """

    from_: str = ""
    rcpt: tuple[str, ...] = ()
    ip: str = ""
    helo: str = ""
    hostname: str = ""
    user: str = ""
    mta_name: str = ""

    def changed(self, rcpt: str | Sequence[str] | None = None, **given: str | None) -> Envelope:
        """This envelope with the values that are given; None leaves one as it is, one recipient may be a text."""
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if rcpt is not None:
            values["rcpt"] = (rcpt,) if isinstance(rcpt, str) else rcpt
        return replace(self, **values)


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail of the catalogue; ``title``, ``group`` and ``shows`` are German texts for the reader.

    ``dkim`` is the domain that signs the mail (selector ``lab``), or empty.
    """

    name: str
    title: str
    group: str
    shows: str
    envelope: Envelope
    dkim: str = ""

    def build(self, dkim_key: bytes | None = None) -> bytes:
        """The mail with CRLF line ends, dated now; signed when it has a ``dkim`` domain and a PEM key is given."""
        mail = render(self.name)
        return dkim.sign(mail, self.dkim, dkim_key) if self.dkim and dkim_key else mail


@cache
def catalogue() -> Mapping[str, Sample]:
    """All samples by name, in the order of ``catalogue.toml``, where each group stands together."""
    tables = tomllib.loads((files(__package__) / "catalogue.toml").read_text("utf-8"))
    return MappingProxyType({name: _sample(name, table) for name, table in tables.items()})


def _sample(name: str, table: dict) -> Sample:
    envelope = table["envelope"]
    return Sample(
        name,
        table["title"],
        table["group"],
        " ".join(table["shows"].split()),
        Envelope(
            from_=envelope["from"],
            rcpt=tuple(envelope["rcpt"]),
            ip=envelope["ip"],
            helo=envelope["helo"],
            hostname=envelope["hostname"],
            user=envelope.get("user", ""),
            mta_name=envelope["mta_name"],
        ),
        table.get("dkim", ""),
    )
