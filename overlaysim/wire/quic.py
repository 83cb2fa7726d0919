"""QUIC DATAGRAM frames in short-header packets, as MASQUE proxies use them.

Sources: RFC 9000 section 17.3 (short header), RFC 9221 section 4 (DATAGRAM), RFC 9297 section 2.1
(quarter stream identifier), RFC 9298 section 5 and RFC 9484 section 6 (context identifier).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.guess import ANY_IP
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

QUIC_PORT = 443
"""The UDP port of HTTP/3."""

TAG = 16
"""Bytes of the AEAD tag (RFC 9001 section 5.3)."""


class QuicDatagram(Header, udp_port=QUIC_PORT):
    """One DATAGRAM frame that fills a packet, in the clear, at the lengths it has on the wire.

    The connection identifier has 8 bytes and the packet number 2, both of which a connection is
    free to choose; stream and context identifiers are below 64 and so take one byte each. ``tag``
    stands behind the payload; None is zeros: without a key there is none.
    """

    WIRE = (
        "form=0:1 fixed=1:1 spin:1 reserved=0:2 key_phase:1 number_length=1:2 connection:64 "
        "number:16 frame=0x30:8 stream_size=0:2 stream:6 context_size=0:2 context:6"
    )
    TITLE = "QUIC DATAGRAM"
    DRAWN: ClassVar = {"number_length": "len:2", "number": "packet_number:16"}
    connection: int
    number: int
    stream: int = 0
    context: int = 0
    spin: int = 0
    key_phase: int = 0
    tag: bytes | None = None

    @property
    def tail_length(self) -> int:
        """The tag."""
        return TAG

    def tail_layout(self) -> str:
        """See :meth:`Header.tail_layout`."""
        return f"tag:{TAG}*bytes"

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        return self.CODEC.pack(*self[:6])

    def enclose(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.enclose`."""
        tag = bytes(TAG) if self.tag is None else self.tag
        if len(tag) != TAG:
            raise MalformedPacket(f"{type(self).__name__}.tag: {len(tag)} bytes; it has {TAG}")
        return self.pack(body, layers, index) + body + tag

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: tuple[Any, ...] = cls.read_fixed(data, start, end)
        if end - start < cls.CODEC.length + TAG:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: shorter than its tag")
        return tuple.__new__(cls, (*values, data[end - TAG : end]))

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(tag=None)


class QuicIpDatagram(QuicDatagram, udp_port=QUIC_PORT):
    """A DATAGRAM frame of CONNECT-IP: it carries a whole IP packet."""

    __slots__ = ()

    def inner_binding(self) -> tuple[str, int] | None:
        """A bare IP packet."""
        return ANY_IP
