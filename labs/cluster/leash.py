"""The lab's leash: supervisord starts it (LEASH in cluster.py), and when supervisord is gone, it ends what is left.

A lab that was started anew meanwhile is none of its business. Source: supervisor's documentation (a program's stdin).
"""

from __future__ import annotations

import os

from labs.cluster.cluster import Cluster

if __name__ == "__main__":
    Cluster(os.environ["LABS_NAME"]).end_leftovers()
