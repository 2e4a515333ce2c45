"""What a finding means as a rule: a German sentence for each word of ``expect`` and what came with it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase

from labs.policy.finding import Finding
from labs.policy.observation import Observation
from labs.rspamd.verdict import number

RANK = ("no action", "greylist", "add header", "rewrite subject", "soft reject", "reject")
"""The actions that a score can reach, from soft to hard."""


def smtp(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.code is None:
        return "Eine SMTP-Antwort gibt es nur, wenn die Mail durch Postfix geht: Ergänze „via“."
    if seen.code < 300:
        if not seen.action:
            return "Rspamd wurde nicht gefragt, und Postfix nimmt dann an (milter_default_action = accept)."
        return f"Rspamd rät zu „{seen.action}“; damit nimmt Postfix die Mail an."
    if seen.code >= 500:
        if seen.action == "reject":
            return "Rspamd lehnt die Mail ab; warum, sagen ihre Symbole."
        return "Postfix selbst lehnt ab, ohne Rspamds Zutun: Empfänger, Zugriffstabelle oder Relay-Regel."
    if seen.action == "soft reject":
        return f"Rspamd vertröstet den Absender ({_who_delays(seen)})."
    if "Service unavailable" in seen.reply:
        return "Der Proxy kennt die Action nicht (actions.conf der Proxys), oder kein Worker antwortet ihm."
    return "Postfix vertröstet selbst: Ein Dienst, den es fragen muss, antwortet nicht."


def reply(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.code is None and not seen.reply:
        return "Kein Modul gibt Postfix einen Text mit; dann schreibt der Proxy seinen eigenen (reject_message)."
    return "Den Text bestimmt eine andere Stelle: message in force_actions, ein Modul, reject_message oder Postfix."


def action(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    wanted, came = finding.expected, seen.action
    if not came:
        return "Postfix hat die Mail selbst abgewiesen, bevor Rspamd sie sah, oder kein Worker antwortet."
    if came == "greylist" and wanted == "soft reject":
        return "„greylist“ ist nur ein Rat; erst das Modul greylist macht daraus „soft reject“, und es braucht Redis."
    if wanted not in RANK:
        return f"„{wanted}“ erreicht keine Punktzahl: Die Regel in force_actions hat nicht ausgelöst."
    if seen.forced_by:
        return f"„{came}“ ist erzwungen ({seen.forced_by}); die Punkte der Mail zählen dann nicht."
    if came == "soft reject":
        return f"Ein Modul vertröstet den Absender ({_who_delays(seen)})."
    points = "" if seen.score is None else f" ({number(seen.score)})"
    if came in RANK and RANK.index(came) < RANK.index(wanted):
        return (
            f"Die Punkte{points} reichen nicht bis zur Schwelle, oder eine Regel in force_actions hat nicht ausgelöst."
        )
    if came in RANK:
        return f"Die Mail bekommt mehr Punkte als gedacht{points}, oder die Schwelle liegt niedriger (actions.conf)."
    return f"Eine Regel erzwingt „{came}“: Sieh in force_actions und bei den Modulen mit eigener Action nach."


def symbols(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    pattern = finding.symbol
    if weights and not any(fnmatchcase(name, pattern) for name in weights):
        nearest = difflib.get_close_matches(pattern, weights, 1)
        hint = f" Es gibt {nearest[0]}." if nearest else ""
        return f"Kein Modul kennt dieses Symbol: ein Tippfehler, oder das Modul ist ausgeschaltet.{hint}"
    if not seen.action:
        return "Rspamd hat die Mail nicht gesehen."
    if seen.forced_by and len(seen.symbols) <= 2:
        return f"{seen.forced_by} hat schon entschieden; danach läuft keine weitere Regel."
    return (
        "Die Regel gibt es, aber ihre Bedingung trifft hier nicht zu (Umschlag, Rolle, Map), ein Composite nimmt das "
        "Symbol weg, oder ein Settings-Profil schaltet sie ab."
    )


def without(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    return "Die Bedingung der Regel ist weiter als gedacht, oder die Ausnahme davon greift nicht."


def score(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.score is None:
        return "Rspamd hat die Mail nicht gesehen."
    strongest = sorted(seen.symbols.items(), key=lambda item: -abs(item[1]))[:3]
    listed = ", ".join(f"{name} {number(points, sign=True)}" for name, points in strongest if points)
    return f"Ein Symbol kam dazu, fehlt oder hat ein anderes Gewicht. Am meisten zählen: {listed or 'keine'}."


def scores(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    name, came = finding.symbol, seen.symbols.get(finding.symbol, 0)
    weight = weights.get(name, 0)
    if not came and weight:
        return "Ein Composite hat die Punkte weggenommen, oder der Deckel der Gruppe (max_score) war schon erreicht."
    if not came:
        return "Das Symbol hat kein Gewicht: In groups.conf steht es nicht oder unter einem anderen Namen."
    if weight and abs(came) > abs(weight) + 0.01:
        return f"Das Gewicht ist {number(weight)}, die Regel traf mehrfach oder stärker als 1 (one_shot begrenzt das)."
    if weight and abs(came) < abs(weight) - 0.01:
        return f"Das Gewicht ist {number(weight)}, die Regel traf schwächer als 1, oder der Deckel der Gruppe (max_score) kürzt."
    return (
        "In Kraft ist ein anderes Gewicht: Eine spätere Datei (groups.conf, override.d) oder das Modul selbst setzt es."
    )


def path(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if not seen.path:
        return "Kein Postfix hat die Mail angenommen."
    return "Ein Server hat die Mail nicht angenommen, oder transport, relayhost oder ein Alias weisen anderswohin."


def headers(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.headers is None:
        return "Rspamd lässt die Mail nicht durch: Was niemand bekommt, hat keine Kopfzeilen."
    if finding.expected.startswith("keine"):
        return "Die Kopfzeile bringt die Mail mit, und niemand entfernt sie (milter_headers: remove_upstream, remove_headers)."
    if seen.forced_by and len(seen.symbols) <= 2:
        return f"{seen.forced_by} hat schon entschieden; milter_headers läuft dann nicht."
    return "milter_headers nennt sie nicht (use), lässt diese Mail aus (skip_local, skip_authenticated), oder ihr Wert ist anders."


def learned(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.learned is None:
        return "Rspamd hat die Mail nicht gesehen."
    if seen.learned:
        return "Die Mail erreicht eine Grenze von autolearn (classifier-bayes.conf)."
    if seen.forced_by:
        return f"Erzwungene Actions ({seen.forced_by}) lernt Bayes nie."
    return (
        "autolearn ist nicht eingerichtet (classifier-bayes.conf), die Punkte reichen nicht, von dieser Sorte ist schon zu "
        "viel gelernt (check_balance), oder genau diese Mail kennt Bayes schon."
    )


def ran(finding: Finding, seen: Observation, weights: Mapping[str, float]) -> str:
    if seen.forced_by:
        return f"{seen.forced_by} hat schon entschieden; danach läuft keine weitere Regel."
    return "Ein Settings-Profil schaltet andere Regeln ab als gedacht, oder ein Modul ist an- oder ausgeschaltet."


def _who_delays(seen: Observation) -> str:
    who = seen.forced_by.lower()
    if "greylist" in who or "GREYLIST" in seen.symbols:
        return "Greylisting: Erst ein späterer Versuch kommt durch; dazu gibt es again und pause"
    if "ratelimit" in who or any(name.startswith("RATELIMIT") for name in seen.symbols):
        return "Ratelimit: Von dieser Sorte kamen zu viele Mails"
    return "soft reject" + (f" von {seen.forced_by}" if seen.forced_by else "")
