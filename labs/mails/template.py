"""Renders a sample mail from its Jinja2 template, with dates and message ids of now."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.header import Header
from email.utils import formatdate, make_msgid
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from labs.mails import attachments


def render(name: str) -> bytes:
    """The mail ``samples/NAME.eml`` as UTF-8 with CRLF line ends.

    Templates know ``{{ "Grüße" | header }}`` (RFC 2047), ``date()`` (RFC 5322), ``message_id("partner.example")``
    and ``attach(eicar)``: base64 lines of one of the builders in ``attachments``.
    """
    text = _environment.get_template(f"{name}.eml").render()
    return text.replace("\n", "\r\n").encode()


def _source(file: str) -> str:
    return (files(__package__) / "samples" / file).read_text("utf-8")


def _header(text: str) -> str:
    # 60 leaves room for the header's name in the first line.
    return Header(text, "us-ascii" if text.isascii() else "utf-8", maxlinelen=60).encode()


def _attach(builder: Callable[[], bytes]) -> str:
    return base64.encodebytes(builder()).decode().rstrip("\n")


_environment = Environment(  # noqa: S701 - a mail is no HTML page: escaping would change it
    loader=FunctionLoader(_source), undefined=StrictUndefined, keep_trailing_newline=True
)
_environment.filters["header"] = _header
_environment.globals.update(
    date=lambda: formatdate(localtime=True),
    message_id=lambda domain: make_msgid(domain=domain),
    attach=_attach,
    eicar=attachments.eicar,
    exe_in_zip=attachments.exe_in_zip,
    docm=attachments.docm,
    encrypted_zip=attachments.encrypted_zip,
    pixel=attachments.pixel,
    pdf=attachments.pdf,
    credit_letter=attachments.credit_letter,
)
