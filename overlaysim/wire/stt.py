"""STT, a stateless tunnel that looks like TCP to the network card (draft-davie-stt section 3).

A frame of up to 64 KiB is cut by the card (TSO) into segments. The TCP-like header's sequence
number tells the length of the whole and how far into it a segment begins; its acknowledgement
number is the same for all segments of a frame. Only the first one holds the STT header.
"""

from __future__ import annotations

from typing import ClassVar

from overlaysim.wire.ethernet import TRANSPARENT_ETHERNET
from overlaysim.wire.header import Header

STT_PORT = 7471
"""The TCP port of STT."""


class STT(Header, tcp_port=STT_PORT):
    """The STT header in front of the inner frame, 18 bytes with the padding that aligns it."""

    WIRE = (
        "version=0:8 flags:8 l4_offset:8 reserved:8 mss:16 pcp:3 has_vlan:flag vid:12 "
        "context:64 padding:16"
    )
    DRAWN: ClassVar = {"has_vlan": "V:1"}
    context: int
    flags: int = 0
    l4_offset: int = 0
    mss: int = 0
    pcp: int = 0
    has_vlan: bool = False
    vid: int = 0
    reserved: int = 0
    padding: int = 0

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """What stands behind the header in a first segment of several is only part of a frame.

        The TCP-like header in front, always 20 bytes, says how long the whole is.
        """
        total = int.from_bytes(data[start - 16 : start - 14], "big")
        return SttFirstSegment if total > end - start else cls

    def inner_binding(self) -> tuple[str, int] | None:
        """An Ethernet frame always."""
        return "ethertype", TRANSPARENT_ETHERNET


class SttFirstSegment(STT):
    """The STT header of a frame that goes on in further segments."""

    __slots__ = ()

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Whoever names this class knows that there is more."""
        return cls

    def inner_binding(self) -> tuple[str, int] | None:
        """Only a part of a frame, which nobody can read without the rest."""
        return None


def sequence(total: int, offset: int) -> int:
    """Return the sequence number of a segment: length of STT header and frame, and its place."""
    return total << 16 | offset


def place(number: int) -> tuple[int, int]:
    """Return (length of the whole, place of this segment) from a sequence number."""
    return number >> 16, number & 0xFFFF
