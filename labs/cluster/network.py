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
from labs.cluster.topology import Node
from labs.errors import LabError

NETWORKS = range(77, 250)


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


def ports_free(nodes: Iterable[Node]) -> bool:
    """Whether all addresses can be bound. Raises LabError when a port is taken on every address of the machine."""
    for node in nodes:
        for port in [port for service in node.services.values() for port in service.open_ports.values()]:
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
