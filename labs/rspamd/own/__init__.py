"""The reader's own configuration, fitted into a lab for ``labs check``."""
