"""The links as rules for a packet filter: one nftables ruleset for each host and one for the router between the zones.

Addresses and ports are data, so the same rules can be made for the lab, for network namespaces in a test and for
real hosts. The text around them is in labs/config/nftables. Source: nft(8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labs.cluster import render
from labs.cluster.topology import Link, Node, links

OUTSIDE = ("internet", "labor")
"""Zones whose hosts are not ours: they get no rules, and as a source they are everybody who is not ours."""


@dataclass(frozen=True)
class Place:
    """Where the nodes are. ``addresses``: node -> IPv4 address or network (CIDR); ``ports``: (node, port) -> number.

    A node of the zone "internet" that has no address stands for every address that is not ours.
    """

    nodes: Mapping[str, Node]
    addresses: Mapping[str, str]
    ports: Mapping[tuple[str, str], int]

    @property
    def own(self) -> list[str]:
        """The nodes that get rules."""
        return [node.name for node in self.nodes.values() if node.zone not in OUTSIDE]


@dataclass(frozen=True)
class Flow:
    """One rule: packets of ``sources`` to ``targets`` (node names) may pass. ``source``, ``target``: as nft says it."""

    title: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    source: str
    target: str
    protocol: str
    number: int


def host(name: str, place: Place) -> str:
    """The complete ruleset of one host. Raises KeyError for a node without an address."""
    found = flows(place)
    return render.text(
        "nftables/host.conf",
        name=name,
        title=place.nodes[name].title,
        own=_own(place),
        incoming=[flow for flow in found if name in flow.targets],
        outgoing=[flow for flow in found if name in flow.sources],
    )


def router(place: Place) -> str:
    """The complete ruleset of the router between the zones."""
    return render.text("nftables/router.conf", own=_own(place), flows=flows(place))


def flows(place: Place) -> list[Flow]:
    """The links between ``place.nodes``, those that differ only in their hosts as one rule."""
    groups: dict[tuple, list[Link]] = {}
    for link in links(place.nodes):
        number = place.ports[link.target, link.port]
        key = link.title, link.protocol, number, link.source in place.own, link.target in place.addresses
        groups.setdefault(key, []).append(link)
    return [_flow(members, number, place) for (_, _, number, _, _), members in groups.items()]


def _flow(members: list[Link], number: int, place: Place) -> Flow:
    sources = tuple(dict.fromkeys(link.source for link in members))
    targets = tuple(dict.fromkeys(link.target for link in members))
    own_sources = sources if sources[0] in place.own else ()
    return Flow(
        members[0].title,
        own_sources or ("Internet",),
        targets if targets[0] in place.addresses else ("Internet",),
        _match("saddr", own_sources, place),
        _match("daddr", targets, place),
        members[0].protocol,
        number,
    )


def _match(direction: str, names: Iterable[str], place: Place) -> str:
    """The addresses of ``names``; none of them has one: everybody who is not ours."""
    known = [place.addresses[name] for name in names if name in place.addresses]
    if not known:
        return f"ip {direction} != @eigene "
    return f"ip {direction} {{ {', '.join(known)} }} " if len(known) > 1 else f"ip {direction} {known[0]} "


def _own(place: Place) -> list[str]:
    return [place.addresses[name] for name in place.own]
