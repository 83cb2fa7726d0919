"""IPv4 (RFC 791, RFC 2474, RFC 3168)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from overlaysim.wire.addresses import ip4_bytes
from overlaysim.wire.checksum import checksum as internet_checksum
from overlaysim.wire.checksum import insert_checksum
from overlaysim.wire.computed import Checksum, Computed, Length, Options
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket


class IPv4(Header, ethertype=0x0800, protocol=4, gpe=1):
    """An IPv4 header.

    ``offset`` is the fragment offset in bytes (a multiple of 8) and ``tos`` the whole octet: DSCP
    in the upper six bits, ECN in the lower two. ``protocol``, ``total_length`` and ``checksum``
    are computed when None. ``reserved`` is the unused flag bit; ``options`` has a multiple of 4
    bytes.
    """

    WIRE = (
        "version=4:4 header_words:4 tos:8 total_length:16 ident:16 "
        "reserved:flag df:flag mf:flag offset:13 "
        "ttl:8 protocol:8 checksum:16 src:ip4 dst:ip4"
    )
    NEXT = "protocol", "protocol"
    COMPUTED = Computed(
        length=Length("total_length"),
        checksum=Checksum("checksum", body=False),
        pseudo_header=("src", "dst"),
        options=Options("options", words="header_words"),
        usual={"mf": False, "offset": 0, "reserved": False, "options": b""},
    )
    DRAWN: ClassVar = {"header_words": "IHL:4", "tos": "DSCP:6 ECN:2", "df": "DF:1", "mf": "MF:1"}
    src: str
    dst: str
    protocol: int | None = None
    ttl: int = 64
    tos: int = 0
    ident: int = 0
    df: bool = False
    mf: bool = False
    offset: int = 0
    total_length: int | None = None
    checksum: int | None = None
    options: bytes = b""
    reserved: bool = False

    @property
    def header_length(self) -> int:
        """20 bytes and the options."""
        return 20 + len(self.options)

    @property
    def is_fragment(self) -> bool:
        """Whether this packet is a piece of a larger one."""
        return self.mf or self.offset > 0

    def identified(self, ident: int) -> Self:
        """Return a copy with another identification: the one field that is every packet's own."""
        (src, dst, protocol, ttl, tos, _, df, mf, offset, total_length, checksum, options,
         reserved) = self  # fmt: skip
        values = (src, dst, protocol, ttl, tos, ident, df, mf, offset, total_length, checksum,
                  options, reserved)  # fmt: skip
        return tuple.__new__(type(self), values)

    def pseudo_header_sum(self, protocol: int, length: int) -> int:
        """Partial checksum over the pseudo-header of TCP and UDP (RFC 768, RFC 9293 3.1)."""
        addresses = ip4_bytes(self.src) + ip4_bytes(self.dst)
        return int.from_bytes(addresses, "big") + protocol + length

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        (src, dst, protocol, ttl, tos, ident, df, mf, offset, total_length, checksum, options,
         reserved) = self.announcing(layers, index)  # fmt: skip
        if total_length is None:
            total_length = 20 + len(options) + len(body)
        if offset & 7 or len(options) & 3:
            raise MalformedPacket(
                f"IPv4: offset {offset} must be a multiple of 8 bytes and "
                f"the options ({len(options)} bytes) of 4"
            )
        header: bytes = self.CODEC.pack(
            src, dst, protocol, ttl, tos, ident, df, mf, offset >> 3, total_length,
            checksum or 0, reserved, 5 + (len(options) >> 2),
        ) + options  # fmt: skip
        if checksum is None:
            return insert_checksum(header, 10, internet_checksum(header))
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        (src, dst, protocol, ttl, tos, ident, df, mf, offset, total_length, checksum, reserved,
         words) = cls.read_fixed(data, start, end)  # fmt: skip
        options_end = start + 4 * words
        if not start + 20 <= options_end <= end:
            raise MalformedPacket(f"IPv4 at byte {start}: the header length is impossible")
        values = (
            src, dst, protocol, ttl, tos, ident, df, mf, offset << 3, total_length, checksum,
            data[start + 20 : options_end], reserved,
        )  # fmt: skip
        return tuple.__new__(cls, values)

    def body_length(self, available: int) -> int:
        """See :meth:`Header.body_length`."""
        if self.total_length is None:
            return available
        return self.total_length - self.header_length

    def inner_binding(self) -> tuple[str, int] | None:
        """Only the first fragment holds the next header."""
        return None if self.offset else super().inner_binding()

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return super().recomputed(inner).replace(total_length=None, checksum=None)
