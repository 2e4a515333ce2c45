"""HTTP to the lab's servers, on an address or on a Unix socket."""

from __future__ import annotations

from urllib.parse import quote

import requests
import requests_unixsocket


def url(endpoint: str) -> str:
    """The URL of an endpoint: "address:port", or the path of a Unix socket."""
    return f"http+unix://{quote(endpoint, safe='')}" if endpoint.startswith("/") else f"http://{endpoint}"


def session() -> requests.Session:
    """A session that no proxy of the host sees."""
    found = requests_unixsocket.Session()
    found.trust_env = False
    return found
