"""What a configuration registers: symbols, composites, settings profiles, modules and why a module is off.

Source: controller (symbols, counters), ``rspamadm configdump -j`` and ``-m``, and the plugins that Rspamd brings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from labs.rspamd.dialect.rspamadm import modules_off
from labs.rspamd.rspamd import Rspamd

Place = tuple[str, ...]


@dataclass(frozen=True)
class Registry:
    """``groups``: symbol -> groups, of all that have a score; ``rules``: names that a rule or composite stands for.

    ``tree``: the merged configuration; ``off``: module -> why it does not run, in German; ``files``: the node's files.
    ``sources``: the folders with the modules' Lua.
    """

    groups: Mapping[str, tuple[str, ...]]
    rules: frozenset[str]
    tree: Mapping[str, Any]
    off: Mapping[str, str]
    files: Mapping[str, str]
    sources: tuple[Path, ...]

    @classmethod
    def of(cls, rspamd: Rspamd) -> Registry:
        """Ask the running lab. Raises LabError when it does not answer."""
        configuration, share = rspamd.configuration, rspamd.cluster.bundle.path("usr/share/rspamd")
        return cls(
            groups=rspamd.controller.symbols(),
            rules=frozenset(entry["symbol"] for entry in rspamd.controller.get("counters")),
            tree=json.loads(configuration.dump("-j")),
            off=modules_off(configuration.dump("-m")),
            files=configuration.read(),
            sources=tuple(share / folder for folder in ("plugins", "lualib/plugins")),
        )

    @cached_property
    def names(self) -> list[str]:
        """Every name that a symbol can have here."""
        return sorted(self.rules | set(self.groups))

    @property
    def composites(self) -> Mapping[str, Any]:
        """Composite -> its object with ``expression``, ``score``, ``policy``; of one that is there twice the first counts."""
        found = self.tree.get("composites", {}).items()
        rules = ((name, rule[0] if isinstance(rule, list) else rule) for name, rule in found)
        return {name: rule for name, rule in rules if isinstance(rule, dict)}

    @property
    def profiles(self) -> Mapping[str, Any]:
        """Settings profile -> its rule."""
        return {name: rule for name, rule in self.tree.get("settings", {}).items() if isinstance(rule, dict)}

    @property
    def classifiers(self) -> frozenset[str]:
        """The symbols of statistics, such as BAYES_SPAM."""
        return frozenset(value for path, value in _leaves(self.tree.get("classifier", {})) if path[-1] == "symbol")

    def profile(self, name: str) -> Mapping[str, Any]:
        """A settings profile by its name or its ``id``; empty when there is none."""
        named = (rule for key, rule in self.profiles.items() if name in (key, rule.get("id")))
        return next(named, {})

    def roles(self) -> dict[str, str]:
        """MTA-Name as a profile asks for it (a regular expression) -> profile."""
        found: dict[str, str] = {}
        for name, rule in self.profiles.items():
            headers = rule.get("request_header", {})
            found |= {str(value): name for key, value in headers.items() if key.lower() == "mta-name"}
        return found

    def places(self, symbol: str) -> list[Place]:
        """Where modules of the merged configuration name ``symbol``: ("fuzzy_check", "rule", …), as key or value.

        The rbl module puts a prefix before the name: RBL_SPAMHAUS_SBL stands there as SPAMHAUS_SBL.
        """
        known = ("metric", "group", "composites", "settings", "force_actions", "actions")
        leaves = [
            ((module, *path), value)
            for module, section in self.tree.items()
            if module not in known and isinstance(section, dict)
            for path, value in _leaves(section)
        ]
        for name in (symbol, symbol.partition("_")[2]):
            if found := [path for path, value in leaves if name and (name == value or name in path)]:
                return found
        return []

    def switched_off(self, path: Place) -> Place:
        """The part of ``path`` with ``enabled = false``; empty when there is none."""
        found: Any = self.tree
        for depth, part in enumerate(path, 1):
            found = found.get(part) if isinstance(found, dict) else None
            if isinstance(found, dict) and found.get("enabled") is False:
                return path[:depth]
        return ()

    def module(self, symbol: str) -> str:
        """The module that is off and would give ``symbol``; "" when none would.

        The configuration names it, or the module's source does; of several, the one after which the symbol is called.
        """
        quoted = re.compile(rf"""["']{re.escape(symbol)}["']""")
        named = {path[0] for path in self.places(symbol)}
        sources = (path for folder in self.sources for path in folder.glob("*.lua"))
        named |= {path.stem for path in sources if quoted.search(path.read_text("utf-8"))}
        off = sorted(named & set(self.off), key=lambda module: (module.split("_")[0] not in symbol.lower(), module))
        return off[0] if off else ""

    def file(self, module: str) -> str:
        """The file of the node that says ``enabled = false`` for a module; "" when none does."""
        pattern = re.compile(r"^\s*enabled\s*[=:]?\s*(false|no|off)\b", re.MULTILINE | re.IGNORECASE)
        names = (f"{folder}/{module}.conf" for folder in ("override.d", "local.d"))
        return next((name for name in names if pattern.search(self.files.get(name, ""))), "")


def _leaves(node: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Each value of a tree with its path; items of lists have the list's path."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list) and node:
        for value in node:
            yield from _leaves(value, path)
    else:
        yield path, node
