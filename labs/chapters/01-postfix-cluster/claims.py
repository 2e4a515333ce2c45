"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "eingang-spur": r"mx1 .*incoming_default.*\n.*hub1 .*incoming_from_mx.*\n.*imap1",
    "ausgang": r"hub1 .*outgoing_prequeue.*\n.*hub1 .*outgoing_default.*\n.*mailout1 .*outgoing_default.*\n.*internet1",
    "verboten": r"mx1: 554 .*\nmx1: 550 .*undeliverable.*\nhub1: 554 .*Access denied\nmailout1: 554 .*Access denied",  # "Alle vier scheitern"
    "matrix": r"verboten, der Dienst nimmt an: hier schützt nur der Paketfilter\.\nAlles ist so, wie es die Topologie",
    "postmaster": r"mx1: 450 .*Domain not found\nmx1: 250",
    "tls-ergebnis": r"mailout1 .*deferred",
    "tls-queue": r"mailout1 +deferred.*TLS is required",
    "tls-zurueck": r"mailout1 .*sent",
    "bounce": r"mailout1 .*bounced",
    "bounce-log": r"sender non-delivery notification.*hub1 .*from=<>",
}
