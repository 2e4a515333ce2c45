"""The allowed links as few arrows: what belongs together becomes one, so that the picture stays readable.

An end of an arrow is a node, a zone or a group. Mail that every node of a zone may send comes from the zone; services
of another zone are reached from zone to zone; nodes that do the same for the same clients are a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labs.cluster.topology import Link, Node


@dataclass(frozen=True)
class End:
    """Where an arrow begins or ends. ``kind``: node, zone or group; ``names``: the nodes that it stands for."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """``mail``: whether mail flows here, or a service is asked. ``links``: what the arrow stands for."""

    source: End
    target: End
    mail: bool
    links: tuple[Link, ...]

    @property
    def titles(self) -> list[str]:
        return list(dict.fromkeys(link.title for link in self.links))


def carries_mail(link: Link, nodes: Mapping[str, Node]) -> bool:
    """Whether the port at the end of the link belongs to a Postfix."""
    services = nodes[link.target].services.values()
    return any(link.port in service.ports and service.role.startswith("postfix-") for service in services)


def drawable(links: Iterable[Link], nodes: Mapping[str, Node]) -> list[Link]:
    """The links between ``nodes`` that are arrows."""
    return [link for link in links if link.drawn and link.source in nodes and link.target in nodes]


def mail_zones(links: Sequence[Link], nodes: Mapping[str, Node]) -> list[str]:
    """The zones through which mail flows, in the topology's order."""
    found = {nodes[name].zone for link in links if carries_mail(link, nodes) for name in (link.source, link.target)}
    return [zone for zone in dict.fromkeys(node.zone for node in nodes.values()) if zone in found]


def groups(links: Sequence[Link], nodes: Mapping[str, Node]) -> list[tuple[str, ...]]:
    """Nodes of a zone without mail that have the same main service and the same links: two workers are one group."""
    alike: dict[tuple, list[str]] = {}
    through = mail_zones(links, nodes)
    for node in nodes.values():
        if node.services and node.zone not in through:
            incoming = frozenset((link.source, link.port) for link in links if link.target == node.name)
            outgoing = frozenset((link.target, link.port) for link in links if link.source == node.name)
            alike.setdefault((node.zone, node.main.role, incoming, outgoing), []).append(node.name)
    return [tuple(names) for names in alike.values() if len(names) > 1]


def bundle(links: Sequence[Link], nodes: Mapping[str, Node]) -> list[Arrow]:
    """The arrows for ``links`` between ``nodes``, in the order of the links."""
    grouped = {name: End("group", group) for group in groups(links, nodes) for name in group}
    zones: dict[str, tuple[str, ...]] = {}
    for node in nodes.values():
        zones[node.zone] = (*zones.get(node.zone, ()), node.name)
    found: dict[tuple[End, End, bool], list[Link]] = {}
    for link in links:
        home = zones[nodes[link.source].zone]
        across = nodes[link.source].zone != nodes[link.target].zone
        source, target = (grouped.get(name, End("node", (name,))) for name in (link.source, link.target))
        mail = carries_mail(link, nodes)
        if across and (not mail or _all_of(home, link, links)):
            source = End("zone", home)
        if source != target:
            found.setdefault((source, target, mail), []).append(link)
    return [Arrow(*key, tuple(several)) for key, several in found.items()]


def _all_of(zone: tuple[str, ...], link: Link, links: Sequence[Link]) -> bool:
    """Whether every node of the zone may do the same."""
    sources = {other.source for other in links if (other.target, other.port) == (link.target, link.port)}
    return len(zone) > 1 and set(zone) <= sources
