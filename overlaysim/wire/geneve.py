"""Geneve (RFC 8926 sections 3.3 to 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.computed import Computed, Options
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

GENEVE_PORT = 6081
"""The UDP port assigned by IANA."""


class Geneve(Header, udp_port=GENEVE_PORT):
    """A Geneve header.

    ``options`` are the packed options, a multiple of 4 bytes, 252 at most (:func:`option` packs
    one). ``protocol`` is the ethertype of what follows; taken from the next header when None.
    """

    WIRE = (
        "version=0:2 option_words:6 control:flag critical:flag reserved:6 protocol:16 "
        "vni:24 reserved2:8"
    )
    NEXT = "protocol", "ethertype"
    DRAWN: ClassVar = {
        "option_words": "opt_len:6", "control": "O:1", "critical": "C:1",
        "option_reserved": "R:3", "option_length": "length:5",
    }  # fmt: skip
    COMPUTED = Computed(options=Options("options", words="option_words", less=2))
    vni: int
    options: bytes = b""
    protocol: int | None = None
    control: bool = False
    critical: bool = False
    reserved: int = 0
    reserved2: int = 0

    @property
    def header_length(self) -> int:
        """8 bytes and the options."""
        return 8 + len(self.options)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        vni, options, protocol, *bits = self.announcing(layers, index)
        if len(options) & 3 or len(options) > 252:
            raise MalformedPacket(
                f"Geneve.options: {len(options)} bytes; allowed are multiples of 4 up to 252"
            )
        header: bytes = self.CODEC.pack(vni, protocol, *bits, len(options) >> 2) + options
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: list[Any] = list(cls.read_fixed(data, start, end))
        options_end = start + 8 + 4 * values.pop()
        if options_end > end:
            raise MalformedPacket(f"Geneve at byte {start}: the options reach beyond the packet")
        values.insert(1, data[start + 8 : options_end])
        return tuple.__new__(cls, values)

    def extra_layout(self) -> str:
        """Each option: class, type, three reserved bits, length in words, data."""
        parts, place = [], 0
        while place + 4 <= len(self.options):
            size = min(4 * (self.options[place + 3] & 0x1F), len(self.options) - place - 4)
            parts.append("option_class:16 option_type:8 option_reserved:3 option_length:5")
            if size:
                parts.append(f"option_data:{size}*bytes")
            place += 4 + size
        return " ".join(parts)


def option(kind: int, option_type: int, data: bytes) -> bytes:
    """Pack one option: class 16 bits, type 8 (top bit: critical), length in words 5, data.

    ``data`` is a multiple of 4 bytes, 124 at most. Source: RFC 8926 section 3.5.
    """
    if len(data) & 3 or len(data) > 124:
        raise MalformedPacket(f"a Geneve option of {len(data)} bytes; multiples of 4 up to 124")
    return kind.to_bytes(2, "big") + bytes((option_type, len(data) >> 2)) + data
