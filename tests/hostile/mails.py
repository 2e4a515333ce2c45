"""Mails that attack whoever looks at them or at what is said of them. Their own markup carries the attribute EVIL."""

from __future__ import annotations

import base64

from hypothesis import strategies as st

EVIL = "boese"
"""No other text has this word, so an element, attribute or value that has it was made by a mail."""

MARKUP = (
    "<script boese>alert(1)</script>", "<img src=x boese onerror=alert(1)>", "<svg boese onload=alert(1)></svg>",
    '"><iframe boese src="data:text/html,<script>alert(1)</script>">', "' boese onmouseover='alert(1)' x='",
    '<a boese href="javascript:alert(1)">x</a>', '<a boese href="https://evil.example/">Rechnung</a>', "<b boese>fett</b>",
    "</title></text></svg><style boese>*{display:none}</style>", "</pre></td></table></details></div><p boese>draussen</p>",
    "--><!-- boese ]]> <![CDATA[ boese ", "&lt;script boese&gt;", "&#60;img boese src=x&#62;", "<math boese><mi>x</mi></math>",
    "</textarea><form boese action=https://evil.example/><input boese>", "<meta boese http-equiv=refresh content=0>",
    "<base boese href=https://evil.example/>", "<use boese href=#x>", "<foreignObject boese>", "` boese=`", "\\x3cb boese\\x3e",
)  # fmt: skip
FORMULAS = (
    r"$\href{https://evil.example/}{WEB}$", r"$$\href{javascript:alert(1)}{WEB}$$", r"\(\href{https://evil.example/}{WEB}\)",
    r"\[\require{html}\class{boese}{x}\]", r"\begin{equation}\unicode{x202e}\end{equation}", "$_{", "$\\frac{", r"\$", "$",
)  # fmt: skip
OTHER_LANGUAGES = (
    "[WEB](https://evil.example/)", "![](https://evil.example/boese.png)", "{{ 7 * 7 }}", "{0}", "%s %n", "${queueid}",
    "[red]rot[/red]", "[/kein]", "javascript:alert(1)", "data:text/html,x", "=cmd|' /C calc'!A0", "'; DROP TABLE x; --",
    "postfix/smtp[1]: 4c0ffee: to=<a@b>, relay=x, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (x)",
)  # fmt: skip
CONTROLS = (
    "\x1b[31mrot\x1b[0m", "\x1b]8;;https://evil.example/\x07WEB\x1b]8;;\x07", "\x1b]0;Titel\x07", "\x9b31m", "\x08\x08\x08",
    "\x00", "\x7f", "\r\x1b[2K", "\x0b\x0c\x1c\x1d\x1e\x85", "\u202egpj.exe", "\u2066x\u2069", "\u200f\u061c\u200e",
    "\u2028neu\u2029", "\ufeff\ufffe\uffff\ufdd0", "\ufff9a\ufffab\ufffb", "\t", "\u0301" * 20, "\U000e0041", "漢😀",
)  # fmt: skip

_strange = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
texts = st.lists(
    st.sampled_from(MARKUP + FORMULAS + OTHER_LANGUAGES + CONTROLS) | _strange, min_size=1, max_size=4
).map(" ".join)
"""One to four attacks in a line."""


def _word(text: str, form: str) -> bytes:
    """A header's value: as it is, as an encoded word (RFC 2047), in a wrong or a broken encoding, or folded."""
    raw = text.encode("utf-8")
    match form:
        case "base64":
            return b"=?utf-8?b?" + base64.b64encode(raw) + b"?="
        case "quoted":
            return b"=?utf-8?q?" + b"".join(b"=%02X" % byte for byte in raw) + b"?="
        case "lies":
            return b"=?us-ascii?b?" + base64.b64encode(raw) + b"?="
        case "unknown":
            return b"=?boese?q?" + raw + b"?="
        case "broken":
            return b"=?utf-8?b?" + base64.b64encode(raw)[:-1]
        case "latin-1":
            return text.encode("latin-1", "replace") + b"\xed\xa0\x80\xff\xfe"
        case "folded":
            return raw.replace(b" ", b"\r\n\t")
    return raw


_forms = st.sampled_from(("raw", "base64", "quoted", "lies", "unknown", "broken", "latin-1", "folded"))
values = st.builds(_word, texts, _forms)
NAMES = (
    "Message-ID", "List-Id", "Received", "X-Mailer", "User-Agent", "Reply-To", "Cc", "DKIM-Signature", "List-Unsubscribe",
    "Authentication-Results", "X-Spam", "X-Spamd-Result", "References", "Return-Path", "Date", "MIME-Version", "Sender", "X",
)  # fmt: skip
headers = st.lists(st.tuples(st.sampled_from(NAMES).map(str.encode), values), max_size=5)

DISPOSITIONS = (b'attachment; filename="%s"', b"attachment; filename*=utf-8''%s", b"inline; filename=%s; x=%s", b"%s")


def _part(kind: bytes, name: bytes, disposition: bytes, body: bytes) -> bytes:
    filled = disposition.replace(b"%s", name)
    return b"Content-Type: %s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (kind.replace(b"%s", name), filled, body)


_bodies = st.lists(texts, max_size=4).map(lambda lines: "\r\n".join(lines).encode())
_pages = texts.map(
    lambda text: f'<html><a href="https://evil.example/{text}">{text}</a><img src="{text}" alt="{text}">'.encode()
)
KINDS = (
    b"text/plain; charset=utf-8", b"text/plain; charset=%s", b'text/html; charset="utf-8"', b'application/pdf; name="%s"',
    b"image/svg+xml", b"application/x-%s", b"%s", b"message/rfc822", b'multipart/mixed; boundary="%s"',
)  # fmt: skip
parts = st.builds(_part, st.sampled_from(KINDS), values, st.sampled_from(DISPOSITIONS), _bodies | _pages)


def _mail(sender: bytes, recipient: bytes, subject: bytes, more: list, huge: int, body: list, end: bytes) -> bytes:
    lines = [b"From: %s <lena.hartwig@partner.example>" % sender, b"To: %s <erika.muster@firma.example>" % recipient]
    lines += [b"Subject: %s" % (subject * huge), *(b"%s: %s" % (name, value) for name, value in more)]
    if len(body) == 1:
        return b"\r\n".join(lines) + b"\r\n" + body[0]
    lines.append(b'Content-Type: multipart/mixed; boundary="grenze"')
    return b"\r\n".join(lines) + b"\r\n\r\n" + b"".join(b"--grenze\r\n%s" % part for part in body) + end


mails = st.builds(
    _mail, values, values, values, headers, st.sampled_from((1,) * 15 + (3000,)), st.lists(parts, min_size=1, max_size=4),
    st.sampled_from((b"--grenze--\r\n", b"", b"--grenze\x00")),
)  # fmt: skip
"""Hostile mails as bytes."""

SHORT = f"{FORMULAS[0]} {MARKUP[7]} {CONTROLS[0]} {CONTROLS[9]}"
"""A formula, markup, a terminal's escape sequence and a bidirectional override: so short that no picture cuts it."""


def quiet() -> bytes:
    """A mail that attacks with sender, subject and text only, so that it is delivered."""
    short = _word(SHORT, "base64")
    return _mail(short, short, short, [], 1, [_part(KINDS[0], b"", b"inline", SHORT.encode())], b"")


def worst() -> bytes:
    """A mail that attacks in every place and has each attack as the name of an attachment. No way leads into a mailbox."""
    short = _word(SHORT, "base64")
    attached = [
        _part(b'application/x-%s; name="%s"', _word(text, "raw"), DISPOSITIONS[0], b"x")
        for text in MARKUP + FORMULAS + OTHER_LANGUAGES + CONTROLS
    ]
    text = _part(KINDS[0], b"", b"inline", SHORT.encode())
    more = [(name.encode(), short) for name in NAMES]
    return _mail(short, short, short, more, 1, [text, *attached], b"--grenze--\r\n")
