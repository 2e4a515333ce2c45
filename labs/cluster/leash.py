"""The lab's leash: supervisord starts it, and when supervisord is gone, whatever ended it, it ends what is left.

A lab that was started anew meanwhile is none of its business. Source: supervisor's documentation (a program's stdin).
"""

from __future__ import annotations

import os

COMMAND = 'read -r _; exec "$LABS_PYTHON" -m labs.cluster.leash'
"""What waits in bash, for it needs no memory: stdin ends with supervisord. No word in it invites a ``pkill -f``."""

if __name__ == "__main__":
    from labs.cluster.cluster import Cluster

    Cluster(os.environ["LABS_NAME"]).end_leftovers()
