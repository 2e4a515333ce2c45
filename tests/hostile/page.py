"""HTML as a browser reads it, and what in it could have been made by a mail."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.hostile.mails import EVIL

SPOKEN = ("aria-label", "title", "alt")
"""Attributes in which the text of a mail may stand."""
LINKS = ("href", "src", "action", "data", "xlink:href")
SKIPPED = {"script", "noscript", "style", "textarea", "pre", "code", "annotation", "annotation-xml"}
IGNORED = {"mathjax_ignore", "tex2jax_ignore"}
FORMULA = re.compile(r"\$|\\\(|\\\[|\\begin\s*\{|\\(eq)?ref\b")
"""What MathJax looks for with JupyterLab's settings."""
_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def forbidden(text: str) -> set[str]:
    """The characters that a terminal obeys or that reorder text, and those that no page can hold."""
    return {
        character
        for character in set(text) - {"\n", "\t"}
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in _TURNS
        or character in "\u200e\u200f\u061c\ufffe\uffff"
    }


class Page:
    """One piece of HTML."""

    def __init__(self, html: str) -> None:
        self.html, self._root = html, LexborHTMLParser(html).root

    def parts(self) -> set[tuple[str, ...]]:
        """Its kinds of elements, of their attributes, and of the schemes to which these lead."""
        found: set[tuple[str, ...]] = set()
        for node in self._elements():
            found.add((node.tag,))
            for name, value in node.attributes.items():
                found.add((node.tag, name))
                if name in LINKS:
                    found.add((node.tag, name, re.match(r"[^:#]*:|#?", value or "")[0]))
        return found

    def made_by_mail(self) -> list[str]:
        """Elements and attributes with the word that only mails have where no text may stand, and styles."""
        found = [f"{node.tag} {name}={value}" for node in self._elements() for name, value in node.attributes.items()
                 if EVIL in name or (EVIL in (value or "") and name not in SPOKEN)]  # fmt: skip
        found += [node.tag for node in self._elements() if EVIL in (node.tag or "")]
        return found + [node.text() for node in self._elements() if node.tag == "style" and EVIL in node.text()]

    def forbidden(self) -> set[str]:
        """Characters that must not be shown: in the text and the attributes as the browser has them."""
        values = (value or "" for node in self._elements() for value in node.attributes.values())
        return forbidden(self._root.text()) | forbidden("".join(values)) | forbidden(self.html)

    def formulas(self) -> list[str]:
        """Texts that MathJax would typeset: it looks everywhere but in some elements and in those told to be ignored."""
        return [text for text in self._typeset(self._root) if FORMULA.search(text)]

    def _typeset(self, node: LexborNode) -> Iterator[str]:
        classes = set((node.attributes.get("class") or "").split())
        if node.tag in SKIPPED or classes & IGNORED:
            return
        for child in node.iter(include_text=True):
            if child.tag == "-text":
                yield child.text()
            else:
                yield from self._typeset(child)

    def _elements(self) -> Iterator[LexborNode]:
        return (node for node in self._root.traverse(include_text=False))
