"""Unbound, the small Internet: it answers every question about names, and publishes the sample mails' DKIM key."""

from __future__ import annotations

from collections.abc import Mapping

from labs.bundle import Bundle
from labs.cluster.role import Role
from labs.cluster.secrets import Kind
from labs.cluster.topology import Service
from labs.nodes.rspamd import rspamadm


def _command(bundle: Bundle, service: Service) -> list[str]:
    return [str(bundle.program("unbound")), "-d", "-p", "-c", str(service.folder / "etc/unbound.conf")]


def _ready(service: Service, secrets: Mapping[str, str]) -> bool:
    import dns.exception
    import dns.message
    import dns.query

    try:
        dns.query.udp(
            dns.message.make_query("firma.example", "MX"), service.address, port=service.ports["dns"], timeout=0.5
        )
    except dns.exception.DNSException as error:
        raise OSError(str(error)) from error
    return True


def dkim_key(bundle: Bundle) -> dict[str, str]:
    """``dkim_key``: PEM; ``dkim_record``: the value of its TXT record. Source: rspamadm-dkim_keygen."""
    arguments = ("--selector", "lab", "--domain", "firma.example", "--bits", "2048", "--output", "plain")
    key, _, public = rspamadm(bundle, "dkim_keygen", *arguments).partition("-----END PRIVATE KEY-----")
    return {"dkim_key": f"{key}-----END PRIVATE KEY-----\n", "dkim_record": f"v=DKIM1; k=rsa; p={public.strip()}"}


ROLES = {"unbound": Role(_command, _ready, memory=5, secrets=(Kind(("dkim_key", "dkim_record"), dkim_key),))}
