"""All force_actions rules for one mail as a table: what each saw, whether it might act, and what came of it."""

from __future__ import annotations

import html

from labs.rspamd.forcing.rules import ForceActions, Judged, Outcome

_STYLE = """<style>
.lab-force table { border-collapse: collapse; font-size: 12.5px; line-height: 1.45; max-width: 100%; }
.lab-force caption { text-align: left; font-weight: bold; padding: .2em 0 .5em; color: var(--jp-content-font-color1, #222); }
.lab-force th, .lab-force td { text-align: left !important; vertical-align: top; padding: .4em .7em; white-space: normal; }
.lab-force tbody tr { border-top: 1px solid var(--jp-border-color2, #ccc); }
.lab-force tr.decides { box-shadow: inset 4px 0 0 #0072B2; }
.lab-force code { overflow-wrap: anywhere; font-size: 12px; }
.lab-force .atom { border: 1.5px solid #009E73; border-radius: 4px; padding: 0 .25em; white-space: nowrap; }
.lab-force .atom.false { border: 1px dashed #888; }
.lab-force .what { font-weight: bold; white-space: nowrap; }
.lab-force th code, .lab-force th .small { white-space: nowrap; }
.lab-force .small { color: var(--jp-content-font-color2, #555); }
.lab-force .lab-notice { border-left: 4px solid #B26A00; padding: .2em .8em; }
</style>"""
_GLYPHS = {
    Outcome.DECIDES: "→", Outcome.LATE: "≈", Outcome.WEAKER: "≈", Outcome.OFF: "○", Outcome.SAME: "=",
    Outcome.BARRED: "⊘", Outcome.FALSE: "✗", Outcome.EARLY: "✗", Outcome.NOT_RUN: "–", Outcome.BROKEN: "!",
}  # fmt: skip
"""A sign before the words, never without them."""


def force_html(found: ForceActions) -> str:
    """The table as escaped HTML, in the order in which the rules ran."""
    rows = "".join(_row(place, judged) for place, judged in enumerate(found.rules, 1))
    titles = ("", "Regel", "Ausdruck", "Mail bis dahin", "Darf die Regel?", "Ergebnis")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    caption = f"<caption>{html.escape(found.headline)}</caption>"
    warning = f'<p class="lab-notice" role="alert">{html.escape(found.warning)}</p>' if found.warning else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>" if rows else ""
    empty = "" if rows else "<p>force_actions.conf enthält keine Regel.</p>"
    return f'{_STYLE}<div class="lab-force" style="overflow-x:auto"><table>{caption}{body}</table>{empty}{warning}{_LEGEND if rows else ""}</div>'


_LEGEND = (
    '<p class="small"><span class="atom">NAME ✓</span> hat angeschlagen · <span class="atom false">NAME ✗</span> fehlt, '
    "als die Regel lief · Die Reihenfolge ist die, in der die Regeln liefen.</p>"
)


def _row(place: int, judged: Judged) -> str:
    rule, sight = judged.rule, judged.sight
    glyph, before = _GLYPHS[judged.outcome], html.escape(sight.action) if sight else "–"
    action = f'<br><span class="small">→ {html.escape(rule.action or "ohne action")}{" (least)" if rule.least else ""}</span>'
    mark = ' class="decides"' if judged.outcome is Outcome.DECIDES else ""
    return (
        f'<tr{mark}><td>{place}</td><th scope="row"><code>{html.escape(rule.name)}</code>{action}</th>'
        f"<td>{_expression(judged)}</td><td>{before}</td><td>{_allowed(judged)}</td>"
        f'<td><span class="what"><span aria-hidden="true">{glyph}</span> {html.escape(judged.outcome.value)}</span>'
        f'<br><span class="small">{html.escape(judged.why)}</span></td></tr>'
    )


def _expression(judged: Judged) -> str:
    """The expression with a frame around each atom, and what it was worth as a whole."""
    pieces = []
    for text, true in judged.parts:
        name = html.escape(text)
        if true is None:
            pieces.append(name)
        else:
            kind, sign, said = ("", "✓", "wahr") if true else (" false", "✗", "falsch")
            pieces.append(f'<span class="atom{kind}" title="{said}">{name} {sign}</span>')
    whole = {True: "also wahr", False: "also falsch", None: ""}[judged.true]
    return f'<code>{"".join(pieces)}</code><br><span class="small">{whole}</span>'


def _allowed(judged: Judged) -> str:
    """What the rule says about the actions that it may replace, and whether this one is among them."""
    rule, sight = judged.rule, judged.sight
    if not rule.postfilter:
        return 'ja<br><span class="small">ohne require_action: läuft als Filter, vor den Composites</span>'
    lists = []
    if rule.require is not None:
        lists.append(f"require_action: {', '.join(rule.require) or 'leer'}")
    if rule.honor is not None:
        lists.append(f"honor_action: {', '.join(rule.honor) or 'leer'}")
    said = "–" if not sight else "ja" if rule.allows(sight.action) else "nein"
    return f'{said}<br><span class="small">{html.escape("; ".join(lists))}</span>'
