"""Attachments of the sample mails, built at run time: nothing here is stored as a file, nothing is dangerous.

Every builder but ``pdf`` returns the same bytes each time, so that hashes in multimap and HBL lessons are stable.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from uuid import uuid4

from labs.mails.vba import vba_project

PASSWORD = "Rechnung-4711"  # noqa: S105 - stands in the text of the sample zip-verschluesselt, as in real mails
MACRO = """Sub AutoOpen()
    MsgBox "Harmlose Übungsdatei, angemeldet als " & Environ("USERNAME")
End Sub
"""
OFFICE = "http://schemas.openxmlformats.org"
WORD_XML = f"""<w:document xmlns:w="{OFFICE}/wordprocessingml/2006/main"><w:body><w:p><w:r>
<w:t>Bitte klicken Sie auf „Inhalt aktivieren“, um die Bewerbung zu lesen.</w:t>
</w:r></w:p></w:body></w:document>"""


def eicar() -> bytes:
    """The EICAR test file, 68 bytes, which every virus scanner reports.

    Joined at run time, or a scanner on this machine would remove the workbook; ``+`` would not do, because Python
    stores the sum of constants in its .pyc file. Source: EICAR, "Anti-Malware Testfile".
    """
    return b"".join((rb"X5O!P%@AP[4\PZX54(P^)7CC)7}", b"$EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*"))


def exe_in_zip() -> bytes:
    """A zip with ``Paketschein.pdf.exe``: 64 bytes that look like a program and run nowhere."""
    return _zip({"Paketschein.pdf.exe": b"MZ" + bytes(62)})


def credit_letter() -> bytes:
    """A letter (RTF) whose text the lab's ClamAV knows (labs/config/clamav/signatures/spam.ndb)."""
    text = "Bargeld auf die Hand, ganz ohne Auskunft und ohne Sicherheiten!"
    return rf"{{\rtf1\ansi {text}\par}}".encode()


def docm() -> bytes:
    """A Word document with a macro that runs on opening and shows one line of text (OOXML, ECMA-376)."""
    relation = '<Relationship Id="r1" Type="{}" Target="{}"/>'
    relations = f'<Relationships xmlns="{OFFICE}/package/2006/relationships">{relation}</Relationships>'
    types = "".join(
        f'<Default Extension="{extension}" ContentType="application/{kind}"/>'
        for extension, kind in {
            "rels": "vnd.openxmlformats-package.relationships+xml",
            "xml": "vnd.ms-word.document.macroEnabled.main+xml",
            "bin": "vnd.ms-office.vbaProject",
        }.items()
    )
    document = relations.format(f"{OFFICE}/officeDocument/2006/relationships/officeDocument", "word/document.xml")
    macros = relations.format("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin")
    xml = {
        "[Content_Types].xml": f'<Types xmlns="{OFFICE}/package/2006/content-types">{types}</Types>',
        "_rels/.rels": document,
        "word/document.xml": WORD_XML,
        "word/_rels/document.xml.rels": macros,
    }
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    parts = {name: (declaration + text).encode() for name, text in xml.items()}
    return _zip({**parts, "word/vbaProject.bin": vba_project(MACRO)})


def encrypted_zip() -> bytes:
    """A zip with ``Rechnung.txt``, encrypted with ``PASSWORD`` by ZipCrypto.

    ZipCrypto and not AES, because Windows opens it without further programs, and so it is what senders of malware use.
    Source: PKWARE APPNOTE 6.1.
    """
    name, content = b"Rechnung.txt", b"Rechnung 4711\r\nZu zahlen: 1.234,56 EUR\r\n"
    crc = zlib.crc32(content)
    data = _zipcrypto(bytes(11) + struct.pack("<I", crc)[3:] + content)
    encrypted, date = 1, 0x21  # flag bit 0; 1 January 1980
    common = struct.pack("<5H3I2H", 20, encrypted, 0, 0, date, crc, len(data), len(content), len(name), 0)
    local = b"PK\x03\x04" + common + name + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(central), len(local), 0)


def pdf() -> bytes:
    """A PDF of one page with one line of text. Source: ISO 32000-1, section 7.5.

    No two are the same, as with real attachments: Rspamd remembers what a scanner said of one content.
    """
    text = b"BT /F1 18 Tf 72 770 Td (Teilnehmerliste Herbstschulung: 14 Personen) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    content, places = b"%%PDF-1.4\n%% %s\n" % uuid4().hex.encode(), []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


def pixel() -> bytes:
    """A PNG of one red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">2I5B", 1, 1, 8, 2, 0, 0, 0)
    image = zlib.compress(b"\0\xc0\x10\x20", level=0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", image) + chunk(b"IEND", b"")


def _zip(files: dict[str, bytes]) -> bytes:
    """An uncompressed zip with fixed dates: compression differs between zlib versions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _zipcrypto(plain: bytes) -> bytes:
    table = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = table[(keys[0] ^ byte) & 0xFF] ^ keys[0] >> 8
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = table[(keys[2] ^ keys[1] >> 24) & 0xFF] ^ keys[2] >> 8

    for byte in PASSWORD.encode():
        update(byte)
    cipher = bytearray()
    for byte in plain:
        mask = keys[2] & 0xFFFF | 2
        cipher.append(byte ^ (mask * (mask ^ 1) >> 8) & 0xFF)
        update(byte)
    return bytes(cipher)
