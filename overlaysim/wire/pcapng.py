"""Writing capture files with several named interfaces (draft-ietf-opsawg-pcapng).

:mod:`overlaysim.wire.pcapng_reader` reads them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.pcap import ETHERNET

SECTION_HEADER = 0x0A0D0D0A
"""A block type that reads the same in both byte orders, because it stands before their mark."""
INTERFACE, PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 1, 2, 3, 6
"""Block types (sections 4.2 to 4.4; ``PACKET`` is obsolete, appendix A)."""
BYTE_ORDER = 0x1A2B3C4D
END, COMMENT, NAME, RESOLUTION, OFFSET = 0, 1, 2, 9, 14
"""Option codes (sections 3.5 and 4.2)."""

_UNKNOWN_LENGTH = 0xFFFF_FFFF_FFFF_FFFF

_PS_PER_NS = 1000


class PcapngWriter:
    """Writes Ethernet frames of ``interfaces`` to a binary file that the caller opens and closes.

    Time stamps are in nanoseconds; a finer simulated time is cut off, so order is kept.
    """

    def __init__(
        self, file: BinaryIO, interfaces: Sequence[str], *, comment: str | None = None
    ) -> None:
        self._file = file
        self._interfaces = len(interfaces)
        section = struct.pack("<IHHQ", BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH)
        file.write(_block(SECTION_HEADER, section + _options(_comment(comment))))
        for name in interfaces:
            options = [(NAME, name.encode()), (RESOLUTION, b"\x09")]
            file.write(_block(INTERFACE, struct.pack("<HHI", ETHERNET, 0, 0) + _options(options)))

    def write(
        self, interface_index: int, time_ps: int, data: bytes, comment: str | None = None
    ) -> None:
        """Add one frame, seen at ``time_ps`` picoseconds, with an optional comment.

        Raises IndexError for an interface that was not announced.
        """
        if not 0 <= interface_index < self._interfaces:
            raise IndexError(f"interface {interface_index} of {self._interfaces}")
        stamp = time_ps // _PS_PER_NS
        head = struct.pack(
            "<IIIII", interface_index, stamp >> 32, stamp & 0xFFFF_FFFF, len(data), len(data)
        )
        self._file.write(
            _block(ENHANCED_PACKET, head + _padded(data) + _options(_comment(comment)))
        )


def _comment(text: str | None) -> list[tuple[int, bytes]]:
    return [] if text is None else [(COMMENT, text.encode())]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    """Pack options with their end mark; none at all need no mark either."""
    if not options:
        return b""
    packed = b""
    for code, value in options:
        if len(value) > 0xFFFF:
            raise MalformedPacket(f"pcapng: a text of {len(value)} bytes; allowed are 65535")
        packed += struct.pack("<HH", code, len(value)) + _padded(value)
    return packed + struct.pack("<HH", END, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
