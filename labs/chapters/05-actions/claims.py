"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "regler-reihe": r"3,0 Punkte → no action +250 .*\n.*5,0 Punkte → soft reject +451 .*\n.*8,0 Punkte → soft reject +451 .*\n.*16,0 Punkte → reject +554",
    "dialog-reject": r"RCPT TO.*\nS: 250 .*\nC: DATA\nS: 354 .*\nC: \(die Mail\) \.\nS: 554",
    "greylist": r"soft reject +451 .*\n.*add header +250 .*Postfach",
    "greylist-kopf": r"X-Spam', 'Yes'",
    "null-ergebnis": r"5,0 Punkte → no action +250 .*\n.*8,0 Punkte → soft reject +451",
    "modul-aus-ergebnis": r"5,0 Punkte → no action +250 .*\n.*8,0 Punkte → add header +250",
    "null-weglassen": r"'greylist': 4\.0",
    "null-reject": r"25,0 Punkte → add header +250",
    "betreff-ergebnis": r"'Probe für.*X-Spam', 'Yes'.*\n.*\[Verdacht\] Probe f ü r",
    "eigene-ergebnis": r"12,0 Punkte → quarantine +250 .*HOLD.*\n.*16,0 Punkte → reject +554.*\n.*22,0 Punkte → discard +250",
    "hold": r"mx1 +hold",
    "hold-freigeben": r"mx1 .*\n.*hub1 .*\n.*imap1",
    "klasse": r"\('add header', 1, 0\)",
}
