"""What is secret in a lab and made anew for each: passwords, keys, the lab's own certification authority.

A role (labs/nodes) names the kinds that it needs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labs.bundle import Bundle


@dataclass(frozen=True)
class Kind:
    """Secrets that are made together: their names, and how, each a text."""

    names: tuple[str, ...]
    make: Callable[[Bundle], dict[str, str]]


def password(name: str) -> Kind:
    """A password."""
    return Kind((name,), lambda bundle: {name: secrets.token_urlsafe(12)})


def generate(bundle: Bundle, kinds: Iterable[Kind], known: Mapping[str, str]) -> dict[str, str]:
    """The secrets of these kinds: those that are ``known``, and fresh ones."""
    found = dict(known)
    for kind in kinds:
        if not found.keys() >= set(kind.names):
            found |= kind.make(bundle)
    return found
