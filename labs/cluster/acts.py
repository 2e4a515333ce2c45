"""What one can do to a node, by name: as ``lab.kill`` does it, a button of the overview or an event of a stream."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

from labs.cluster.cluster import Cluster

ACTS: Mapping[str, Callable[[Cluster, str], None]] = {
    "kill": lambda cluster, node: cluster.signal(node, signal.SIGKILL),
    "freeze": lambda cluster, node: cluster.signal(node, signal.SIGSTOP),
    "resume": lambda cluster, node: cluster.signal(node, signal.SIGCONT),
    "restart": lambda cluster, node: cluster.restart(node),
    "stop": lambda cluster, node: cluster.halt(node),
}
"""Each takes the cluster and a node's name, or "NODE.SERVICE". Raises LabError: lab down, unknown node."""
