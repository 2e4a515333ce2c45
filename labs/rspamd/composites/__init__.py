"""Composites: read an expression, evaluate it, predict what all of them do to a mail."""
