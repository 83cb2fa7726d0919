"""GTP-U, the user plane of mobile networks (3GPP TS 29.281 section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from overlaysim.wire.computed import Computed, Length, Options
from overlaysim.wire.guess import ANY_IP
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket

GTP_PORT = 2152
"""The UDP port of GTP-U."""

G_PDU = 255
"""The message type of a packet in a tunnel; all others are signalling."""

PDU_SESSION_CONTAINER = 0x85
"""Extension header type of a PDU session container (TS 29.281 section 5.2.1)."""


class GTPU(Header, udp_port=GTP_PORT):
    """A GTP-U header.

    ``optional`` holds sequence number (2 bytes), N-PDU number, next extension type and all
    extension headers, as they stand; it must be there, if any of the flags ``extension``,
    ``sequenced`` and ``npdu`` is set. ``length`` counts all behind the first 8 bytes and is
    computed when None.
    """

    WIRE = (
        "version=1:3 protocol_type=1:1 spare:1 extension:flag sequenced:flag npdu:flag "
        "message:8 length:16 teid:32"
    )
    TITLE = "GTP-U"
    DRAWN: ClassVar = {
        "protocol_type": "PT:1", "extension": "E:1", "sequenced": "S:1", "npdu": "PN:1",
        "spare": "*:1",
    }  # fmt: skip
    COMPUTED = Computed(length=Length("length", without=8), options=Options("optional"))
    teid: int
    optional: bytes = b""
    extension: bool = False
    sequenced: bool = False
    npdu: bool = False
    message: int = G_PDU
    length: int | None = None
    spare: int = 0

    @property
    def header_length(self) -> int:
        """8 bytes, and the optional fields with the extension headers."""
        return 8 + len(self.optional)

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """See :meth:`Header.pack`."""
        teid, optional, extension, sequenced, npdu, message, length, spare = self
        if length is None:
            length = len(optional) + len(body)
        header: bytes = (
            self.CODEC.pack(teid, extension, sequenced, npdu, message, length, spare) + optional
        )
        return header

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        values: list[Any] = list(cls.read_fixed(data, start, end))
        place = start + 8
        if data[start] & 0b111:
            place = _end_of_extensions(data, start, end, extended=bool(data[start] & 0b100))
        values.insert(1, data[start + 8 : place])
        return tuple.__new__(cls, values)

    def extra_layout(self) -> str:
        """The three optional fields, then extension headers, each with the type of the next."""
        if len(self.optional) < 4:
            return super().extra_layout()
        parts, place = ["sequence:16 npdu_number:8 next_extension:8"], 4
        while place + 4 <= len(self.optional):
            size = min(4 * self.optional[place] or 4, len(self.optional) - place)
            parts.append(f"ext_length:8 content:{size - 2}*bytes next_extension:8")
            place += size
        rest = len(self.optional) - place
        return " ".join((*parts, f"rest:{rest}*bytes") if rest else parts)

    def body_length(self, available: int) -> int:
        """See :meth:`Header.body_length`."""
        return available if self.length is None else self.length - len(self.optional)

    def inner_binding(self) -> tuple[str, int] | None:
        """A G-PDU carries an IP packet and does not say which."""
        return ANY_IP if self.message == G_PDU else None

    def recomputed(self, inner: Header | None) -> Self:
        """See :meth:`Header.recomputed`."""
        return self.replace(length=None)


def _end_of_extensions(data: bytes, start: int, end: int, *, extended: bool) -> int:
    """Where the packet behind the optional fields begins; each extension tells the next type."""
    place = start + 12
    more = extended and place <= end and data[place - 1] != 0
    while more and place < end and data[place]:
        place += 4 * data[place]
        more = place <= end and data[place - 1] != 0
    if place > end or (more and place == end) or (more and not data[place]):
        raise MalformedPacket(f"GTPU at byte {start}: its optional fields are cut off")
    return place


def extension_header(kind: int, content: bytes) -> tuple[bytes, bytes]:
    """Return the type byte that announces an extension, and the extension itself, the last one.

    ``content`` has 2 bytes, or 4 more for each further unit (TS 29.281 section 5.2.1).
    """
    if len(content) % 4 != 2:
        raise MalformedPacket(f"a GTP-U extension of {len(content)} bytes; allowed are 2, 6, 10 …")
    return bytes((kind,)), bytes(((len(content) + 2) // 4,)) + content + b"\0"
