"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "gtube-anzahl": r"\(1, 1\d\)",  # "Es ist eines"
    "phishing-symbole": r"DBL_PHISH +7\.5.*\n.*VIOLATED_DIRECT_SPF",  # "Am schwersten wiegt DBL_PHISH"
    "vergleich": r"neu +DBL_PHISH.*neu +DMARC_POLICY_REJECT.*neu +R_SPF_FAIL.*weg +DMARC_POLICY_ALLOW",
    "fehler": r"Zeile 2.*Anführungszeichen.*Nächster Schritt",
    "fehler-danach": r"'no action'",
    "umschlag": r"\(19\.8, 9\.3\)",  # without the envelope fewer points
}
