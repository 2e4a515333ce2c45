"""What is secret in a lab and made anew for each: passwords, keys, the lab's own certification authority."""

from __future__ import annotations

import re
import secrets
import subprocess

from labs.bundle import Bundle
from labs.cluster.roles import shared_variables

FIRMA = (
    "mx1.firma.example",
    "mx2.firma.example",
    "hub1.firma.example",
    "mailout1.firma.example",
    "imap1.firma.example",
)
INTERNET = ("mail.partner.example", "mail.altmodisch.example")


def generate(bundle: Bundle, profile: str) -> dict[str, str]:
    """Fresh secrets, each a text: passwords, the DKIM key, the worker's keypair; for the cluster also certificates.

    ``redis``, ``controller``, ``mailbox``: passwords. ``dkim_key``, ``dkim_record``: PEM and TXT value.
    ``worker_public``, ``worker_private``: Rspamd's keypair. ``ca``, ``tls_firma``, ``tls_internet``: PEM.
    """
    found = {name: secrets.token_urlsafe(12) for name in ("redis", "controller", "mailbox")}
    found |= _dkim_key(bundle) | _keypair(bundle)
    return found | _certificates() if profile == "cluster" else found


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
