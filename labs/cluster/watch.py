"""The nodes' states, read without a question to any server: cheap enough for every second, and no log shows it.

``Cluster.status`` opens a connection to every port, which Postfix notes three lines for; on a frozen node it waits.
Here: does the process live, is it stopped, does its port listen? What a server answers stays unknown.
Source: proc_net_tcp in the kernel's documentation; supervisor's XML-RPC API.
"""

from __future__ import annotations

import socket
import sys
import xmlrpc.client
from pathlib import Path

import psutil

from labs.cluster.cluster import Cluster, not_running
from labs.cluster.topology import Service

LISTENS, BOUND = "0A", "07"
"""States in /proc/net/tcp (listening) and in /proc/net/udp (not connected)."""
ACCEPTS = 0x10000
"""The flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON)."""


def states(cluster: Cluster) -> dict[str, str]:
    """Each node with services -> up, down or frozen. Raises LabError when the lab is not running."""
    try:
        found = {info["name"]: info["pid"] for info in cluster._rpc.supervisor.getAllProcessInfo()}
    except (OSError, xmlrpc.client.Error):
        raise not_running() from None
    endpoints = _sockets("tcp", LISTENS) | _sockets("udp", BOUND) | _unix_sockets()
    answer = {}
    for node in cluster.nodes.values():
        each = [_state(service, found.get(service.program, 0), endpoints) for service in node.services.values()]
        if each:
            answer[node.name] = "frozen" if "frozen" in each else "down" if "down" in each else "up"
    return answer


def memory(cluster: Cluster) -> dict[str, int]:
    """Each node's memory (PSS) in whole MB. Takes about 0.1 s for the whole cluster: not for every second."""
    return {
        name: round(sum(map(_pss, cluster.processes(name)))) for name, node in cluster.nodes.items() if node.services
    }


def _state(service: Service, pid: int, endpoints: set[str]) -> str:
    try:
        if not pid or (status := psutil.Process(pid).status()) == psutil.STATUS_ZOMBIE:
            return "down"
    except psutil.NoSuchProcess:
        return "down"
    if status == psutil.STATUS_STOPPED:
        return "frozen"
    listening = all(service.endpoint(port) in endpoints for port in service.ports)
    return "up" if listening else "down"


def _unix_sockets() -> set[str]:
    """The paths on which somebody listens. Source: proc(5), /proc/net/unix."""
    lines = (line.split(None, 7) for line in Path("/proc/net/unix").read_text(errors="replace").splitlines()[1:])
    return {fields[7] for fields in lines if len(fields) > 7 and int(fields[3], 16) & ACCEPTS}


def _sockets(protocol: str, state: str) -> set[str]:
    """This machine's IPv4 sockets in one state, each as "address:port"."""
    lines = (line.split(None, 4) for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:])
    return {_address(fields[1]) for fields in lines if fields[3] == state}


def _address(text: str) -> str:
    """The kernel writes the address as it lies in memory, and the port in hexadecimal."""
    address, _, port = text.partition(":")
    return f"{socket.inet_ntoa(int(address, 16).to_bytes(4, sys.byteorder))}:{int(port, 16)}"


def _pss(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 1e6
    except psutil.NoSuchProcess:
        return 0.0
