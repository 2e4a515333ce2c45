"""Questions to a second, spare worker: what ran, why not, what if."""
