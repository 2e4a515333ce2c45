"""The roles: one module each, with all that is to know of a role besides its files (labs/config) and its place in the topology.

A module has ``ROLES``: name -> Role. A new one is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from labs.bundle import Bundle
from labs.cells import Magic
from labs.cluster.cluster import Cluster
from labs.cluster.role import Role


def _found() -> dict[str, Role]:
    modules = (importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__))
    return {name: role for module in modules for name, role in module.ROLES.items()}


ROLES: Mapping[str, Role] = _found()
MAGICS: tuple[Magic, ...] = tuple(
    sorted({role.magic for role in ROLES.values() if role.magic}, key=lambda magic: (magic.writes == "{}", magic.name))
)
"""The cell magics; the last one writes what none of the others does."""


def new_cluster(name: str = "", bundle: Bundle | None = None) -> Cluster:
    """The cluster of this name with all roles, see ``Cluster``."""
    return Cluster(name, bundle, ROLES)


def first_line(file: str) -> str:
    """The first line of the cell that writes ``file``: "%%rspamd actions.conf", "%%postfix mx"."""
    return next(filter(None, (magic.line(file) for magic in MAGICS)))
