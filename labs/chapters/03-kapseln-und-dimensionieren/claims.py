"""What the chapter's text says of its cells' outputs, by cell id (see tests/notebooks/claims.py)."""

CLAIMS = {
    "kapseln": r"rspamd1 .* [3-9]\d\.\d\n.*rspamd2 .* [3-9]\d\.\d\n.*av1 .* [1-9]?\d\.\d$",
    "ratelimit-ergebnis": r"(no action\n){3}(soft reject\n){2}",
    "oom-ergebnis": r"(no action\n){5}",
    "oom-lernen": r"OOM command not allowed",
    "oom-log": r"cannot update rate bucket .*OOM",
    "grey-oom": r"erster Versuch: +soft reject\s+zweiter Versuch: +soft reject",
    "grey-gut": r"erster Versuch: +soft reject\s+zweiter Versuch: +no action",
    "av": r"no action.*CLAM_VIRUS_FAIL +0\.0",
    "av-strom": r"200 Mails: 200 sofort angenommen, 0 abgelehnt, 0 angenommen und verloren",
    "last-rechnung": r"40 Mails pro Sekunde: 2\n",
}
