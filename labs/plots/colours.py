"""The colours of the pictures: Okabe-Ito, which colour-blind readers can tell apart, and the notebook's own for text."""

from __future__ import annotations

from zlib import crc32

TEXT, SECONDARY, ALERT, PAPER = "#212223", "#545556", "#c62829", "#fefdfc"
"""Stand-ins: a figure shows them as they are, an SVG shows the colours of the notebook's theme (``THEME``)."""

THEME = {
    TEXT: "var(--jp-content-font-color1, #222)",
    SECONDARY: "var(--jp-content-font-color2, #555)",
    ALERT: "var(--jp-error-color1, #c62828)",
    PAPER: "var(--jp-layout-color1, #fff)",
}

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#999999"
PALETTE = (BLUE, VERMILLION, ORANGE, GREEN, PURPLE, SKY, YELLOW)

FAMILIES = {
    "Absenderprüfung": BLUE,
    "Sperrlisten": VERMILLION,
    "Umschlag": SKY,
    "Kopfzeilen": PURPLE,
    "Inhalt": ORANGE,
    "Anhänge": YELLOW,
    "Statistik": GREEN,
    "Composite": TEXT,  # the black of Okabe-Ito, which must be white on a dark page
    "Sonstiges": GREY,
}
"""The labels of labs/rspamd/symbols.toml; a test holds the two together."""


def of_family(label: str) -> str:
    """The colour of a family of symbols: always the same for the same label, known or not."""
    return FAMILIES.get(label) or PALETTE[crc32(label.encode("utf-8", "replace")) % len(PALETTE)]


def of_action(action: str, other: str = TEXT) -> str:
    """The colour of an action: only what loses a mail stands out."""
    return ALERT if action in ("reject", "discard") else other
