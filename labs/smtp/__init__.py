"""Mail through the cluster's Postfix: sending as any client, and what came of it."""
