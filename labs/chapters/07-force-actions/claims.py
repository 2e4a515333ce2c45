"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "punkte": r"no action · 0\.6 Punkte\nCLAM_VIRUS_MACRO: .* · 0\.0 Punkte",  # "nur als Indikator"
    "regel-ergebnis": r"makro +reject\nauswertung +no action\nmakro-gefaelscht +add header\neicar +no action",
    "tabelle": r"entschieden durch MAKRO\n.*CLAM_VIRUS_MACRO✓ & !FROM_MACRO_PARTNER✗",
    "symbol": r"\(\('reject',\), 0\.6\)",  # "Die Punkte bleiben, wie sie waren"
    "dialog": r"C: \(die Mail\) \.\nS: 554 5\.7\.1 Dokumente mit Makros nehmen wir nicht an \(Kennung \w{10,}\)",
    "kennung": r"milter-reject: END-OF-MESSAGE",
    "selektor-ergebnis": r"554 5\.7\.1 Eicar-Signature\S* von lena\.hartwig@partner\.example \(Kennung \w{6}\)",
    "selektor-log": r"set pre-result to 'reject'",
    "selektor-falsch-ergebnis": r"\(\(could not create selector\)\) \(\(error extracting value\)\)",
    "umlaut-ergebnis": r"554 5\.7\.1 5\.7\.1 Anh  nge",
    "filter-ergebnis": r"\('reject', 1\.9, (?:[5-9]|1[01])\)",  # "Die Hälfte" is missing
    "postfilter-ergebnis": r"reject 5\.5 2[0-2]\n",  # "rund zwanzig Symbole"
    "frueh-regel": r"force_actions\.conf, Zeile 2.*FREMDES_ARCHIV, läuft aber, bevor.*cannot add dependency.*invalid symbol types",
    "frueh-tabelle": r"ARCHIV \(reject\): läuft zu früh",
    "frueh-richtig-ergebnis": r"reject bei 5,5 Punkten, entschieden durch ARCHIV",
    "gruppe": r"(?=.*Gruppen kennt force_actions nicht)(?=.*Präfixe und Optionen kennt)(?=.*HAS_ATTACHMENT hat ein Composite entfernt)",
    "luecke-tabelle": r"(?=.*GLEICH \(greylist\): nichts zu tun)(?=.*LISTE \(quarantine\): gesperrt)(?=.*STRICH \(quarantine\): gesperrt)",
    "luecke-honor": r"entschieden durch AUSSER",
    "ordnung-ergebnis": r"((reject|quarantine) bei −1,0 Punkten, entschieden durch (SCHADCODE|ANHANG)\n){5}",
    "ordnung-tabelle": r"^reject .*SCHADCODE.*ANHANG \(quarantine\): (Ausdruck falsch|gesperrt)",
    "mild-ergebnis": r"mx1: 554 .*\nmx1: 250 .*\nmx1: 554 ",
    "least-ergebnis": r"zip-verschluesselt +add header 6\.0\npillen +reject 19\.8",
    "lernen-punkte": r"autolearn spam for classifier",
    "lernen-erzwungen": r"reject 19\.8 · gelernt: nichts",
    "aus-profil": r"actions.*reject.*None",
    "aus-ergebnis": r"Schwelle aus: reject\nProfil: +no action \('reject',\).*NOT set pre-result.*action is disabled",
    "uebung-2-tabelle": r"ARCHIV \(quarantine\): gesperrt",
}
