"""Generic UDP Encapsulation (draft-ietf-intarea-gue section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.computed import Computed, Options
from overlaysim.wire.guess import AnyIP
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

GUE_PORT = 6080
"""The UDP port assigned by IANA."""


class GUE(Header, udp_port=GUE_PORT):
    """A GUE header of variant 0; ``protocol`` is the IP protocol of what follows.

    ``extensions`` are a multiple of 4 bytes. Variant 1 has no header at all: a bare IP packet,
    whose version nibble begins with the bits of the variant.
    """

    WIRE = "variant=0:2 control:flag extension_words:5 protocol:8 flags:16"
    NEXT = "protocol", "protocol"
    DRAWN: ClassVar = {"control": "C:1", "extension_words": "Hlen:5"}
    COMPUTED = Computed(options=Options("extensions", words="extension_words", less=1))
    protocol: int | None = None
    control: bool = False
    flags: int = 0
    extensions: bytes = b""

    @property
    def header_length(self) -> int:
        """4 bytes and the extensions."""
        return 4 + len(self.extensions)

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """A header of variant 0, or the bare packet of variant 1."""
        return AnyIP.choose(data, start, end) if start < end and data[start] >> 6 == 1 else cls

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        protocol, control, flags, extensions = self.announcing(layers, index)
        if len(extensions) & 3 or len(extensions) > 124:
            raise MalformedPacket(
                f"GUE.extensions: {len(extensions)} bytes; allowed are multiples of 4 up to 124"
            )
        header: bytes = self.CODEC.pack(protocol, control, flags, len(extensions) >> 2) + extensions
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: list[Any] = list(cls.read_fixed(data, start, end))
        extensions_end = start + 4 + 4 * values.pop()
        if extensions_end > end:
            raise MalformedPacket(f"GUE at byte {start}: the extensions reach beyond the packet")
        values.append(data[start + 4 : extensions_end])
        return tuple.__new__(cls, values)

    def inner_binding(self) -> tuple[str, int] | None:
        """A control message carries no packet."""
        return None if self.control else super().inner_binding()
