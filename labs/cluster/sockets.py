"""Who listens on this machine, as the kernel tells it: cheap enough for every second, and no server notices.

Source: proc_net_tcp in the kernel's documentation; proc(5), /proc/net/unix.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

LISTENS, BOUND = "0A", "07"
"""States in /proc/net/tcp (listening) and in /proc/net/udp (not connected)."""
ACCEPTS = 0x10000
"""The flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON)."""


def internet_sockets() -> dict[str, int]:
    """Each IPv4 socket that listens: "address:port" -> the number of its user."""
    found = {}
    for protocol, state in (("tcp", LISTENS), ("udp", BOUND)):
        for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state:
                found[_endpoint(fields[1])] = int(fields[7])
    return found


def unix_sockets() -> set[str]:
    """The paths on which somebody listens."""
    lines = (line.split(None, 7) for line in Path("/proc/net/unix").read_text(errors="replace").splitlines()[1:])
    return {fields[7] for fields in lines if len(fields) > 7 and int(fields[3], 16) & ACCEPTS}


def _endpoint(text: str) -> str:
    """The kernel writes the address as it lies in memory, and the port in hexadecimal."""
    address, _, port = text.partition(":")
    return f"{socket.inet_ntoa(int(address, 16).to_bytes(4, sys.byteorder))}:{int(port, 16)}"
