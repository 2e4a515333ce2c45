"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "alle": r"spamwelle → True\ngrossbuchstaben → True\nphishing → False\nsauber → False",
    "warum-nicht": r"Ausdruck nicht erfüllt.*✗ DMARC_NA",
    "milder-ergebnis": r"add header \(7,0\) → greylist \(4,5\).*weg +MISSING_MID.*weg +MISSING_DATE",
    "policy": r"remove_all +Mail: 4\.5, sichtbar: 4\.5\nremove_weight +Mail: 4\.5, sichtbar: 4\.5\n"
    r"remove_symbol +Mail: 8\.0, sichtbar: 4\.5\nleave +Mail: 8\.0, sichtbar: 8\.0",
    "streit-ergebnis": r"MISSING_MID \+2,5: Symbol und Punkte bleiben\n +HAUS_EINS: nimmt das Symbol\n +HAUS_ZWEI: nimmt die Punkte\n"
    r".*VIOLATED_DIRECT_SPF: lässt beides",
    "zwang-ergebnis": r"HAUS_EINS → True\nHAUS_ZWEI → True\nMISSING_MID → False\nPunkte: 7\.0 → 4\.5",
    "weiter-reset": r"R_SPF_FAIL +1\.0 +1\.0\n.*FORGED_RECIPIENTS +2\.0 +0\.0",
    "weiter": r"R_SPF_FAIL \+1,0: Symbol und Punkte bleiben\n +SPF_FAIL_FORWARDING: nimmt die Punkte\n"
    r" +DMARC_POLICY_ALLOW_WITH_FAILURES: nimmt die Punkte\n +VIOLATED_DIRECT_SPF: lässt beides\nDMARC_POLICY_ALLOW −0,5: Symbol bleibt, Punkte fallen weg",
    "ohne-streit-ergebnis": r"−4,5 Punkte\n +weg +VIOLATED_DIRECT_SPF \+3,5\n +geändert +R_SPF_FAIL \+1,0 → 0,0",
    "was-waere": r"no action \(3,8\) → no action \(2,8\), −1,0 Punkte\n +weg +R_SPF_FAIL",
    "stufen-ergebnis": r"^\['HAUS_RISIKO', 'HAUS_PROGRAMM', 'HAUS_UNBEKANNT'\]$",  # neither hen nor egg
    "tippfehler": r"Symbol „MISING_MID“.*Meintest du MISSING_MID.*Symbol „3“",
    "tippfehler-ergebnis": r"^\['HAUS_IMMER', 'HAUS_ZAHL'\]$",
    "erwartung": r"es fehlt das Symbol HAUS_NIE.*unerwünscht ist das Symbol HAUS_IMMER.*unerwünscht ist das Symbol HAUS_ZAHL",
    "spaet-ergebnis": r"sauber → \['SPAET', 'HAUS_SIEHT_NICHTS'\]\ngtube → \[\]",
    "ungeprueft-warum": r"SPF_CHECK prüft keine Post von 10\.0\.10\.2",
}
