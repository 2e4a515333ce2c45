"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "karte": r"incoming_default +reject .*outgoing_default +reject .*outgoing_no_action +no action .*lief nicht",
    "karte-eicar": r"incoming_from_mx +quarantine .*outgoing_prequeue +no action ",
    "welches": r"Es gilt das Profil incoming_default\. Rspamd sagt dasselbe",
    "tippfehler": r"reject → no action\n.*Es gilt kein Profil\. Rspamd sagt dasselbe",
    "ausdruck-ergebnis": r"192\.0\.2\.10 → incoming_default · 0 Punkte\n203.* → partner_von_fremd · 3\.0 Punkte",
    "zwei-ergebnis": r"Es gilt das Profil a_partner\..*dazu: GESCHAEFT\. Rspamd sagt dasselbe",
    "zwei-log": r"no action 4\.\d \['GESCHAEFT', 'PARTNER'\]\n.*cannot apply settings rule b_geschaeft",
    "id": r"incoming_default · INTERNAL: False\ninternal · INTERNAL: False",
    "innen-ergebnis": r"a → 1 .*: \[\]\nb → 2 .*: \['ROLLE_B'\]\nc → [12]\d .*: \['ROLLE_C'\]",
    "flags-ergebnis": r"aussen +reject +2\d .*innen +no action +0 .*teile +reject +2\d ",
    "null-ergebnis": r"no action · True\n.*NOT set pre-result to 'reject'.*action is disabled",
    "kopf": r"mx1 incoming_default → [^\n]*X-Spamd-Result[^\n]*\nhub1 incoming_from_mx → Received\n",
    "schnell": r"outgoing_default +4\d Regeln +2\d DNS.*outgoing_prequeue +2\d Regeln +[1-9] DNS.*no_action +\d Regeln +0 DNS",
    "schnell-regeln": r"HFILTER_CHECK.*RBL_CALLBACK.*SPAMHAUS_CHECK",  # "Diese Regeln arbeiten umsonst"
    "symbol": r"incoming_default +reject +POLICY_MACRO: True(\n\w+ +no action +POLICY_MACRO: False){4}",
    "want-ergebnis": r"(\w+ → no action · 0 Symbole · übersprungen: True\s*){2}",
    "want-beide": r"'no action'",
    "fehler-ergebnis": r"^no action\n.*Es gilt kein Profil\. Rspamd sagt dasselbe.*Daran scheitern alle Profile",
    "fehler-pruefen": r"✗ Post von außen trägt INCOMING",
    "uebung-3-frage": r"bereitschaft +wirft Rspamd weg: Es fehlt apply",
}
