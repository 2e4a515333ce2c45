"""What a role is: how a service runs and how it says that it is ready. Each role has its module in labs/nodes."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.bundle import Bundle
from labs.cells import Magic
from labs.cluster.secrets import Kind
from labs.cluster.topology import Node, Service


@dataclass(frozen=True)
class Role:
    """How to run a service, and how its configuration is changed.

    ``ready``: True, or False or an OSError while it starts. ``memory``: MB that it takes when idle (PSS), about.
    ``prepare``: makes files that are not configuration. ``waits_for``: Unix sockets (paths) and "address/port" that must be
    there before the program starts. ``secrets``: the kinds of secrets that its configuration names. ``requirements``: what a
    Python program needs from PyPI, in an environment of its own (``labs.bundle.environment.python``).
    ``configuration``: where readers may change its files, makes of a cluster what does it (configuration.py); ``magic``:
    the cell magic that writes them.
    """

    command: Callable[[Bundle, Service], list[str]]
    ready: Callable[[Service, Mapping[str, str]], bool]
    memory: int
    stop_seconds: int = 5
    prepare: Callable[[Bundle, Service], None] = lambda bundle, service: None
    waits_for: Callable[[Service, Mapping[str, Node]], list[str]] = lambda service, nodes: []
    secrets: tuple[Kind, ...] = ()
    requirements: tuple[str, ...] = ()
    configuration: Callable[..., Any] | None = None
    magic: Magic | None = None


def after(needed: list[str], command: list[str]) -> list[str]:
    """``command``, started as soon as everything in ``needed`` is there (bash knows TCP as /dev/tcp)."""
    tests = [
        f"[ -S {shlex.quote(one)} ]" if one.startswith("/") else f"(: </dev/tcp/{one}) 2>/dev/null" for one in needed
    ]
    if not tests:
        return command
    return ["bash", "-c", f"until {' && '.join(tests)}; do sleep 0.05; done; exec {shlex.join(command)}"]


def connect(service: Service, port: str, seconds: float, source: str = "") -> socket.socket:
    """A connection to a port of a service, from the address ``source``. Raises OSError, also when it takes longer."""
    if port not in service.sockets:
        return socket.create_connection((service.address, service.ports[port]), seconds, (source, 0))
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(seconds)
    client.connect(service.endpoint(port))
    return client


def says(service: Service, port: str, expected: bytes, request: bytes = b"") -> bool:
    """Whether the first bytes from a port, after a request, are the expected ones."""
    with connect(service, port, 0.5) as client:
        client.sendall(request)
        return client.recv(64).startswith(expected)
