"""The packet filter for real: the topology in network namespaces, nft loads the rules, every pair is tried.

One namespace a node, each with a line of its own to a router's namespace, so that every packet passes both filters.
"""

import ctypes
import json
import os
import selectors
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from labs import bundle
from labs.cluster import packetfilter
from labs.cluster.packetfilter import OUTSIDE, Place
from labs.cluster.topology import Link, links, place

ROUTER, GATEWAY = "router", "169.254.1.1"
NODES = place(77, Path("/nonexistent"), "cluster")
ADDRESSES = {node.name: node.address.replace("127.77.", "10.77.") for node in NODES.values()}
PORTS = {(node.name, name): number for node in NODES.values() for name, number in node.ports.items()}
PLACE = Place(NODES, {n: a for n, a in ADDRESSES.items() if NODES[n].zone not in OUTSIDE or n == "dns"}, PORTS)
LINKS = {(link.source, link.target, PORTS[link.target, link.port], link.protocol) for link in links(NODES)}
PAIRS = [
    (source, target, number, protocol)
    for source in NODES
    for (target, _), number in PORTS.items()
    for protocol in ("tcp", "udp")
    if source != target and not NODES[source].zone == NODES[target].zone == "internet"
]


class Network:
    """The namespaces of one test run. ``threads``: one thread that lives in each of them."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.names = [*NODES, ROUTER]
        self.threads = {}

    def build(self):
        self._ip(f"netns add {self.prefix}{name}" for name in self.names)
        router = f"{self.prefix}{ROUTER}"
        self._ip(
            f"link add eth0 netns {self.prefix}{name} type veth peer name v{number} netns {router}"
            for number, name in enumerate(NODES)
        )
        for name in NODES:
            self._ip(
                ["link set lo up", f"address add {ADDRESSES[name]}/32 dev eth0", "link set eth0 up",
                 f"route add default via {GATEWAY} dev eth0 onlink"],
                name,
            )  # fmt: skip
        lines = ["link set lo up"]
        for number, name in enumerate(NODES):
            lines += [f"address add {GATEWAY}/32 dev v{number}", f"link set v{number} up",
                      f"route add {ADDRESSES[name]}/32 dev v{number}"]  # fmt: skip
        self._ip(lines, ROUTER)
        for name in self.names:
            self.threads[name] = ThreadPoolExecutor(1, initializer=_enter, initargs=(f"{self.prefix}{name}",))
        self.run(ROUTER, lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1"))

    def run(self, name, action):
        return self.threads[name].submit(action).result()

    def load(self, name, rules):
        self._exec(name, bundle.require().program("nft"), "-f", "-", text=rules)

    def remove(self):
        for thread in self.threads.values():
            thread.shutdown()
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", f"{self.prefix}{name}"], capture_output=True)

    def _ip(self, lines, name=""):
        where = ["-netns", f"{self.prefix}{name}"] if name else []
        subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def _exec(self, name, *command, text=None):
        result = subprocess.run(
            ["ip", "netns", "exec", f"{self.prefix}{name}", *command], input=text, text=True, capture_output=True
        )
        assert result.returncode == 0, result.stderr


def _enter(namespace):
    """Move this thread into a network namespace; sockets that it makes stay there. Source: setns(2)."""
    with Path("/run/netns", namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture(scope="module")
def machine():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.skip("iproute2 is not installed")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let root make network namespaces (a container without CAP_SYS_ADMIN)")
    probe = subprocess.run(
        ["unshare", "--net", bundle.require().program("nft"), "list", "ruleset"], capture_output=True, text=True
    )
    if probe.returncode:
        pytest.skip(f"nftables does not work here: {probe.stderr.strip()}")


@pytest.fixture
def network(machine):
    own = Network(f"pf{os.getpid()}-")
    try:
        own.build()
        yield own
    finally:
        own.remove()
    assert not [entry for entry in json.loads(_namespaces()) if entry["name"].startswith(own.prefix)]


def _namespaces():
    return subprocess.run(["ip", "-json", "netns", "list"], capture_output=True, text=True, check=True).stdout or "[]"


@contextmanager
def listeners(network, selector):
    """A TCP and a UDP socket on every port; the first is answered by the kernel, the second echoes."""
    with ExitStack() as stack:
        for (node, _), number in PORTS.items():
            tcp, udp = network.run(node, lambda: (socket.socket(), socket.socket(type=socket.SOCK_DGRAM)))
            for one in map(stack.enter_context, (tcp, udp)):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind((ADDRESSES[node], number))
                one.setblocking(False)
            tcp.listen(100)
            selector.register(udp, selectors.EVENT_READ, "echo")
        yield


def reachable(network, expected, grace=0.6):
    """All of PAIRS that connect. Waits until the expected ones do, and then a little for those that should not."""
    found, deadline = set(), time.monotonic() + 10
    with selectors.DefaultSelector() as selector, listeners(network, selector), ExitStack() as stack:
        for pair in PAIRS:
            source, target, number, protocol = pair
            kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
            one = stack.enter_context(network.run(source, lambda kind=kind: socket.socket(type=kind)))
            one.setblocking(False)
            with suppress(OSError):  # its own filter says no at once
                one.connect_ex((ADDRESSES[target], number))
                if protocol == "udp":
                    one.send(b"?")
            selector.register(one, selectors.EVENT_WRITE if protocol == "tcp" else selectors.EVENT_READ, pair)
        while time.monotonic() < deadline:
            if expected <= found:
                deadline = min(deadline, time.monotonic() + grace)
            for key, _ in selector.select(0.1):
                if key.data == "echo":
                    with suppress(OSError):
                        key.fileobj.sendto(b"!", key.fileobj.recvfrom(1)[1])
                    continue
                selector.unregister(key.fileobj)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.add(key.data)
    return found


def readable(pairs):
    return sorted(" ".join(map(str, pair)) for pair in pairs)


def test_without_rules_everything_connects(network):
    """Or else the other tests could not fail."""
    assert len(PAIRS) > 400 and len(LINKS) > 40
    assert readable(reachable(network, set(PAIRS))) == readable(PAIRS)


def test_with_the_hosts_rules_exactly_the_links_connect(network):
    for name in PLACE.own:
        network.load(name, packetfilter.host(name, PLACE))
    assert readable(reachable(network, LINKS)) == readable(LINKS)


def test_with_the_routers_rules_exactly_the_links_connect(network):
    network.load(ROUTER, packetfilter.router(PLACE))
    assert readable(reachable(network, LINKS)) == readable(LINKS)


def test_a_host_taken_over_gets_no_further_than_its_links(network):
    """Somebody is root on a host of the DMZ and has switched off its filter: the others' filters hold."""
    for name in set(PLACE.own) - {"mx1"}:
        network.load(name, packetfilter.host(name, PLACE))
    found = {pair for pair in reachable(network, LINKS) if pair[0] == "mx1" and pair[1] in PLACE.own}
    ours = {pair for pair in LINKS if pair[0] == "mx1" and pair[1] in PLACE.own}
    assert readable(found) == readable(ours)
    inside = {pair[1:3] for pair in found if NODES[pair[1]].zone == "internal"}
    assert inside == {("hub1", PORTS["hub1", "from_mx"])}


def test_real_addresses_and_ports_are_data():
    real = Place(
        NODES,
        PLACE.addresses | {"mx1": "203.0.113.1", "hub1": "10.20.0.1", "intern": "10.0.0.0/16"},
        PORTS | {("mx1", "smtp"): 25, ("mx2", "smtp"): 25, ("hub1", "from_mx"): 25, ("hub1", "submission"): 587},
    )
    mx, hub = packetfilter.host("mx1", real), packetfilter.host("hub1", real)
    assert "ip saddr != @eigene tcp dport 25 accept" in mx and "ip daddr 10.20.0.1 tcp dport 25 accept" in mx
    assert "ip saddr 10.0.0.0/16 tcp dport 587 accept" in hub
    assert "ip saddr { 203.0.113.1, 10.77.1.2 } tcp dport 25 accept" in hub
    assert "2525" not in mx.replace("10.77.3.1 tcp dport 2525", "")


def test_strangers_and_own_hosts_never_share_a_rule(monkeypatch):
    """„Not ours“ would leave out the own host, a list of addresses the strangers."""
    mixed = [Link(source, "mx1", "smtp", "Post", "tcp", ()) for source in ("client", "hub1", "internet1")]
    monkeypatch.setattr(packetfilter, "links", lambda nodes: mixed)
    found = {(flow.sources, flow.source) for flow in packetfilter.flows(PLACE)}
    assert found == {(("Internet",), "ip saddr != @eigene "), (("hub1",), "ip saddr 10.77.2.1 ")}
