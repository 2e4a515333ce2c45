"""The lab's place on loopback: which 127.N.0.0/16 is free, and who sits on a port that the lab needs."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable

import filelock
import psutil

from labs.cluster.plugin import lock_of
from labs.cluster.sockets import internet_sockets
from labs.cluster.topology import Node, topology
from labs.errors import LabError

NETWORKS = range(77, 250)
EVERYWHERE = "127.255.255.254"
"""An address of no lab: a port that is taken there is taken on every address."""


def check_loopback() -> None:
    """Raise LabError when this machine cannot reach itself on 127.0.0.0/8: binding works also where loopback is down."""
    address = f"127.{NETWORKS[0]}.0.1"
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
            probe.connect((address, 9))
        except OSError as error:
            down = error.errno == errno.ENETUNREACH
            raise LabError(
                "Loopback ist nicht eingeschaltet." if down else f"Die IP-Adresse {address} gibt es hier nicht.",
                why=f"Dieser Rechner erreicht sich selbst nicht: {error.strerror}.",
                next_step="sudo ip link set lo up" if down else "sudo ip addr add 127.0.0.1/8 dev lo",
            ) from None


def taken(net: int) -> bool:
    """Whether another lab of this user holds 127.``net``.0.0/16."""
    try:
        with filelock.FileLock(lock_of(net), timeout=0):
            return False
    except filelock.Timeout:
        return True


def impostors(nodes: Iterable[Node]) -> list[str]:
    """The endpoints of ``nodes`` on which another user of the machine listens, each as "address:port"."""
    ours = {service.endpoint(port) for node in nodes for service in node.services.values() for port in service.ports}
    return sorted(name for name, user in internet_sockets().items() if name in ours and user != os.getuid())


def kinds(port: str) -> list[socket.SocketKind]:
    """How a port, given by its name, listens: TCP, and UDP where a link of the topology says so."""
    udp = any(link["port"] == port and link.get("protocol") == "udp" for link in topology()["links"])
    return [socket.SOCK_STREAM, *([socket.SOCK_DGRAM] if udp else [])]


def ports_free(nodes: Iterable[Node]) -> bool:
    """Whether all addresses can be bound. Raises LabError when a port is taken on every address of the machine."""
    for node in nodes:
        for name, port in [item for service in node.services.values() for item in service.open_ports.items()]:
            for kind in kinds(name):
                if bindable(node.address, port, kind):
                    continue
                if bindable(EVERYWHERE, port, kind):
                    return False
                program = _listener(port, kind)
                find = "" if program else f"`sudo ss -lntup 'sport = :{port}'` nennt es. "
                raise LabError(
                    f"Der {'UDP-' * (kind == socket.SOCK_DGRAM)}Port {port} ist auf allen Adressen dieses Rechners belegt{program}.",
                    why=f"{node.title} braucht ihn auf {node.address}.",
                    next_step=f"Beende das Programm, oder lass es nur auf seiner eigenen Adresse lauschen. {find}".strip(),
                )
    return True


def bindable(address: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether a port can be bound there now, as servers do it."""
    with socket.socket(type=kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def _listener(port: int, kind: socket.SocketKind) -> str:
    """The program behind a port as " (name, PID n)", or nothing when it belongs to someone else."""
    for connection in psutil.net_connections("tcp" if kind == socket.SOCK_STREAM else "udp"):
        waits = connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
        if waits and connection.laddr.port == port and connection.pid:
            try:
                return f" ({psutil.Process(connection.pid).name()}, PID {connection.pid})"
            except psutil.NoSuchProcess:
                continue
    return ""
