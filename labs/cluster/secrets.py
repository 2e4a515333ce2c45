"""What is secret in a lab and made anew for each: passwords, keys, the lab's own certification authority.

A role (labs/cluster/roles.py) names the kinds that it needs.
"""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labs.bundle import Bundle

FIRMA = (
    "mx1.firma.example",
    "mx2.firma.example",
    "hub1.firma.example",
    "mailout1.firma.example",
    "imap1.firma.example",
)
INTERNET = ("mail.partner.example", "mail.altmodisch.example")


@dataclass(frozen=True)
class Kind:
    """Secrets that are made together: their names, and how, each a text."""

    names: tuple[str, ...]
    make: Callable[[Bundle], dict[str, str]]


def password(name: str) -> Kind:
    """A password."""
    return Kind((name,), lambda bundle: {name: secrets.token_urlsafe(12)})


def generate(bundle: Bundle, kinds: Iterable[Kind], known: Mapping[str, str]) -> dict[str, str]:
    """The secrets of these kinds: those that are ``known``, and fresh ones."""
    found = dict(known)
    for kind in kinds:
        if not found.keys() >= set(kind.names):
            found |= kind.make(bundle)
    return found


def shared_variables(bundle: Bundle) -> list[str]:
    """Rspamd's ``--var`` arguments for what comes with the bundle. Source: rspamd(8), src/rspamd.c."""
    share = bundle.path("usr/share/rspamd")
    folders = {
        "SHAREDIR": share,
        "PLUGINSDIR": share / "plugins",
        "RULESDIR": share / "rules",
        "LUALIBDIR": share / "lualib",
        "WWWDIR": share / "www",
        "CONFDIR": bundle.path("etc/rspamd"),
    }
    return [f"--var={name}={folder}" for name, folder in folders.items()]


def _rspamadm(bundle: Bundle, *command: str) -> str:
    return subprocess.run(
        [bundle.program("rspamadm"), *shared_variables(bundle), *command], capture_output=True, text=True, check=True
    ).stdout


def _dkim_key(bundle: Bundle) -> dict[str, str]:
    arguments = ("--selector", "lab", "--domain", "firma.example", "--bits", "2048", "--output", "plain")
    key, _, public = _rspamadm(bundle, "dkim_keygen", *arguments).partition("-----END PRIVATE KEY-----")
    return {"dkim_key": f"{key}-----END PRIVATE KEY-----\n", "dkim_record": f"v=DKIM1; k=rsa; p={public.strip()}"}


def _keypair(bundle: Bundle) -> dict[str, str]:
    text = _rspamadm(bundle, "keypair")
    public, private = (re.search(rf'{name} = "(\w+)"', text)[1] for name in ("pubkey", "privkey"))
    return {"worker_public": public, "worker_private": private}


def _certificates() -> dict[str, str]:
    import trustme

    authority = trustme.CA(organization_name="Labor-CA des Arbeitsbuchs")
    own, foreign = (authority.issue_cert(*names) for names in (FIRMA, INTERNET))
    return {
        "ca": authority.cert_pem.bytes().decode(),
        "tls_firma": own.private_key_and_cert_chain_pem.bytes().decode(),
        "tls_internet": foreign.private_key_and_cert_chain_pem.bytes().decode(),
    }


DKIM = Kind(("dkim_key", "dkim_record"), _dkim_key)
"""PEM, and the value of the TXT record."""
KEYPAIR = Kind(("worker_public", "worker_private"), _keypair)
"""Rspamd's keypair, with which proxies encrypt mails for the workers."""
CERTIFICATES = Kind(("ca", "tls_firma", "tls_internet"), lambda bundle: _certificates())
"""PEM: the lab's authority, and with their keys the certificates of the house and of the Internet's hosts."""
