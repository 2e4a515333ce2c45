"""Dovecot: who may send, and with which password. Source: dovecot(1), doveconf(1)."""

from __future__ import annotations

from labs.bundle import Bundle
from labs.cluster.role import Role, says
from labs.cluster.secrets import password
from labs.cluster.topology import Service


def _command(bundle: Bundle, service: Service) -> list[str]:
    """Through doveconf of the bundle: dovecot itself would look for /usr/bin/doveconf."""
    main, server = str(service.folder / "etc/dovecot.conf"), str(bundle.path("usr/sbin/dovecot"))
    return [str(bundle.path("usr/bin/doveconf")), "-c", main, "-F", server, "-F", "-c", main]


def _prepare(bundle: Bundle, service: Service) -> None:
    (service.folder / "run/modules").symlink_to(bundle.path("usr/lib/dovecot/modules"))


ROLES = {
    "dovecot": Role(
        _command,
        lambda service, secrets: says(service, "auth", b"VERSION"),
        memory=6,
        prepare=_prepare,
        secrets=(password("mailbox"),),
    )
}
