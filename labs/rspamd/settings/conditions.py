"""The conditions of a settings profile: what each asks for, and whether a mail fulfils it.

Some ask what only Rspamd knows (maps, selectors, options.local_addrs): then the answer is None. Source:
https://docs.rspamd.com/configuration/settings and Rspamd's plugins/settings.lua, against which the tests hold it.
"""

from __future__ import annotations

import email
import email.policy
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from functools import cached_property
from typing import Any

from labs.mails import Envelope

ADDRESSES = ("from", "rcpt", "from_mime", "rcpt_mime", "user")
RSPAMD_ONLY = ("ip_map", "client_ip", "client_ip_map", "local", "selector")
"""Conditions that only Rspamd can judge. ip_map and client_ip_map never hold (see dialect/version.py)."""
KINDS = ("ip", *ADDRESSES, "hostname", "authenticated", "request_header", "header", *RSPAMD_ONLY)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}


@dataclass(frozen=True)
class Asked:
    """What is known of a mail when Rspamd chooses its profile."""

    envelope: Envelope
    mail: bytes = b""
    settings_id: str = ""

    def header(self, name: str) -> list[str]:
        """The values of a header of the mail, decoded."""
        return [str(value) for value in self._headers.get_all(name, [])]

    def request_header(self, name: str) -> str | None:
        """What the client tells Rspamd beside the mail; "" when it says nothing, None when nobody here can know."""
        envelope = self.envelope
        known = {
            "mta-name": envelope.mta_name, "from": envelope.from_, "helo": envelope.helo, "ip": envelope.ip,
            "hostname": envelope.hostname, "user": envelope.user, "settings-id": self.settings_id,
        }  # fmt: skip
        return known.get(name.lower())

    def addresses(self, kind: str) -> list[str]:
        """The addresses that a condition of that kind looks at; an address of the null sender is empty."""
        envelope = self.envelope
        if kind == "from":
            return [_bare(envelope.from_)] if envelope.from_ else []
        if kind == "rcpt":
            return [_bare(address) for address in envelope.rcpt]
        if kind == "user":
            return [envelope.user] if envelope.user else []
        names = ("From",) if kind == "from_mime" else ("To", "Cc", "Bcc")
        return [address for _, address in getaddresses([value for name in names for value in self.header(name)])]

    @cached_property
    def _headers(self) -> email.message.Message:
        head = self.mail[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        return email.message_from_bytes(head, policy=email.policy.compat32)


@dataclass(frozen=True)
class Condition:
    """One condition. ``kind``: its word in settings.conf; ``name``: of the header; ``wanted``: what stands there."""

    kind: str
    wanted: Any
    name: str = ""

    @property
    def atom(self) -> str:
        """Its name in an ``expression``, and in Rspamd's log."""
        return f"{self.kind}:{re.sub(r'[:+&|><-]', '_', self.name).lower()}" if self.name else self.kind

    @property
    def text(self) -> str:
        """As it stands in the configuration."""
        wanted = self.wanted if isinstance(self.wanted, list) else [self.wanted]
        shown = ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in wanted)
        return f"{self.name or self.kind} = {shown}"

    def seen(self, asked: Asked) -> str:
        """What the mail brings for it."""
        if self.kind in ADDRESSES:
            found = asked.addresses(self.kind)
            return ", ".join(address or "<>" for address in found) or "nichts"
        values = {
            "ip": asked.envelope.ip,
            "hostname": asked.envelope.hostname,
            "authenticated": asked.envelope.user and f"angemeldet als {asked.envelope.user}",
            "request_header": asked.request_header(self.name) if self.name else "",
            "header": ", ".join(asked.header(self.name)) if self.name else "",
        }
        return values.get(self.kind) or ("nicht angemeldet" if self.kind == "authenticated" else "nichts")

    def holds(self, asked: Asked) -> bool | None:
        """Whether the mail fulfils it; None when only Rspamd knows."""
        return _JUDGES[self.kind](self, asked) if self.kind in _JUDGES else None


def conditions(rule: Mapping[str, Any]) -> list[Condition]:
    """All conditions of a profile, in the order of this module."""
    found: list[Condition] = []
    for kind in KINDS:
        wanted = rule.get(kind)
        if wanted is None or wanted is False:
            continue
        if kind in ("request_header", "header"):
            found += [Condition(kind, value, name) for name, value in wanted.items()]
        else:
            found.append(Condition(kind, wanted))
    return found


def _bare(address: str) -> str:
    return address[1:-1] if address.startswith("<") and address.endswith(">") else address


def _any(values: Any, judge: Callable[[Any], bool | None]) -> bool | None:
    """True when one is true; else None when one is not known."""
    found = [judge(value) for value in (values if isinstance(values, list) else [values])]
    return True if True in found else None if None in found else False


def _ip(condition: Condition, asked: Asked) -> bool | None:
    if not asked.envelope.ip:
        return False
    address = ipaddress.ip_address(asked.envelope.ip)

    def one(wanted: Any) -> bool | None:
        if str(wanted).startswith("map:"):
            return None
        try:
            return address in ipaddress.ip_network(str(wanted), strict=False)
        except ValueError:  # Rspamd writes "bad IP address" into its log and drops it
            return False

    return _any(condition.wanted, one)


def _address(condition: Condition, asked: Asked) -> bool | None:
    found = asked.addresses(condition.kind)
    return _any(condition.wanted, lambda wanted: _any(found, lambda address: _same_address(str(wanted), address)))


def _same_address(wanted: str, address: str) -> bool | None:
    """Rspamd makes the mail's address lower case, not the one in the configuration."""
    if wanted.startswith("map:"):
        return None
    if wanted.startswith("/"):
        return _search(wanted, address)
    user, _, domain = address.lower().rpartition("@")
    if wanted.startswith("@"):
        return bool(domain) and wanted[1:] == domain
    return wanted == address.lower() if "@" in wanted else wanted == (user or domain)


def _hostname(condition: Condition, asked: Asked) -> bool | None:
    name = asked.envelope.hostname

    def one(wanted: Any) -> bool | None:
        if str(wanted).startswith("map:"):
            return None
        return _search(wanted, name) if str(wanted).startswith("/") else wanted == name.lower()

    return _any(condition.wanted, one)


def _header(condition: Condition, asked: Asked) -> bool | None:
    if condition.kind == "request_header":
        value = asked.request_header(condition.name)
        if value is None:
            return None
        values: Sequence[str] = [value] if value else []
    else:
        values = asked.header(condition.name)
    if isinstance(condition.wanted, bool):
        return bool(values) is condition.wanted
    return _any(list(values), lambda value: _search(str(condition.wanted), value))


def _search(pattern: str, text: str) -> bool | None:
    """Whether a regular expression of Rspamd, bare or as /…/flags, is found in the text; None when Python cannot tell."""
    body, flags = pattern, ""
    if pattern.startswith("/") and (end := pattern.rfind("/")) > 0:
        body, flags = pattern[1:end], pattern[end + 1 :]
    try:
        return bool(re.search(body, text, sum({_FLAGS[flag] for flag in flags if flag in _FLAGS})))
    except re.error:
        return None


_JUDGES: Mapping[str, Callable[[Condition, Asked], bool | None]] = {
    "ip": _ip,
    **dict.fromkeys(ADDRESSES, _address),
    "hostname": _hostname,
    "authenticated": lambda condition, asked: bool(asked.envelope.user),
    "request_header": _header,
    "header": _header,
}
