"""Postfix in its roles: MX, HUB, Mailout, the mailboxes, and the Internet's hosts. Source: master(8)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from labs.bundle import Bundle
from labs.cells import Magic
from labs.cluster.role import Role, says
from labs.cluster.secrets import Kind
from labs.cluster.topology import Node, Service
from labs.smtp.configuration import PostfixConfiguration
from labs.smtp.programs import age, postfix_environment

FIRMA = (
    "mx1.firma.example",
    "mx2.firma.example",
    "hub1.firma.example",
    "mailout1.firma.example",
    "imap1.firma.example",
)
INTERNET = ("mail.partner.example", "mail.altmodisch.example")


def _command(bundle: Bundle, service: Service) -> list[str]:
    """Postfix's master itself, not the script around it. Source: master(8)."""
    variables = postfix_environment(service)
    master = [str(bundle.path("usr/lib/postfix/sbin/master")), "-c", str(service.folder / "etc"), "-d"]
    return ["env", *(f"{name}={value}" for name, value in variables.items()), *master]


def _prepare(bundle: Bundle, service: Service) -> None:
    """The spool and the accounts as Postfix wants them."""
    private = (
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
    )  # fmt: skip
    for name, mode in [*((name, 0o700) for name in private), ("maildrop", 0o730), ("public", 0o710), ("pid", 0o755)]:
        (service.folder / "spool" / name).mkdir(parents=True, mode=mode)
    for name in ("data", "mail"):
        (service.folder / name).mkdir(mode=0o700)
    age(service.folder / "etc")
    # The user who owns the files for real plays postfix; Postfix insists that this is not root.
    owner, group = os.getuid() or 101, os.getgid() or 104
    accounts = service.folder / "accounts"
    accounts.mkdir()
    (accounts / "passwd").write_text(
        f"root:x:0:0::/:/bin/false\npostfix:x:{owner}:{group}::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n"
    )
    (accounts / "group").write_text(f"root:x:0:\npostfix:x:{group}:\npostdrop:x:{group + 1}:\nnogroup:x:65534:\n")


def _ready(service: Service, secrets: Mapping[str, str]) -> bool:
    return all(says(service, port, b"220 ") for port in service.ports)


def _needs(service: Service, nodes: Mapping[str, Node]) -> list[str]:
    """Its milter and the SASL server: an smtpd that misses one of them is throttled by master for a minute."""
    node = nodes[service.node]
    proxy = [str(node.services["rspamd-proxy"].folder / "run/milter.sock")] if "rspamd-proxy" in node.services else []
    sasl = [f"{nodes['imap1'].address}/{nodes['imap1'].ports['auth']}"] if service.role == "postfix-hub" else []
    return [*proxy, *sasl]


def certificates(bundle: Bundle) -> dict[str, str]:
    """PEM: the lab's own authority, and with their keys the certificates of the house and of the Internet's hosts."""
    import trustme

    authority = trustme.CA(organization_name="Labor-CA des Arbeitsbuchs")
    own, foreign = (authority.issue_cert(*names) for names in (FIRMA, INTERNET))
    return {
        "ca": authority.cert_pem.bytes().decode(),
        "tls_firma": own.private_key_and_cert_chain_pem.bytes().decode(),
        "tls_internet": foreign.private_key_and_cert_chain_pem.bytes().decode(),
    }


CERTIFICATES = Kind(("ca", "tls_firma", "tls_internet"), certificates)
MAGIC = Magic("postfix", "Postfix", "postfix-{}/{}", "%%postfix mx", "main.cf")


def _role(name: str, *, changed: bool) -> Role:
    """``changed``: whether readers may change its configuration."""
    return Role(
        _command,
        _ready,
        memory=10,
        prepare=_prepare,
        waits_for=_needs,
        secrets=(CERTIFICATES,),
        configuration=partial(PostfixConfiguration, role=name) if changed else None,
        magic=MAGIC if changed else None,
    )


ROLES = {name: _role(name, changed=True) for name in ("postfix-mx", "postfix-hub", "postfix-mailout")} | {
    name: _role(name, changed=False) for name in ("postfix-mailbox", "postfix-internet")
}
