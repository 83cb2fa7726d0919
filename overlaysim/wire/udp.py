"""UDP (RFC 768)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from overlaysim.wire.checksum import checksum as internet_checksum
from overlaysim.wire.checksum import insert_checksum
from overlaysim.wire.computed import Checksum, Computed, Length
from overlaysim.wire.header import Header
from overlaysim.wire.transport import pseudo_header_sum


class UDP(Header, protocol=17):
    """A UDP header; ``length`` and ``checksum`` are computed when None.

    A checksum of 0 means that the sender made none; a computed 0 travels as 0xffff.
    """

    WIRE = "src_port:16 dst_port:16 length:16 checksum:16"
    COMPUTED = Computed(
        length=Length("length"), checksum=Checksum("checksum", pseudo=True, nonzero=True)
    )
    src_port: int
    dst_port: int
    length: int | None = None
    checksum: int | None = None

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        src_port, dst_port, length, checksum = self
        if length is None:
            length = 8 + len(body)
        header = self.CODEC.pack(src_port, dst_port, length, checksum or 0)
        if checksum is None:
            start = pseudo_header_sum(layers, index, length)
            return insert_checksum(header, 6, internet_checksum(header + body, start) or 0xFFFF)
        return header

    def body_length(self, available: int) -> int:
        """See :meth:`Header.body_length`."""
        return available if self.length is None else self.length - 8

    def inner_binding(self) -> tuple[str, int] | None:
        """See :meth:`Header.inner_binding`."""
        return "udp_port", self.dst_port

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`; a packet sent without a checksum stays without."""
        return self.replace(length=None, checksum=None if self.checksum else self.checksum)
