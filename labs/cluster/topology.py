"""The lab's nodes and what runs on them, read from topology.toml and placed in one /16 of loopback."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labs.errors import LabError

SOURCE = Path(__file__).with_name("topology.toml")


@dataclass(frozen=True)
class Service:
    """One program of a node. ``role`` names its configuration (labs/config) and how it runs (labs/nodes)."""

    role: str
    node: str
    address: str
    ports: Mapping[str, int]
    folder: Path
    alone: bool
    sockets: frozenset[str] = frozenset()
    """Those of the ports that are Unix sockets in the lab."""

    @property
    def open_ports(self) -> dict[str, int]:
        """The ports that are none of the ``sockets``: every user of the machine reaches them."""
        return {name: port for name, port in self.ports.items() if name not in self.sockets}

    def endpoint(self, port: str) -> str:
        """Where a port is: "address:port", or the path of its Unix socket."""
        return f"{self.folder}/run/{port}.sock" if port in self.sockets else f"{self.address}:{self.ports[port]}"

    @property
    def program(self) -> str:
        """Its name in the supervisor and of its log: the node's, with the role when the node runs several."""
        return self.node if self.alone else f"{self.node}.{self.role}"


@dataclass(frozen=True)
class Node:
    """A host of the lab: its zone, its address and its services by role."""

    name: str
    title: str
    zone: str
    address: str
    services: Mapping[str, Service]

    @property
    def ports(self) -> dict[str, int]:
        """All ports of the node by name, such as {"worker": 11333}."""
        return {name: port for service in self.services.values() for name, port in service.ports.items()}

    @property
    def main(self) -> Service:
        """The service that the node is there for: the first one."""
        return next(iter(self.services.values()))


@dataclass(frozen=True)
class Link:
    """A connection that is allowed: node ``source`` may reach port ``port`` (a name) of node ``target``.

    ``protects``: what the service itself asks for, besides the packet filter: address, password, tls.
    ``drawn``: whether the picture of the cluster shows it as an arrow; else it is named below.
    """

    source: str
    target: str
    port: str
    title: str
    protocol: str
    protects: tuple[str, ...]
    drawn: bool = True


@cache
def topology() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def groups() -> list[str]:
    """The names of all groups of nodes, such as "core"."""
    return sorted({group for node in topology()["nodes"].values() for group in node["groups"]})


def named(*words: str) -> list[str]:
    """The nodes that ``words`` (nodes or groups) stand for, in the order of the topology. Raises LabError for an unknown word."""
    nodes = topology()["nodes"]
    for word in words:
        if word not in nodes and word not in groups():
            known = ", ".join([*groups(), *(name for name, node in nodes.items() if node["services"])])
            raise LabError(f"Einen Knoten „{word}“ gibt es nicht.", next_step=f"Vorhanden sind: {known}.")
    return [name for name, node in nodes.items() if {name, *node["groups"]} & set(words)]


def roles_of(names: list[str]) -> list[str]:
    """The roles of all services of these nodes, each once."""
    return list(dict.fromkeys(role for name in names for role in topology()["nodes"][name]["services"]))


def place(net: int, folder: Path, *words: str) -> dict[str, Node]:
    """The nodes that ``words`` (nodes or groups; none: all nodes) stand for, with addresses in 127.``net``.0.0/16 and files below ``folder``."""
    nodes = topology()["nodes"]
    return {
        name: _node(name, nodes[name], f"127.{net}.{nodes[name]['address']}", folder / "nodes" / name)
        for name in (named(*words) if words else nodes)
    }


def links(nodes: Mapping[str, Node]) -> list[Link]:
    """All links between ``nodes``; a zone in topology.toml stands for its nodes."""
    return [
        Link(
            source, target, link["port"], link["title"], link.get("protocol", "tcp"), tuple(link["protects"]),
            link.get("drawn", True),
        )
        for link in topology()["links"]
        for source in _members(link["from"], nodes)
        for target in _members(link["to"], nodes)
    ]  # fmt: skip


def _members(names: list[str], nodes: Mapping[str, Node]) -> list[str]:
    """The nodes that ``names`` (nodes or zones) stand for."""
    return [node.name for node in nodes.values() if node.name in names or node.zone in names]


def _short(role: str) -> str:
    """A folder's name, as short as may be: it is part of the paths of Unix sockets, which have 107 bytes."""
    return "postfix" if role.startswith("postfix-") else role.removeprefix("rspamd-")


def _node(name: str, node: Mapping[str, Any], address: str, folder: Path) -> Node:
    alone = len(node["services"]) == 1
    services = {
        role: Service(
            role, name, address, ports, folder if alone else folder / _short(role), alone,
            frozenset(topology()["sockets"]) & ports.keys(),
        )
        for role, ports in node["services"].items()
    }  # fmt: skip
    return Node(name, node["title"], node["zone"], address, services)
