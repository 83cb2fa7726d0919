"""Reading capture files of the classic pcap format (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from os import PathLike

from overlaysim.wire.malformed import MalformedPacket

_ETHERNET = 1
_LONGEST = 262_144
_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""First four bytes of a file: its byte order, and how many nanoseconds its fractions count."""


def read_pcap(path: str | PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """Yield ``(time in nanoseconds since 1970, frame)`` for every frame of an Ethernet capture.

    Raises :class:`MalformedPacket` if the file is not such a capture or ends inside a frame, and
    OSError if it cannot be read.
    """
    with open(path, "rb") as file:
        header = file.read(24)
        if len(header) < 24 or header[:4] not in _MAGIC:
            raise MalformedPacket(f"{path}: is not a pcap file")
        order, fraction = _MAGIC[header[:4]]
        link_type = struct.unpack_from(f"{order}I", header, 20)[0] & 0xFFFF
        if link_type != _ETHERNET:
            raise MalformedPacket(f"{path}: link type {link_type}; only Ethernet (1) is read")
        record = struct.Struct(f"{order}IIII")
        while prefix := file.read(record.size):
            if len(prefix) < record.size:
                raise MalformedPacket(f"{path}: ends inside the header of a frame")
            seconds, parts, captured, _ = record.unpack(prefix)
            frame = file.read(captured) if captured <= _LONGEST else b""
            if len(frame) < captured:
                raise MalformedPacket(f"{path}: a frame states {captured} bytes that are not there")
            yield seconds * 1_000_000_000 + parts * fraction, frame
