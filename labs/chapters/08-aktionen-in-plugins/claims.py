"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "direkt": r"Absenderliste.* 6 +\n.*Virenscanner.* 1[5-9] +\n.*DMARC.* 17 +\n.*Spamfalle.* 19 +\n.*Ratelimit.*soft reject +1 ",
    "nie": r"reject: [23]\d Regeln liefen, 6 Symbole, \d DNS-Fragen; multimap beendete",  # "etwa ein Zehntel"
    "nie-log": r"set pre-result to 'reject'.*from multimap",
    "ausnahme-ergebnis": r"\('reject', None\)",
    "ausnahme-warum": r"Prüfung endete früher",
    "umbau-ergebnis": r"chef → no action\nmax.beispiel → reject",
    "bild": r"direkt: .*Indikator: reject: 3\d\d Regeln liefen, 21 Symbole, [23]\d DNS-Fragen\. 0 von",
    "least-hart": r"reject: 2\d\d Regeln liefen, 1\d Symbole.*clamav beendete die Prüfung",
    "least": r"quarantine: 3\d\d Regeln liefen, 18 Symbole, [^;]*\. 0 von",
    "least-ausnahme-ergebnis": r"bank-gefaelscht → no action bei 1[5-9]\.\d+ Punkten; Symbole zusammen: 6\.5\nphishing → no action bei .*zusammen: 15\.2",
    "alles": r"(mx1: 554 [^\n]*Virus gefunden.*){3}mx1: 250 .*fail",  # "wenn ClamAV steht, kommt alles durch"
    "text": r"ContainsMacros.*\n2 Virus gefunden: File contains macros",
    "bremse-ergebnis": r"3 no action \[\]\n4 no action \['RATELIMIT_WARN'\].*7 no action \['RATELIMIT_STOP', 'RATELIMIT_WARN'\]",
    "bremse-selektor-ergebnis": r"6 no action \[\]\n7 no action \['RATELIMIT_STOP'\]",  # "Die Warnung ist fort"
    "lernen-direkt": r"reject mit 19\.8 Punkten und 21 Symbolen · nicht gelernt",
    "lernen-zahl": r"0 +0 +0$",
    "lernen-indikator": r"autolearn spam for classifier",
    "lernen-zahl-danach": r"0 +1 +0$",
    "alle-indikator": r"Absenderliste +Indikator +reject +21.*Virenscanner +Indikator +reject +19.*DMARC +Indikator +reject +18.*Spamfalle +Indikator +reject +19.*Ratelimit +Indikator +no action +13.*rejected +als Spam",
    "richtig": r"reject: 1 Regel lief, 1 Symbol, 0 DNS-Fragen; GTUBE beendete",
}
