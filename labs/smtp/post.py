"""The Postfix servers of a lab: send through them, see what waits and what has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labs.cluster.cluster import Cluster, services
from labs.cluster.topology import Service
from labs.errors import LabError
from labs.mails import Mail, load_signed
from labs.progress import Progress
from labs.smtp import queue
from labs.smtp.client import NO_CLUSTER, START_CLUSTER, Delivery, send
from labs.smtp.mailbox import messages
from labs.smtp.stream import Stream, through_mx

if TYPE_CHECKING:
    import pandas as pd


class Post:
    """Raises LabError where the lab has no Postfix, or the node named none."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def send(self, mail: Mail, via: str = "mx", **envelope: Any) -> Delivery:
        """Send one mail: ``via`` mx, mx2, submission or internal. ``envelope``: values that are not the mail's own."""
        content, own = load_signed(mail, self.cluster.secrets)
        return send(self.cluster.nodes, self.cluster.secrets, content, own.changed(**envelope), via)

    def queue(self) -> pd.DataFrame:
        """What waits in the queues of all nodes: Knoten, Queue, Queue-ID, Absender, Empfänger, Grund."""
        return queue.table(queue.entries(self.cluster.bundle, self._services))

    def release(self, node: str, queue_id: str) -> None:
        """Let a mail that is held back on ``node`` go on."""
        queue.release(self.cluster.bundle, self._of(node), queue_id)

    def flush(self, node: str) -> None:
        """Let ``node`` try now what waits there."""
        queue.flush(self.cluster.bundle, self._of(node))

    def mailbox(self, user: str, newest: int) -> pd.DataFrame:
        """The newest mails in a mailbox: time, sender, subject, text."""
        return messages(self._of("imap1"), user, newest)

    def stream(
        self, mails: int, events: Mapping[float, str], mail: str, rate: float, patience: float, progress: Progress
    ) -> Stream:
        """Many mails through both MX while something happens to the nodes, see ``through_mx``."""
        return through_mx(self.cluster, mails, events, mail, rate, patience, progress)

    @property
    def _services(self) -> list[Service]:
        return [service for service in services(self.cluster.nodes) if service.role.startswith("postfix-")]

    def _of(self, node: str) -> Service:
        found = [service for service in self._services if service.node == self.cluster.node(node).name]
        if not found:
            raise LabError(NO_CLUSTER, next_step=START_CLUSTER)
        return found[0]
