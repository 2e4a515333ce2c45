"""What a notebook shows is text, never a formula: a subject such as ``$\\href{https://evil.example/}{Rechnung}$`` is no link.

JupyterLab has MathJax typeset all HTML output. MathJax 3 and 4 leave alone what is in an element of the class
``mathjax_ignore``, MathJax 2 (nbclassic, nbviewer) what is in one of the class ``tex2jax_ignore``.
"""

from __future__ import annotations

from typing import Any

from IPython.core.formatters import DisplayFormatter


class Literal(DisplayFormatter):
    """A kernel's formatter through which every HTML output goes, whatever made it."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data, metadata = super().format(obj, include, exclude)
        if html := data.get("text/html"):
            data["text/html"] = f'<div class="mathjax_ignore tex2jax_ignore">{html}</div>'
        return data, metadata
