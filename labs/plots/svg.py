"""A figure as an SVG element that stands in a page of the notebook: text as text, in the colours of the theme."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from types import MappingProxyType
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import matplotlib as mpl
from matplotlib.figure import Figure

from labs.plots.canvas import TIP
from labs.plots.colours import THEME
from labs.plots.text import FONT, clean, clean_lines

MAX_TIP = 800
"""Characters of a tooltip: a mail can fill the options of its symbols at will."""

_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "labs",
    "font.sans-serif": [FONT],
    "text.usetex": False,
    "path.sketch": None,
    "savefig.bbox": None,
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
}
_ONE_AT_A_TIME = Lock()
"""matplotlib's settings are global, and the widgets draw in threads."""

_FONTS = re.compile(r"(?<=font-family: )[^;]*|(?<=px )'[^;]*sans-serif")
_REFERENCE = re.compile(r"(^|url\()#([\w.-]+)")


def svg(figure: Figure, alt: str, tooltips: Mapping[str, str] = MappingProxyType({})) -> str:
    """Render ``figure`` as inline SVG with ``alt`` as its alternative text.

    ``tooltips``: what shows when the mouse is over an artist with the gid ``tip-NAME``, by NAME.
    The same figure gives the same string. Ids are a hash of the content, so pictures on one page do not collide.
    """
    root = ElementTree.fromstring(_render(figure))  # noqa: S314  (matplotlib's own output, no foreign markup in it)
    prefix = f"p{sha256(ElementTree.tostring(root)).hexdigest()[:10]}-"
    referenced = {name for element in root.iter() for link in _links(element) for _, name in _REFERENCE.findall(link)}
    tips = {TIP + clean(name): clean_lines(text)[:MAX_TIP] for name, text in tooltips.items()}
    for element in list(root.iter()):
        _strip(element)
        _theme(element)
        _identify(element, referenced, prefix, tips)
    width = float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        # No <title> for the whole picture: browsers would show it wherever the mouse is, over every tooltip.
        "aria-label": clean(alt),
        "stroke-linejoin": "round",
        "style": f"width: 100%; max-width: {width * 4 / 3:.0f}px; height: auto",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _render(figure: Figure) -> str:
    buffer = io.StringIO()
    with _ONE_AT_A_TIME, mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The browser has a font for emoji and Chinese even where matplotlib, which only measures, has none.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _links(element: Element) -> list[str]:
    return [value for name, value in element.attrib.items() if name.endswith("href") or "url(" in value]


def _strip(element: Element) -> None:
    """Remove what has no meaning, or too much of it, inside an HTML page: namespaces, metadata, a style for "*"."""
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    for child in list(element):
        if child.tag.endswith("}metadata") or (child.tag.endswith("}defs") and child.find("{*}style") is not None):
            element.remove(child)


def _theme(element: Element) -> None:
    """Give the element the colours and the font of the notebook."""
    style = element.get("style")
    if style:
        for stand_in, colour in THEME.items():
            style = style.replace(stand_in, colour)
        element.set("style", _FONTS.sub("sans-serif", style))


def _identify(element: Element, referenced: set[str], prefix: str, tips: Mapping[str, str]) -> None:
    """Keep only ids that something refers to, made unique; turn the id of a tooltip into its text."""
    name = element.attrib.pop("id", "")
    if name in referenced:
        element.set("id", prefix + name)
    if name in tips:
        title = Element("title")
        title.text = tips[name]
        element.insert(0, title)
    for key, value in element.attrib.items():
        if key == "href" or "url(" in value:
            element.set(key, _REFERENCE.sub(rf"\1#{prefix}\2", value))
