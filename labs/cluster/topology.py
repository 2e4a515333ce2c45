"""The lab's nodes, read from topology.toml and placed in one /16 of loopback."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("topology.toml")


@dataclass(frozen=True)
class Node:
    """A host of the lab: where it listens and where it keeps its files."""

    name: str
    title: str
    role: str
    zone: str
    address: str
    ports: Mapping[str, int]
    folder: Path


@cache
def topology() -> dict:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def profiles() -> list[str]:
    """The names of all profiles, such as "core"."""
    return sorted({profile for node in topology()["nodes"].values() for profile in node["profiles"]})


def place(net: int, folder: Path, profile: str) -> dict[str, Node]:
    """The nodes of ``profile`` with addresses in 127.``net``.0.0/16 and files below ``folder``."""
    return {
        name: Node(
            name=name,
            title=node["title"],
            role=node["role"],
            zone=node["zone"],
            address=f"127.{net}.{node['address']}",
            ports=node["ports"],
            folder=folder / "nodes" / name,
        )
        for name, node in topology()["nodes"].items()
        if profile in node["profiles"]
    }
