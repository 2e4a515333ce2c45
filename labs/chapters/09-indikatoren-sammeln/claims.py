"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "plan-bild": r"reject.*MALWARE.*\n.*CLAM_VIRUS.*av_malware.*POLICY_MALWARE",
    "viren": r"eicar +\['CLAM_VIRUS'\] → reject, -1\.0 .*\nmakro +\['CLAM_VIRUS_MACRO'\] → reject, 0\.6 .*\nzip-verschluesselt +\['CLAM_VIRUS_ENCRYPTED'\] → quarantine.*\nspamwelle +\['CLAM_SPAM'\] → add header",
    "ausnahme": r"no action.*EXCEPTION_MACRO",
    "faelschung": r"reject.*MACRO",
    "richtung": r"incoming_default +→ reject\nincoming_from_mx +→ add header\ninternal +→ add header\noutgoing_prequeue +→ reject\noutgoing_default +→ reject",
    "policy-spam": r"makro: reject .*gelernt: nein\npillen: reject .*gelernt: ja",
    "training": r"Alle 2 Erwartungen gelten",
    "grenze": r"20: no action +\[\]\n.*21: no action +\['RATELIMIT_USER_NOTIFY'\]\n.*100: no action .*\n.*101: reject +\[.*RATELIMIT_USER_REJECT",
    "meldung-senden": r"internet1 .*sent",
    "meldung": r"rspamd@firma\.example.*Ungewoehnlich viel Post von erika",
    "warum": r"Vorhanden: .*EXCEPTION_MACRO",
    "warum-lernen": r"Nicht vorhanden: INCOMING",
    "was-wenn": r"add header \(11,5\) → reject \(15,5\).*CLAM_SPAM \+8,0 → \+12,0",
}
