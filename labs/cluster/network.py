"""The lab's place on loopback: which 127.N.0.0/16 is free, and who sits on a port that the lab needs."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

import psutil

from labs.cluster.plugin import lock_name
from labs.cluster.topology import Node
from labs.errors import LabError

NETWORKS = range(77, 250)


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
    """Whether another lab of this machine holds 127.``net``.0.0/16."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(lock_name(net))
        except OSError:
            return True
    return False


def ports_free(nodes: Iterable[Node]) -> bool:
    """Whether all addresses can be bound. Raises LabError when a port is taken on every address of the machine."""
    for node in nodes:
        for port in node.ports.values():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((node.address, port))
                except OSError as error:
                    if error.errno != errno.EADDRINUSE:
                        raise
                    if bindable("127.255.255.254", port):
                        return False
                    raise LabError(
                        f"Der Port {port} ist auf allen Adressen dieses Rechners belegt{_listener(port)}.",
                        why=f"{node.title} braucht ihn auf {node.address}.",
                        next_step="Beende dieses Programm oder lass es nur auf seiner eigenen Adresse lauschen.",
                    ) from None
    return True


def bindable(address: str, port: int) -> bool:
    """Whether a TCP port can be bound there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _listener(port: int) -> str:
    """The program behind a port as " (name, PID n)", or nothing when it belongs to someone else."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            try:
                return f" ({psutil.Process(connection.pid).name()}, PID {connection.pid})"
            except psutil.NoSuchProcess:
                continue
    return ""
