"""Redis, where Rspamd remembers things, and what it keeps. Source: https://redis.io/docs/latest/commands/"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.cells import Magic
from labs.cluster.cluster import Cluster
from labs.cluster.configuration import Configuration
from labs.cluster.role import Role
from labs.cluster.secrets import password
from labs.cluster.topology import Service
from labs.errors import Unreachable

if TYPE_CHECKING:
    import redis


class RedisConfiguration(Configuration):
    """redis.conf: a change restarts Redis, which forgets everything, because in the lab it stores nothing on disk."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, "redis", appended=("redis.conf",))

    def value(self, name: str) -> str:
        """A parameter as Redis itself gives it (sizes in bytes); empty when it does not know it."""
        with self._client() as client:
            return client.config_get(name).get(name, "")

    def usage(self) -> dict[str, int]:
        """used and limit in bytes, keys, refused: commands that ended in OOM since the start of Redis."""
        with self._client() as client:
            info = client.info("all")
        refused = int(dict(info.get("errorstat_OOM", {})).get("count", 0))
        keys = info.get("db0", {}).get("keys", 0)
        return {"used": info["used_memory"], "limit": info["maxmemory"], "keys": keys, "refused": refused}

    def learned(self) -> tuple[int, int]:
        """How many mails Bayes has learned as spam and as ham. Rspamd's controller says the same, but some seconds later."""
        with self._client() as client:
            spam, ham = client.hmget("RS", "learns_spam", "learns_ham")
        return int(spam or 0), int(ham or 0)

    def clear(self) -> None:
        """Forget everything: what was learned, counted and greylisted."""
        with self._client() as client:
            client.flushall()

    @contextmanager
    def _client(self) -> Iterator[redis.Redis]:
        """A connection. Raises Unreachable when Redis does not answer within five seconds."""
        import redis

        service = self.first
        try:
            with redis.Redis(
                host=service.address,
                port=service.ports["redis"],
                password=self.cluster.secrets["redis"],
                decode_responses=True,
                socket_timeout=5,
            ) as client:
                yield client
        except redis.RedisError as error:
            raise Unreachable(
                "Redis antwortet nicht.", why=str(error), next_step="Sieh mit `lab.status()` nach."
            ) from None


def _ready(service: Service, secrets: Mapping[str, str]) -> bool:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    with redis.Redis(
        host=service.address,
        port=service.ports["redis"],
        password=secrets["redis"],
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        try:
            return bool(client.ping())
        except redis.RedisError as error:
            raise OSError(str(error)) from error


ROLES = {
    "redis": Role(
        lambda bundle, service: [str(bundle.program("redis-server")), str(service.folder / "etc/redis.conf")],
        _ready,
        memory=5,
        secrets=(password("redis"),),
        configuration=RedisConfiguration,
        magic=Magic("redis", "Redis", "redis/redis.conf", "%%redis"),
    )
}
