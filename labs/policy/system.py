"""What expectations are held against: the parts of a running lab."""

from __future__ import annotations

from dataclasses import dataclass

from labs.cluster.cluster import Cluster
from labs.cluster.configurations import Configurations
from labs.cluster.watch import explained
from labs.rspamd.rspamd import Rspamd
from labs.smtp.post import Post


@dataclass(frozen=True)
class System:
    """``configurations``: of all roles that have a node now."""

    rspamd: Rspamd
    post: Post
    configurations: Configurations

    @property
    def cluster(self) -> Cluster:
        return self.rspamd.cluster

    def forget(self) -> None:
        """Empty Redis: what was learned, counted, greylisted, and what scanners said of attachments."""
        with explained(self.cluster):
            self.configurations["redis"].clear()

    def setting(self, role: str, name: str) -> str:
        """The value in force, of Postfix, Redis or Rspamd. Raises LabError for a role that has no node."""
        with explained(self.cluster):
            return self.configurations.of(role).value(name)
