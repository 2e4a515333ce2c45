"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

import re


def sooner(text: str) -> bool:
    """„Je kürzer die Frist, desto eher fragt der Proxy den anderen Worker“."""
    long, short = map(float, re.findall(r": ([\d.]+) s", text))
    return short < long


CLAIMS = {
    "freeze-vergleich": sooner,
    "proxy": r'key = ".*compression = yes',
    "rollen": r"incoming_default · incoming_from_mx\nnur MX: .*DMARC_POLICY_ALLOW.*R_DKIM_ALLOW.*R_SPF_ALLOW",
    "rollen-kopf": r"mx1 → Received\nhub1 → .*X-Spamd-Result",
    "zweimal": r"hub1 +outgoing_prequeue\nhub1 +outgoing_default\nmailout1 +outgoing_default\n",
    "verteilung": r"200 sofort angenommen.*rspamd1 (9\d|10\d|11\d), rspamd2 (8\d|9\d|10\d|11\d)",
    "kill-einmal-ergebnis": r"[1-9]\d* nach neuem Versuch angenommen, 0 abgelehnt, 0 angenommen und verloren",
    "kill-vergleich": r"Versuch: +[1-9]\d* Mails\n.*Versuchen: +0 Mails",
    "freeze-lang-ergebnis": r"0 abgelehnt, 0 angenommen und verloren",
    "freeze-kurz-ergebnis": r"0 abgelehnt, 0 angenommen und verloren",
    "andere": r"restart rspamd1 → (200 Mails: [^\n]*0 abgelehnt, 0 angenommen und verloren.*){3}",
    "hub-weg": r"200 sofort angenommen, 0 abgelehnt, 0 angenommen und verloren",
    "alle-worker": r"mx1: 451",
    "alle-log": r"milter.*milter\.sock",
    "alle-accept-ergebnis": r"mx1: 250",  # "GTUBE wird angenommen"
    "uebung-2-451": r"mx1: 451",
}
