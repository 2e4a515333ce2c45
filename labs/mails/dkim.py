"""DKIM for the sample mails (RFC 6376); the record that belongs to it is in ``config/unbound/internet.conf``."""

from __future__ import annotations

import dkim

SELECTOR = "lab"


def sign(mail: bytes, domain: str, key: bytes) -> bytes:
    """``mail`` (CRLF) with a DKIM-Signature of ``domain`` in front; ``key`` is a PEM RSA key.

    Raises ``dkim.KeyFormatError`` for anything that is not such a key.
    """
    return dkim.sign(mail, SELECTOR.encode(), domain.encode(), key, canonicalize=(b"relaxed", b"relaxed")) + mail
