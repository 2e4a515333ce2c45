"""Why a symbol did not fire for a mail, from what Rspamd itself says: configuration, settings profile, trace of the scan.

The scan is repeated in a spare worker, so the running lab notices nothing.
"""

from __future__ import annotations

import difflib

from labs.rspamd.inquiry.reason import Kind, WhyNot, composite_off, points
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.search import Inquiry
from labs.rspamd.inquiry.spare import spare
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict


def why_not(rspamd: Rspamd, symbol: str, verdict: Verdict) -> WhyNot:
    """Why ``symbol`` did not fire for the mail of ``verdict``; a symbol that did fire says with how many points.

    About 0.5 s. Raises LabError: the verdict has no mail, the lab does not answer.
    """
    symbol = symbol.strip()
    hit = verdict.repeatable().symbol(symbol)
    if hit and abs(hit.score) >= abs(hit.weight):
        return WhyNot(symbol, Kind.FIRED, (points(symbol, hit.score),))
    registry = Registry.of(rspamd)
    if not hit and symbol not in registry.rules:
        return _without_rule(symbol, registry)
    with spare(rspamd.configuration) as worker:
        return Inquiry(verdict, registry, worker).answer(symbol)


def _without_rule(symbol: str, registry: Registry) -> WhyNot:
    """A name for which no rule is registered: a module that is off, points without a rule, or a wrong name."""
    if symbol == "GTUBE":
        patterns = registry.tree.get("options", {}).get("gtube_patterns", "")
        sentence = "GTUBE setzt Rspamd selbst, wenn im Text der Mail das Testmuster steht. Hier steht keines."
        return WhyNot(symbol, Kind.NO_MATCH, (sentence,), (f'options.gtube_patterns = "{patterns}"',))
    if registry.composites.get(symbol, {}).get("enabled") is False:
        return composite_off(symbol)
    if module := registry.module(symbol):
        file = registry.file(module)
        sentences = (f"{symbol} kommt vom Modul {module}, und das läuft nicht: {registry.off[module]}.",)
        if file:
            sentences += (f"In {file} steht enabled = false.",)
        elif registry.off[module] == "nicht konfiguriert":
            sentences += (
                f"Rspamd schaltet es ab, weil ihm in local.d/{module}.conf eine Angabe fehlt, zum Beispiel Server.",
            )
        return WhyNot(symbol, Kind.OFF, sentences, (f"rspamadm configdump -m: {module} {registry.off[module]}",))
    if symbol in registry.groups:
        groups = ", ".join(registry.groups[symbol])
        for place in registry.places(symbol):
            if off := registry.switched_off(place):
                path = ".".join(off)
                return WhyNot(symbol, Kind.OFF, (f"Der Teil {path} ist abgeschaltet.",), (f"{path}.enabled = false",))
        sentence = f"{symbol} hat Punkte (Gruppe {groups}), aber keine Regel, die es vergibt."
        return WhyNot(symbol, Kind.NO_RULE, (sentence,), ("nicht in der Antwort des Controllers auf /counters",))
    near = difflib.get_close_matches(symbol.upper(), registry.names, 3)
    hint = f"Meintest du {' oder '.join(near)}?" if near else "Alle Namen zeigt `lab.symbols()`."
    return WhyNot(symbol, Kind.UNKNOWN, (f"Ein Symbol {symbol} kennt diese Konfiguration nicht.", hint))
