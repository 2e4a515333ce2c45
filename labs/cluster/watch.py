"""The nodes' states, read without a question to any server: cheap enough for every second, and no log shows it.

``Cluster.status`` opens a connection to every port, which Postfix notes three lines for; on a frozen node it waits.
Here: does the process live, is it stopped, does its port listen? What a server answers stays unknown.
Source: supervisor's XML-RPC API.
"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from labs.cluster.cluster import Cluster, not_running
from labs.cluster.sockets import internet_sockets, unix_sockets
from labs.cluster.topology import Service
from labs.errors import Unreachable

STATES = {"up": "läuft", "down": "antwortet nicht", "frozen": "eingefroren"}
"""What a node may be, with the German word for it."""


def states(cluster: Cluster) -> dict[str, str]:
    """Each node with services -> one of STATES. Raises LabError when the lab is not running."""
    try:
        found = {info["name"]: info["pid"] for info in cluster._rpc.supervisor.getAllProcessInfo()}
    except (OSError, xmlrpc.client.Error):
        raise not_running() from None
    endpoints = internet_sockets().keys() | unix_sockets()
    answer = {}
    for node in cluster.nodes.values():
        each = [_state(service, found.get(service.program, 0), endpoints) for service in node.services.values()]
        if each:
            answer[node.name] = "frozen" if "frozen" in each else "down" if "down" in each else "up"
    return answer


@contextmanager
def explained(cluster: Cluster) -> Iterator[None]:
    """When a server does not answer inside the block, say why: the lab is down, or a node is frozen."""
    try:
        yield
    except Unreachable:
        frozen = [name for name, state in states(cluster).items() if state == "frozen"]
        if not frozen:
            raise
        raise Unreachable(
            f"{', '.join(frozen)} ist eingefroren und antwortet nicht.",
            next_step="`lab.resume()` lässt den Knoten weiterlaufen.",
        ) from None


def memory(cluster: Cluster) -> dict[str, int]:
    """Each node's memory (PSS) in whole MB. Takes about 0.1 s for the whole cluster: not for every second."""
    nodes = [node for node in cluster.nodes.values() if node.services]
    families = cluster.families([service for node in nodes for service in node.services.values()])
    return {
        node.name: round(
            sum(_pss(process) for service in node.services.values() for process in families[service.program])
        )
        for node in nodes
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


def _pss(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 1e6
    except psutil.NoSuchProcess:
        return 0.0
