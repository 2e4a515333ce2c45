"""What each role runs and how it says that it is ready. One entry a role; the role's files are in labs/config."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labs.bundle import Bundle
from labs.cluster.topology import Service


@dataclass(frozen=True)
class Role:
    """How to run a service.

    ``ready``: True, or False or an OSError while it starts. ``prepare``: makes files that are not configuration.
    """

    command: Callable[[Bundle, Service], list[str]]
    ready: Callable[[Service, Mapping[str, str]], bool]
    stop_seconds: int = 5
    prepare: Callable[[Bundle, Service], None] = lambda bundle, service: None


def rspamd_variables(bundle: Bundle, local: Path, service: Service) -> list[str]:
    """Rspamd's ``--var`` arguments: shared files from the bundle, everything written below the service's folder.

    ``local``: the folder that holds local.d and override.d. Source: rspamd(8), src/rspamd.c.
    """
    share = bundle.path("usr/share/rspamd")
    variables = {
        "SHAREDIR": share,
        "PLUGINSDIR": share / "plugins",
        "RULESDIR": share / "rules",
        "LUALIBDIR": share / "lualib",
        "WWWDIR": share / "www",
        "CONFDIR": bundle.path("etc/rspamd"),
        "LOCAL_CONFDIR": local,
        "DBDIR": service.folder / "db",
        "RUNDIR": service.folder / "run",
        "LOGDIR": service.folder / "log",
    }
    return [f"--var={name}={value}" for name, value in variables.items()]


def _rspamd(bundle: Bundle, service: Service) -> list[str]:
    main = str(bundle.path("etc/rspamd/rspamd.conf"))
    # Rspamd refuses to run as root unless told so; the lab always runs as the one who started it.
    insecure = ["--insecure"] if os.geteuid() == 0 else []
    return [
        str(bundle.program("rspamd")), "-f", *insecure, "-c", main, *rspamd_variables(bundle, service.folder / "etc", service),
    ]  # fmt: skip


def _link_languages(bundle: Bundle, service: Service) -> None:
    """Two languages instead of 46: saves 20 MB (Rspamd 3.12 reads ``languages_enable`` but does not heed it)."""
    folder = service.folder / "languages"
    folder.mkdir(exist_ok=True)
    for name in ("de.json", "en.json", "stop_words"):
        (folder / name).symlink_to(bundle.path("usr/share/rspamd/languages") / name)


def _rspamd_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    import requests

    return all(requests.get(f"http://{service.address}:{port}/ping", timeout=0.5).ok for port in service.ports.values())


def _redis_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    import redis

    with redis.Redis(
        host=service.address,
        port=service.ports["redis"],
        password=secrets["redis"],
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
    ) as client:
        try:
            return bool(client.ping())
        except redis.RedisError as error:
            raise OSError(str(error)) from error


def _unbound_ready(service: Service, secrets: Mapping[str, str]) -> bool:
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


ROLES = {
    "rspamd-worker": Role(_rspamd, _rspamd_ready, stop_seconds=2, prepare=_link_languages),
    "redis": Role(
        lambda bundle, service: [str(bundle.program("redis-server")), str(service.folder / "etc/redis.conf")],
        _redis_ready,
    ),
    "unbound": Role(
        lambda bundle, service: [
            str(bundle.program("unbound")),
            "-d",
            "-p",
            "-c",
            str(service.folder / "etc/unbound.conf"),
        ],
        _unbound_ready,
    ),
}
