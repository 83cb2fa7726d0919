"""ICMP (RFC 792) and ICMPv6 (RFC 4443): the eight bytes that all messages share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from overlaysim.wire.checksum import checksum as internet_checksum
from overlaysim.wire.checksum import insert_checksum
from overlaysim.wire.computed import Checksum, Computed
from overlaysim.wire.header import Header
from overlaysim.wire.transport import pseudo_header_sum

ECHO_REPLY = 0
UNREACHABLE = 3
ECHO_REQUEST = 8
TIME_EXCEEDED = 11
"""ICMP message types."""

PORT_UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
"""Codes of :data:`UNREACHABLE`."""

ERRORS = (UNREACHABLE, 4, 5, TIME_EXCEEDED, 12)
"""ICMP messages that report an error (RFC 1122 section 3.2.2; Linux ``icmp_is_err``)."""

PACKET_TOO_BIG, TIME_EXCEEDED_6 = 2, 3
"""ICMPv6 message types (RFC 4443 sections 3.2 and 3.3); those below 128 report errors."""


class ICMP(Header, protocol=1):
    """An ICMP message; ``checksum`` is computed when None.

    The second word holds identifier and sequence number in echo messages. In "fragmentation needed"
    ``sequence`` is the MTU of the next hop (RFC 1191 section 4) and ``ident`` unused.
    """

    WIRE = "type:8 code:8 checksum:16 ident:16 sequence:16"
    COMPUTED = Computed(checksum=Checksum("checksum"))
    type: int
    code: int = 0
    ident: int = 0
    sequence: int = 0
    checksum: int | None = None

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        kind, code, ident, sequence, checksum = self
        header = self.CODEC.pack(kind, code, ident, sequence, checksum or 0)
        if checksum is None:
            return insert_checksum(header, 2, internet_checksum(header + body))
        return header

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(checksum=None)


class ICMPv6(Header, protocol=58):
    """An ICMPv6 message; neighbour discovery and the like keep their bodies in the payload.

    ``ident`` and ``sequence`` are the second word: so named in echo messages (types 128 and 129),
    reserved bits, flags or counts in the others. The checksum covers the IPv6 addresses too.
    """

    WIRE = "type:8 code:8 checksum:16 ident:16 sequence:16"
    COMPUTED = Computed(checksum=Checksum("checksum", pseudo=True))
    type: int
    code: int = 0
    ident: int = 0
    sequence: int = 0
    checksum: int | None = None

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        kind, code, ident, sequence, checksum = self
        header = self.CODEC.pack(kind, code, ident, sequence, checksum or 0)
        if checksum is None:
            start = pseudo_header_sum(layers, index, len(header) + len(body))
            return insert_checksum(header, 2, internet_checksum(header + body, start))
        return header

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(checksum=None)
