"""What each role runs and how it says that it is ready. One entry a role; the role's files are in labs/config."""

from __future__ import annotations

import os
import shlex
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labs.bundle import Bundle
from labs.cluster import http
from labs.cluster.secrets import CERTIFICATES, DKIM, KEYPAIR, Kind, password, shared_variables
from labs.cluster.topology import Node, Service


@dataclass(frozen=True)
class Role:
    """How to run a service.

    ``ready``: True, or False or an OSError while it starts. ``prepare``: makes files that are not configuration.
    ``secrets``: the kinds of secrets that its configuration names.
    ``waits_for``: Unix sockets (paths) and "address/port" that must be there before the program starts.
    """

    command: Callable[[Bundle, Service], list[str]]
    ready: Callable[[Service, Mapping[str, str]], bool]
    stop_seconds: int = 5
    prepare: Callable[[Bundle, Service], None] = lambda bundle, service: None
    waits_for: Callable[[Service, Mapping[str, Node]], list[str]] = lambda service, nodes: []
    secrets: tuple[Kind, ...] = ()


def after(needed: list[str], command: list[str]) -> list[str]:
    """``command``, started as soon as everything in ``needed`` is there (bash knows TCP as /dev/tcp)."""
    tests = [
        f"[ -S {shlex.quote(one)} ]" if one.startswith("/") else f"(: </dev/tcp/{one}) 2>/dev/null" for one in needed
    ]
    if not tests:
        return command
    return ["bash", "-c", f"until {' && '.join(tests)}; do sleep 0.05; done; exec {shlex.join(command)}"]


def rspamd_variables(bundle: Bundle, local: Path, service: Service) -> list[str]:
    """All ``--var`` arguments: shared files from the bundle, everything written below the service's folder.

    ``local``: the folder that holds local.d and override.d.
    """
    own = {
        "LOCAL_CONFDIR": local,
        "DBDIR": service.folder / "db",
        "RUNDIR": service.folder / "run",
        "LOGDIR": service.folder / "log",
    }
    return [*shared_variables(bundle), *(f"--var={name}={folder}" for name, folder in own.items())]


def rspamd_main(bundle: Bundle, service: Service, folder: Path | None = None) -> Path:
    """The main configuration file: a worker's is Rspamd's own, a proxy has one of its own (``folder``: where it lies)."""
    if service.role == "rspamd-worker":
        return bundle.path("etc/rspamd/rspamd.conf")
    return (folder or service.folder / "etc") / "rspamd.conf"


def _rspamd(bundle: Bundle, service: Service) -> list[str]:
    # Rspamd refuses to run as root unless told so; the lab always runs as the one who started it.
    insecure = ["--insecure"] if os.geteuid() == 0 else []
    variables = rspamd_variables(bundle, service.folder / "etc", service)
    return [str(bundle.program("rspamd")), "-f", *insecure, "-c", str(rspamd_main(bundle, service)), *variables]


def _link_languages(bundle: Bundle, service: Service) -> None:
    """Two languages instead of 46: saves 20 MB (Rspamd 3.12 reads ``languages_enable`` but does not heed it)."""
    folder = service.folder / "languages"
    folder.mkdir(exist_ok=True)
    for name in ("de.json", "en.json", "stop_words"):
        (folder / name).symlink_to(bundle.path("usr/share/rspamd/languages") / name)


def _rspamd_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    with http.session() as session:
        return all(session.get(f"{http.url(service.endpoint(port))}/ping", timeout=0.5).ok for port in service.ports)


def _redis_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    with redis.Redis(
        host=service.address,
        port=service.ports["redis"],
        password=secrets["redis"],
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
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


def _proxy_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(service.folder / "run/milter.sock"))
    return True


def _clamd_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    return _says(service, "clamd", b"PONG", b"zPING\0")


def connect(service: Service, port: str, seconds: float, source: str = "") -> socket.socket:
    """A connection to a port of a service, from the address ``source``. Raises OSError, also when it takes longer."""
    if port not in service.sockets:
        return socket.create_connection((service.address, service.ports[port]), seconds, (source, 0))
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(seconds)
    client.connect(service.endpoint(port))
    return client


def _says(service: Service, port: str, expected: bytes, request: bytes = b"") -> bool:
    """Whether the first bytes from a port, after a request, are the expected ones."""
    with connect(service, port, 0.5) as client:
        client.sendall(request)
        return client.recv(64).startswith(expected)


def postfix_environment(service: Service) -> dict[str, str]:
    """The cwrap libraries play root, accounts and DNS (Postfix cannot ask port 5353); the programs find them by RPATH.

    Source: uid_wrapper(1), nss_wrapper(1), resolv_wrapper(1).
    """
    return {
        "LANG": "C",
        "LD_PRELOAD": "libnss_wrapper.so:libuid_wrapper.so:libresolv_wrapper.so",
        "UID_WRAPPER": "1",
        "UID_WRAPPER_ROOT": "1",
        "NSS_WRAPPER_PASSWD": str(service.folder / "accounts/passwd"),
        "NSS_WRAPPER_GROUP": str(service.folder / "accounts/group"),
        "RESOLV_WRAPPER_HOSTS": str(service.folder / "etc/hosts"),
    }


def _postfix(bundle: Bundle, service: Service) -> list[str]:
    """Postfix's master itself, not the script around it. Source: master(8)."""
    variables = postfix_environment(service)
    master = [str(bundle.path("usr/lib/postfix/sbin/master")), "-c", str(service.folder / "etc"), "-d"]
    return ["env", *(f"{name}={value}" for name, value in variables.items()), *master]


def _prepare_postfix(bundle: Bundle, service: Service) -> None:
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


def age(folder: Path) -> None:
    """Make the files of ``folder`` look an hour old: Postfix waits a second for a file that was just written."""
    for path in folder.iterdir():
        os.utime(path, (time.time() - 3600,) * 2)


def _postfix_ready(service: Service, secrets: Mapping[str, str]) -> bool:
    return all(_says(service, port, b"220 ") for port in service.ports)


def _postfix_needs(service: Service, nodes: Mapping[str, Node]) -> list[str]:
    """Its milter and the SASL server: an smtpd that misses one of them is throttled by master for a minute."""
    node = nodes[service.node]
    proxy = [str(node.services["rspamd-proxy"].folder / "run/milter.sock")] if "rspamd-proxy" in node.services else []
    sasl = [f"{nodes['imap1'].address}/{nodes['imap1'].ports['auth']}"] if service.role == "postfix-hub" else []
    return [*proxy, *sasl]


def _dovecot(bundle: Bundle, service: Service) -> list[str]:
    """Through doveconf of the bundle: dovecot itself would look for /usr/bin/doveconf."""
    main, server = str(service.folder / "etc/dovecot.conf"), str(bundle.path("usr/sbin/dovecot"))
    return [str(bundle.path("usr/bin/doveconf")), "-c", main, "-F", server, "-F", "-c", main]


def _prepare_dovecot(bundle: Bundle, service: Service) -> None:
    (service.folder / "run/modules").symlink_to(bundle.path("usr/lib/dovecot/modules"))


ROLES = {
    "rspamd-worker": Role(
        _rspamd,
        _rspamd_ready,
        stop_seconds=2,
        prepare=_link_languages,
        secrets=(KEYPAIR, password("controller"), password("redis")),
    ),
    "rspamd-proxy": Role(_rspamd, _proxy_ready, stop_seconds=2, prepare=_link_languages, secrets=(KEYPAIR,)),
    "redis": Role(
        lambda bundle, service: [str(bundle.program("redis-server")), str(service.folder / "etc/redis.conf")],
        _redis_ready,
        secrets=(password("redis"),),
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
        secrets=(DKIM,),
    ),
    "clamav": Role(
        lambda bundle, service: [str(bundle.program("clamd")), "-c", str(service.folder / "etc/clamd.conf")],
        _clamd_ready,
    ),
    "dovecot": Role(
        _dovecot,
        lambda service, secrets: _says(service, "auth", b"VERSION"),
        prepare=_prepare_dovecot,
        secrets=(password("mailbox"),),
    ),
} | {
    role: Role(_postfix, _postfix_ready, prepare=_prepare_postfix, waits_for=_postfix_needs, secrets=(CERTIFICATES,))
    for role in ("postfix-mx", "postfix-hub", "postfix-mailout", "postfix-mailbox", "postfix-internet")
}
