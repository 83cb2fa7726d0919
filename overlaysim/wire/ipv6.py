"""IPv6 and its hop-by-hop options (RFC 8200)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from overlaysim.wire.addresses import ip6_bytes
from overlaysim.wire.computed import Computed, Length, Options
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket


class IPv6(Header, ethertype=0x86DD, protocol=41, gpe=2):
    """An IPv6 header; ``next_header`` and ``payload_length`` are computed when None."""

    WIRE = (
        "version=6:4 traffic_class:8 flow_label:20 payload_length:16 next_header:8 hop_limit:8 "
        "src:ip6 dst:ip6"
    )
    DRAWN: ClassVar = {"traffic_class": "DSCP:6 ECN:2"}
    NEXT = "next_header", "protocol"
    COMPUTED = Computed(length=Length("payload_length", without=40), pseudo_header=("src", "dst"))
    src: str
    dst: str
    next_header: int | None = None
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0
    payload_length: int | None = None

    def pseudo_header_sum(self, protocol: int, length: int) -> int:
        """Partial checksum over the pseudo-header (RFC 8200 section 8.1)."""
        addresses = ip6_bytes(self.src) + ip6_bytes(self.dst)
        return int.from_bytes(addresses, "big") + protocol + length

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        (src, dst, next_header, hop_limit, traffic_class, flow_label,
         payload_length) = self.announcing(layers, index)  # fmt: skip
        if payload_length is None:
            payload_length = len(body)
        return self.CODEC.pack(
            src, dst, next_header, hop_limit, traffic_class, flow_label, payload_length
        )

    def body_length(self, available: int) -> int:
        """See :meth:`Header.body_length`."""
        return available if self.payload_length is None else self.payload_length

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return super().recomputed(inner).replace(payload_length=None)


class HopByHop(Header, protocol=0):
    """The hop-by-hop options header; multicast listener reports carry one (RFC 3810 section 5).

    ``options`` fills the header up to a multiple of 8 bytes, the first two bytes included.
    """

    WIRE = "next_header:8 extra_words:8"
    NEXT = "next_header", "protocol"
    TITLE = "hop-by-hop options"
    COMPUTED = Computed(options=Options("options", words="extra_words", unit=8, less=1))
    options: bytes
    next_header: int | None = None

    @property
    def header_length(self) -> int:
        """2 bytes and the options."""
        return 2 + len(self.options)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        if self.header_length % 8:
            raise MalformedPacket(
                f"{type(self).__name__}: {len(self.options)} bytes of options; use 6, 14, 22 …"
            )
        next_header = self.announcing(layers, index).next_header
        fixed = self.CODEC.pack(next_header, self.header_length // 8 - 1)
        return fixed + self.options

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        next_header, extra_words = cls.read_fixed(data, start, end)
        options_end = start + 8 * (extra_words + 1)
        if options_end > end:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: longer than the packet")
        return cls(data[start + 2 : options_end], next_header)


class DestinationOptions(HopByHop, protocol=60):
    """The destination options header, which has the same form (RFC 8200 section 4.6)."""

    __slots__ = ()
    TITLE = "destination options"


class IPv6Fragment(Header, protocol=44):
    """The fragment header (RFC 8200 section 4.5); ``offset`` is in bytes, a multiple of 8."""

    WIRE = "next_header:8 reserved:8 offset_words:13 reserved2:2 mf:flag ident:32"
    NEXT = "next_header", "protocol"
    TITLE = "IPv6 fragment"
    ident: int
    offset: int = 0
    mf: bool = False
    next_header: int | None = None
    reserved: int = 0
    reserved2: int = 0

    @property
    def is_fragment(self) -> bool:
        """Whether there is more than this piece; an "atomic fragment" is whole (RFC 6946)."""
        return self.mf or self.offset > 0

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        ident, offset, mf, next_header, reserved, reserved2 = self.announcing(layers, index)
        if offset & 7:
            raise MalformedPacket(f"IPv6Fragment: offset {offset} must be a multiple of 8 bytes")
        return self.CODEC.pack(ident, mf, next_header, reserved, reserved2, offset >> 3)

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        ident, mf, next_header, reserved, reserved2, words = cls.read_fixed(data, start, end)
        values = (ident, words << 3, mf, next_header, reserved, reserved2)
        return tuple.__new__(cls, values)

    def inner_binding(self) -> tuple[str, int] | None:
        """Only the first fragment holds the next header."""
        return None if self.offset else super().inner_binding()
