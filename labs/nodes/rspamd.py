"""Rspamd's workers, which check mails, and the proxies beside each Postfix. Source: rspamd(8)."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Mapping

from labs.bundle import Bundle
from labs.cells import Magic
from labs.cluster import http
from labs.cluster.role import Role
from labs.cluster.secrets import Kind, password
from labs.cluster.topology import Service
from labs.rspamd.configuration import ProxyConfiguration, WorkerConfiguration
from labs.rspamd.programs import rspamd_main, rspamd_variables, shared_variables


def _rspamd(bundle: Bundle, service: Service) -> list[str]:
    # Rspamd refuses to run as root unless told so; the lab always runs as the one who started it.
    insecure = ["--insecure"] if os.geteuid() == 0 else []
    variables = rspamd_variables(bundle, service.folder / "etc", service)
    return [str(bundle.program("rspamd")), "-f", *insecure, "-c", str(rspamd_main(bundle, service)), *variables]


def _link_languages(bundle: Bundle, service: Service) -> None:
    """Two languages instead of 46: saves 20 MB (Rspamd reads ``languages_enable`` but does not heed it)."""
    folder = service.folder / "languages"
    folder.mkdir(exist_ok=True)
    for name in ("de.json", "en.json", "stop_words"):
        (folder / name).symlink_to(bundle.path("usr/share/rspamd/languages") / name)


def _worker_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    with http.session() as session:
        return all(session.get(f"{http.url(service.endpoint(port))}/ping", timeout=0.5).ok for port in service.ports)


def _proxy_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(service.folder / "run/milter.sock"))
    return True


def keypair(bundle: Bundle) -> dict[str, str]:
    """With which proxies encrypt mails for the workers. Source: rspamadm-keypair."""
    text = rspamadm(bundle, "keypair")
    public, private = (re.search(rf'{name} = "(\w+)"', text)[1] for name in ("pubkey", "privkey"))
    return {"worker_public": public, "worker_private": private}


def rspamadm(bundle: Bundle, *command: str) -> str:
    """What a command of rspamadm prints that needs no configuration."""
    return subprocess.run(
        [bundle.program("rspamadm"), *shared_variables(bundle), *command], capture_output=True, text=True, check=True
    ).stdout


KEYPAIR = Kind(("worker_public", "worker_private"), keypair)
ROLES = {
    "rspamd-worker": Role(
        _rspamd,
        _worker_ready,
        memory=40,
        stop_seconds=2,
        prepare=_link_languages,
        secrets=(KEYPAIR, password("controller"), password("redis")),
        configuration=WorkerConfiguration,
        magic=Magic("rspamd", "Rspamd", "{}", "%%rspamd composites.conf"),
    ),
    "rspamd-proxy": Role(
        _rspamd,
        _proxy_ready,
        memory=12,
        stop_seconds=2,
        prepare=_link_languages,
        secrets=(KEYPAIR,),
        configuration=ProxyConfiguration,
        magic=Magic("proxy", "Der Proxy", "rspamd-proxy/{}", "%%proxy worker-proxy.inc"),
    ),
}
