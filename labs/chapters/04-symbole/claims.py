"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "zahl": r"\([4-9]\d\d, 19\)",  # "einige Hundert", "ein kleiner Teil"
    "gewicht": r"PHISHING +4\.0 +1\.165",  # "Bringt es auch 4 Punkte? Nein"
    "bauen-ergebnis": r"phishing → 3\.0 Punkte\npillen → 1\.5 Punkte\nbank-echt → 0 Punkte",
    "one-shot-ergebnis": r"1\.5",
    "deckel": r"MISSING_SUBJECT +2\.0 +0\.5 +headers",
    "deckel-summe": r"Gewichte: 26\.0 · Punkte: 24\.5 · Mail: 24\.5",  # weights too many, scores add up
    "deckel-log": r"maximum group score 8\.00 for group headers has been reached, reduce weight of symbol MISSING_SUBJECT",
    "composite": r"DMARC_POLICY_ALLOW +-0\.5 +0\.0",
    "phasen-log": r"PHASE connfilter\n.*PHASE prefilter\n.*PHASE normal\n.*PHASE postfilter\n.*PHASE idempotent$",
    "ohne-abhaengigkeit-ergebnis": r"\(\('false',\), True\)",
    "mit-abhaengigkeit-ergebnis": r"\('true',\)",
    "genug-ergebnis": r"\((?:[7-9]|1[0-2]), 21\)",  # "Nur etwa halb so viele"; how many depends on the order
    "negativ": r"\+4,7.*neu +VIOLATED_DIRECT_SPF.*weg +R_SPF_ALLOW",
}
