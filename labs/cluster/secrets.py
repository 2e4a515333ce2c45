"""What is secret in a lab and made anew for each: passwords and the key that signs the sample mails."""

from __future__ import annotations

import secrets
import subprocess

from labs.bundle import Bundle


def generate(bundle: Bundle) -> dict[str, str]:
    """Fresh secrets: ``redis``, ``controller`` (passwords), ``dkim_key``, ``dkim_record``."""
    passwords = {name: secrets.token_urlsafe(12) for name in ("redis", "controller")}
    return passwords | _dkim_key(bundle)


def _dkim_key(bundle: Bundle) -> dict[str, str]:
    """A fresh RSA key of this lab for the sample mails: ``dkim_key`` (PEM) and ``dkim_record`` (TXT value)."""
    share = bundle.path("usr/share/rspamd")
    folders = {
        "SHAREDIR": share,
        "PLUGINSDIR": share / "plugins",
        "RULESDIR": share / "rules",
        "LUALIBDIR": share / "lualib",
    }
    output = subprocess.run(
        [
            bundle.program("rspamadm"), *(f"--var={name}={path}" for name, path in folders.items()),
            "dkim_keygen", "--selector", "lab", "--domain", "firma.example", "--bits", "2048", "--output", "plain",
        ],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    key, _, public = output.partition("-----END PRIVATE KEY-----")
    return {"dkim_key": f"{key}-----END PRIVATE KEY-----\n", "dkim_record": f"v=DKIM1; k=rsa; p={public.strip()}"}
