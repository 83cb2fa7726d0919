"""WireGuard's transport data messages (white paper, section 5.4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from overlaysim.wire.guess import ANY_IP, ip_at
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

WIREGUARD_PORT = 51_820
"""The customary UDP port; there is no assigned one."""

DATA = 4
"""The type of a data message; 1 to 3 are the handshake."""

TAG = 16
"""Bytes of the Poly1305 tag behind the ciphertext."""


_FRONT = "message=4:8 reserved:24 receiver:32 counter:64"


class _DataMessage(Header):
    """What data messages share; ``receiver`` and ``counter`` are little-endian on the wire."""

    TITLE = "WireGuard"

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Messages of the handshake have a form of their own, which is not read."""
        return cls if end - start >= 32 and data[start] == DATA else None

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        receiver, counter, reserved = self[:3]
        if receiver >> 32 or counter >> 64:
            return self.CODEC.pack(receiver, counter, reserved)  # which says what is wrong
        return self.CODEC.pack(_turned(receiver, 4), _turned(counter, 8), reserved)

    @classmethod
    def read_fixed(cls, data: bytes, start: int, end: int) -> tuple[Any, ...]:
        """See :meth:`Header.read_fixed`."""
        receiver, counter, reserved = super().read_fixed(data, start, end)
        return _turned(receiver, 4), _turned(counter, 8), reserved


class WireGuard(_DataMessage, udp_port=WIREGUARD_PORT):
    """The front of a data message; what follows is ciphertext and its tag."""

    WIRE = _FRONT
    receiver: int
    counter: int
    reserved: int = 0


class OpenWireGuard(_DataMessage, udp_port=WIREGUARD_PORT):
    """A data message with its packet in the clear, at the lengths it has on the wire.

    ``padding`` (zeros) and ``tag`` stand behind the packet; ``tag`` None is zeros: without a key
    there is none. What is padding only the length of the IP packet says.
    """

    WIRE = _FRONT
    PADDING = "zeros up to a multiple of 16 bytes, but never beyond the device's MTU"
    receiver: int
    counter: int
    reserved: int = 0
    padding: bytes = b""
    tag: bytes | None = None

    @classmethod
    def around(cls, length: int, receiver: int, counter: int, mtu: int) -> Self:
        """Return the header for a packet of ``length`` bytes through a device with this MTU.

        The padding fills up to 16 bytes, but not beyond the MTU (Linux
        ``drivers/net/wireguard/send.c``, calculate_skb_padding).
        """
        padded = max(length, min(-(-length // 16) * 16, mtu))
        return cls(receiver, counter, 0, bytes(padded - length))

    @property
    def tail_length(self) -> int:
        """Padding and tag."""
        return len(self.padding) + TAG

    def tail_layout(self) -> str:
        """See :meth:`Header.tail_layout`."""
        return f"padding:{len(self.padding)}*bytes tag:{TAG}*bytes"

    def enclose(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.enclose`."""
        tag = bytes(TAG) if self.tag is None else self.tag
        if len(tag) != TAG:
            raise MalformedPacket(f"OpenWireGuard.tag: {len(tag)} bytes; it has {TAG}")
        return self.pack(body, layers, index) + body + self.padding + tag

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        front = cls.read_fixed(data, start, end)
        if end - start < cls.CODEC.length + TAG:
            raise MalformedPacket(f"{cls.__name__} at byte {start}: shorter than its tag")
        begin, check = start + cls.CODEC.length, end - TAG
        padding = data[begin + _packet_length(data, begin, check) : check]
        return tuple.__new__(cls, (*front, padding, data[check:end]))

    def inner_binding(self) -> tuple[str, int] | None:
        """An IP packet; without one the message only keeps the session alive."""
        return ANY_IP

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(tag=None)


def _packet_length(data: bytes, start: int, end: int) -> int:
    """Bytes of the IP packet at ``start``; all there are if it is none or claims more."""
    room = end - start
    kind = ip_at(data, start, end)
    if kind is None:
        return room
    header = kind.parse(data, start, end)
    return min(room, header.header_length + header.body_length(room - header.header_length))


def _turned(number: int, size: int) -> int:
    """The number that the same bytes are in the other byte order."""
    return int.from_bytes(number.to_bytes(size, "big"), "little")
