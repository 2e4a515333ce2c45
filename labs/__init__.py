"""The workbook's engine: a real mail cluster on loopback, without root and without Internet.

``from labs import Lab`` is all that a notebook needs.
"""

from __future__ import annotations

import importlib

__all__ = ["Lab", "LabError"]


def __getattr__(name: str):
    """Load the face only when it is asked for: the command line must answer at once."""
    if name == "Lab":
        return importlib.import_module("labs.lab").Lab
    if name == "LabError":
        return importlib.import_module("labs.errors").LabError
    raise AttributeError(f"module 'labs' has no attribute {name!r}")
