"""L2TPv3 data messages over IP and over UDP (RFC 3931 sections 4.1.1 and 4.1.2).

The lengths of cookie and layer-2 sublayer are agreed on when a session is set up and stand nowhere
in a packet: each choice is a class, and a reader without the session has to guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.ethernet import TRANSPARENT_ETHERNET
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

L2TP_PORT = 1701
"""The UDP port of L2TP."""

_KNOWN_TYPES = {0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8, 0x8847}


def _frame_at(data: bytes, start: int, end: int) -> bool:
    """Whether an Ethernet frame of a type that we know can begin here."""
    return end - start >= 14 and int.from_bytes(data[start + 12 : start + 14]) in _KNOWN_TYPES


class _DataMessage(Header):
    """What data messages share: behind the fixed part stand ``cookie`` and ``sublayer``."""

    TITLE = "L2TPv3"

    EXTRA: ClassVar[int] = 0
    """Bytes of cookie and sublayer."""

    session: int
    cookie: bytes
    sublayer: bytes

    @property
    def header_length(self) -> int:
        """The fixed part and what goes with it."""
        return self.CODEC.length + len(self.cookie) + len(self.sublayer)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        *fixed, cookie, sublayer = self
        if len(cookie) + len(sublayer) != self.EXTRA:
            raise MalformedPacket(
                f"{type(self).__name__}: {len(cookie)} + {len(sublayer)} bytes of cookie and "
                f"sublayer; together they have {self.EXTRA}"
            )
        header: bytes = self.CODEC.pack(*fixed) + cookie + sublayer
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: tuple[Any, ...] = cls.read_fixed(data, start, end)
        place = start + cls.CODEC.length
        if end - place < cls.EXTRA:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: its cookie is cut off")
        extra = data[place : place + cls.EXTRA]
        return tuple.__new__(cls, (*values, extra[:8], extra[8:]))

    def inner_binding(self) -> tuple[str, int] | None:
        """The frame of an Ethernet pseudowire (RFC 4719); session 0 is a control message."""
        return ("ethertype", TRANSPARENT_ETHERNET) if self.session else None


class L2TPv3(_DataMessage, protocol=115):
    """A data message over IP without cookie and layer-2 sublayer."""

    WIRE = "session:32"
    session: int
    cookie: bytes = b""
    sublayer: bytes = b""

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Guess whether there are cookie and sublayer from where a frame can begin."""
        begin = start + 4
        if not _frame_at(data, begin, end) and _frame_at(data, begin + L2TPv3Cookie.EXTRA, end):
            return L2TPv3Cookie
        return cls


class L2TPv3Cookie(_DataMessage, protocol=115):
    """The same with a cookie of 8 bytes and the default sublayer of 4 (RFC 3931 section 4.6)."""

    EXTRA = 12
    WIRE = "session:32"
    session: int
    cookie: bytes
    sublayer: bytes = bytes(4)


class L2TPv3overUDP(_DataMessage, udp_port=L2TP_PORT):
    """A data message over UDP: a word of flags and version in front, no cookie."""

    WIRE = "control=0:1 flags:11 version=3:4 reserved:16 session:32"
    DRAWN: ClassVar = {"control": "T:1"}
    session: int
    flags: int = 0
    reserved: int = 0
    cookie: bytes = b""
    sublayer: bytes = b""

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Control messages and older versions have a form of their own, which is not read."""
        known = end - start >= 8 and data[start] >> 7 == 0 and data[start + 1] & 0xF == 3
        return cls if known else None
