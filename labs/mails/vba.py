"""A harmless VBA project as Office stores it: an OLE compound file with one macro module.

Sources: [MS-CFB] for the container, [MS-OVBA] 2.3.4.2 (dir stream), 2.3.4.1 (version-independent ``_VBA_PROJECT``) and
2.4.1 (compression).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

MODULE = "ThisDocument"
SECTOR, MINI = 512, 64
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def vba_project(code: str) -> bytes:
    """A ``vbaProject.bin`` whose only module is ThisDocument with ``code`` (lines end in LF, Windows-1252)."""
    source = f'Attribute VB_Name = "{MODULE}"\n{code}'.replace("\n", "\r\n").encode("cp1252")
    project = f'ID="{{00000000-0000-0000-0000-000000000000}}"\r\nDocument={MODULE}/&H00000000\r\nName="Lab"\r\n'
    vba = {"dir": _compress(_dir_stream()), MODULE: _compress(source), "_VBA_PROJECT": b"\xcc\x61\xff\xff\0\0\0"}
    return _compound_file({"PROJECT": project.encode("cp1252")}, vba)


def _compress(data: bytes) -> bytes:
    """One chunk of literal tokens: valid MS-OVBA compression that saves nothing; up to 3.6 kB of input."""
    tokens = b"".join(b"\0" + data[i : i + 8] for i in range(0, len(data), 8))
    return b"\x01" + struct.pack("<H", 0xB000 | len(tokens) - 1) + tokens


def _dir_stream() -> bytes:
    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HI", kind, len(data)) + data

    def short(kind: int, value: int) -> bytes:
        return record(kind, struct.pack("<H", value))

    def long(kind: int, value: int) -> bytes:
        return record(kind, struct.pack("<I", value))

    name, wide = MODULE.encode("cp1252"), MODULE.encode("utf-16-le")
    information = [
        long(0x01, 1) + long(0x02, 0x409) + long(0x14, 0x409),  # 32-bit Windows, language twice
        short(0x03, 1252) + record(0x04, b"Lab"),  # code page, project name
        record(0x05) + record(0x40) + record(0x06) + record(0x3D),  # no description, no help file
        long(0x07, 0) + long(0x08, 0),
        struct.pack("<HIIH", 0x09, 4, 1, 1),  # version: the length field is fixed and not the length
        record(0x0C) + record(0x3C),  # no constants
    ]
    module = [
        short(0x0F, 1) + short(0x13, 0xFFFF),  # one module
        record(0x19, name) + record(0x47, wide) + record(0x1A, name) + record(0x32, wide),
        record(0x1C) + record(0x48) + long(0x31, 0) + long(0x1E, 0) + short(0x2C, 0xFFFF),  # source at offset 0
        record(0x22) + record(0x2B),  # a document module
    ]
    return b"".join([*information, *module, record(0x10)])


def _compound_file(top: dict[str, bytes], vba: dict[str, bytes]) -> bytes:
    """Streams of less than 4096 bytes below the root and below a storage VBA; all of them live in the mini stream."""
    streams = {**top, **vba}
    names = ["Root Entry", "VBA", *streams]
    index = {name: number for number, name in enumerate(names)}
    mini_fat: list[int] = []
    starts, content = {}, b""
    for name, data in streams.items():
        starts[name] = len(mini_fat)
        sectors = -(-len(data) // MINI)
        mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + sectors), END]
        content += data.ljust(sectors * MINI, b"\0")

    left, right, root_child = _tree(["VBA", *top], index)
    left_vba, right_vba, vba_child = _tree(vba, index)
    left, right = left | left_vba, right | right_vba
    entries = [(ROOT, root_child, 3, len(content)), (STORAGE, vba_child, 0, 0)]
    entries += [(STREAM, FREE, starts[name], len(data)) for name, data in streams.items()]
    directory = b"".join(
        _entry(name, kind, left.get(name, FREE), right.get(name, FREE), child, start, size)
        for name, (kind, child, start, size) in zip(names, entries, strict=True)
    )
    # Sectors: 0 FAT, 1 mini FAT, 2 first half of the directory, 3… mini stream, last: second half of the directory.
    first, second = directory[: 4 * 128], directory[4 * 128 :].ljust(SECTOR, b"\0")
    content = content.ljust(-(-len(content) // SECTOR) * SECTOR, b"\0")
    used = len(content) // SECTOR
    fat = [FAT_SECTOR, END, 3 + used, *range(4, 3 + used), END, END]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 2, 0, 4096, 1, 1, END, 0)
    header += _sector([0], 109)
    return header + _sector(fat) + _sector(mini_fat) + first + content + second


def _sector(numbers: list[int], size: int = SECTOR // 4) -> bytes:
    return struct.pack(f"<{size}I", *numbers, *[FREE] * (size - len(numbers)))


def _tree(names: Iterable[str], index: dict[str, int]) -> tuple[dict[str, int], dict[str, int], int]:
    """Left and right siblings and the root of the search tree of one storage (shorter names first)."""
    ordered = sorted(names, key=lambda name: (len(name), name.upper()))
    middle = len(ordered) // 2
    left = {ordered[i]: index[ordered[i - 1]] for i in range(1, middle + 1)}
    right = {ordered[i]: index[ordered[i + 1]] for i in range(middle, len(ordered) - 1)}
    return left, right, index[ordered[middle]]


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    wide = name.encode("utf-16-le")
    black = 1
    head = wide.ljust(64, b"\0") + struct.pack("<HBB3I", len(wide) + 2, kind, black, left, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
