"""TCP segments (RFC 9293 section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.checksum import checksum as internet_checksum
from overlaysim.wire.checksum import insert_checksum
from overlaysim.wire.computed import Checksum, Computed, Options
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.transport import pseudo_header_sum

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
"""The bits of :attr:`TCP.flags`."""


class TCP(Header, protocol=6):
    """A TCP header; ``options`` has a multiple of 4 bytes, ``checksum`` is computed when None."""

    WIRE = (
        "src_port:16 dst_port:16 seq:32 ack:32 "
        "header_words:4 reserved:4 flags:8 window:16 checksum:16 urgent:16"
    )
    DRAWN: ClassVar = {
        "header_words": "offset:4", "flags": "CWR:1 ECE:1 URG:1 ACK:1 PSH:1 RST:1 SYN:1 FIN:1",
    }  # fmt: skip
    COMPUTED = Computed(
        checksum=Checksum("checksum", pseudo=True), options=Options("options", "header_words")
    )
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    options: bytes = b""
    urgent: int = 0
    checksum: int | None = None
    reserved: int = 0

    @property
    def header_length(self) -> int:
        """20 bytes and the options."""
        return 20 + len(self.options)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        (src_port, dst_port, seq, ack, flags, window, options, urgent, checksum,
         reserved) = self  # fmt: skip
        if len(options) & 3:
            raise MalformedPacket(f"TCP.options: {len(options)} bytes are not a multiple of 4")
        header: bytes = self.CODEC.pack(
            src_port, dst_port, seq, ack, flags, window, urgent, checksum or 0, reserved,
            5 + (len(options) >> 2),
        ) + options  # fmt: skip
        if checksum is None:
            start = pseudo_header_sum(layers, index, len(header) + len(body))
            return insert_checksum(header, 16, internet_checksum(header + body, start))
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: list[Any] = list(cls.read_fixed(data, start, end))
        options_end = start + 4 * values.pop()
        if not start + 20 <= options_end <= end:
            raise MalformedPacket(f"TCP at byte {start}: the header length is impossible")
        values.insert(6, data[start + 20 : options_end])
        return tuple.__new__(cls, values)

    def inner_binding(self) -> tuple[str, int] | None:
        """Only tunnels that look like TCP have something known behind it, in a first segment.

        STT tells a segment's place in the lower half of the sequence number.
        """
        return None if self.seq & 0xFFFF else ("tcp_port", self.dst_port)

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(checksum=None)
