"""GRE (RFC 2784, RFC 2890) and the form of it that NVGRE gives a meaning (RFC 7637)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from overlaysim.wire.checksum import checksum as internet_checksum
from overlaysim.wire.checksum import insert_checksum
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

GRE_IN_UDP_PORT = 4754
"""The UDP port of GRE-in-UDP (RFC 8086 section 3)."""

_CHECKSUM, _KEY, _SEQUENCE = 0x8000, 0x2000, 0x1000
_BITS = {"key": 32, "sequence": 32, "checksum": 16, "reserved0": 9, "reserved1": 16}
_ROUTING = 0x4000  # RFC 1701; RFC 2784 section 2.3 has such packets discarded
_DRAWN = {"flags": "C:1 R:1 K:1 S:1 reserved0:9 version:3"}


class GRE(Header, protocol=47, udp_port=GRE_IN_UDP_PORT):
    """A GRE header with the optional fields that are there.

    ``key`` and ``sequence`` are left out when None. ``checksummed`` adds a checksum over header and
    payload, computed when ``checksum`` is None, and ``reserved1`` behind it. ``protocol`` is the
    ethertype of what follows; taken from the next header when None. ``reserved0`` are the nine bits
    behind the flags.
    """

    WIRE = "flags:16 protocol:16"
    NEXT = "protocol", "ethertype"
    DRAWN: ClassVar = _DRAWN
    key: int | None = None
    sequence: int | None = None
    checksummed: bool = False
    protocol: int | None = None
    checksum: int | None = None
    reserved0: int = 0
    reserved1: int = 0

    @property
    def header_length(self) -> int:
        """4 bytes, and 4 for each optional field."""
        return 4 + 4 * ((self.key is not None) + (self.sequence is not None) + self.checksummed)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        (key, sequence, checksummed, protocol, checksum, reserved0, reserved1) = self.announcing(
            layers, index
        )
        self._check_bits()
        flags = reserved0 << 3 | (_CHECKSUM if checksummed else 0)
        optional = ((checksum or 0) << 16 | reserved1).to_bytes(4, "big") if checksummed else b""
        for flag, value in ((_KEY, key), (_SEQUENCE, sequence)):
            if value is not None:
                flags |= flag
                optional += value.to_bytes(4, "big")
        header: bytes = self.CODEC.pack(protocol, flags) + optional
        if checksummed and checksum is None:
            return insert_checksum(header, 4, internet_checksum(header + body))
        return header

    def _check_bits(self) -> None:
        for name, bits in _BITS.items():
            value = getattr(self, name)
            if value is not None and value >> bits:
                raise MalformedPacket(
                    f"GRE.{name}: {value} does not fit; "
                    f"allowed is 0 to {(1 << bits) - 1} ({bits} bits)"
                )

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        protocol, flags = cls.read_fixed(data, start, end)
        if flags & 7 or flags & _ROUTING:
            raise MalformedPacket(f"GRE at byte {start}: only version 0 without routing is known")
        words = []
        place = start + 4
        for flag in (_CHECKSUM, _KEY, _SEQUENCE):
            words.append(int.from_bytes(data[place : place + 4], "big") if flags & flag else None)
            place += 4 if flags & flag else 0
        if place > end:
            raise MalformedPacket(f"GRE at byte {start}: its optional fields are cut off")
        check, key, sequence = words
        summed = check is not None
        values = (
            key, sequence, summed, protocol, check >> 16 if check is not None else None,
            flags >> 3 & 0x1FF, check & 0xFFFF if check is not None else 0,
        )  # fmt: skip
        return tuple.__new__(cls, values)

    def extra_layout(self) -> str:
        """See :meth:`Header.extra_layout`."""
        parts = ["checksum:16 reserved1:16"] if self.checksummed else []
        parts += [f"{name}:32" for name in ("key", "sequence") if getattr(self, name) is not None]
        return " ".join(parts)

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return super().recomputed(inner).replace(checksum=None)


class NVGRE(Header, protocol=47):
    """The GRE header of NVGRE: the key is a virtual subnet of 24 bits and a flow of 8.

    Flags, reserved bits and version have the only values that RFC 7637 section 3.2 allows.
    """

    WIRE = "flags=0x2000:16 ethertype=0x6558:16 vsid:24 flow_id:8"
    DRAWN: ClassVar = _DRAWN
    vsid: int
    flow_id: int = 0

    def inner_binding(self) -> tuple[str, int] | None:
        """An Ethernet frame always."""
        return "ethertype", 0x6558
