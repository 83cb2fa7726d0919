"""A packet taken apart for drawing: its headers, what stands behind them, and every field.

Which fields there are, and how wide, is what the header classes declare (``WIRE`` and what goes
with it); the values are those of the packed packet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from overlaysim.errors import InputError
from overlaysim.report.headers.anatomy import (
    LINK,
    NETWORK,
    PAYLOAD,
    TRANSPORT,
    TUNNEL,
    Box,
    Field,
    Section,
    Sheet,
)
from overlaysim.report.headers.labels import label_of
from overlaysim.report.headers.values import default_text, note_on_parts, value_text
from overlaysim.wire import (
    ICMP,
    TCP,
    UDP,
    Dot1Q,
    Ethernet,
    Header,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    IPv6Fragment,
    Packet,
)
from overlaysim.wire.layout import FieldLayout, read_layout

_ROLES: tuple[tuple[tuple[type[Header], ...], str], ...] = (
    ((Ethernet, Dot1Q), LINK),
    ((IPv4, IPv6, HopByHop, IPv6Fragment), NETWORK),
    ((UDP, TCP, ICMP, ICMPv6), TRANSPORT),
)
_ANNOUNCING = ("ethertype", "protocol", "next_protocol", "next_header", "dst_port")
"""Names of the fields that say what follows."""

Notes = Mapping[tuple[int, str], str]
"""What to say of a field: (place of the header, name of the field) -> words."""


class Exhibit(Protocol):
    """A packet and words about it, such as an example of an encapsulation.

    The attributes are those of :func:`sections_of` and of :class:`Sheet`.
    """

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def packet(self) -> Packet: ...  # noqa: D102
    @property
    def facts(self) -> Sequence[tuple[str, str]]: ...  # noqa: D102
    @property
    def added(self) -> Collection[int]: ...  # noqa: D102
    @property
    def notes(self) -> Notes: ...  # noqa: D102
    @property
    def left_out(self) -> int: ...  # noqa: D102


def sections_of(
    packet: Packet, added: Collection[int] = (), notes: Notes | None = None
) -> tuple[Section, ...]:
    """Take a packet apart, outermost first.

    Args:
        packet: with a payload of any kind.
        added: places of the headers that are there because of an encapsulation.
        notes: words on single fields.

    Raises:
        MalformedPacket: it cannot be packed.
        InputError: a header class describes more or fewer bytes than it packs.
    """
    return _TakenApart(packet, added, notes or {}).sections()


def sheet_of(exhibit: Exhibit) -> Sheet:
    """Take a packet apart together with what is to be said of it; raises as :func:`sections_of`."""
    sections = sections_of(exhibit.packet, exhibit.added, exhibit.notes)
    return Sheet(exhibit.title, sections, tuple(exhibit.facts), exhibit.left_out)


def title_of(header: Header) -> str:
    """What people call a header."""
    return header.TITLE or type(header).__name__


class _TakenApart:
    def __init__(self, packet: Packet, added: Collection[int], notes: Notes) -> None:
        self._data = packet.pack()
        self._packet = packet
        self._explicit = packet.resolved().layers
        self._added = added
        self._notes = notes
        self._starts = [0]
        """Where each header begins, and what stands behind the last one."""
        for header in packet.layers:
            self._starts.append(self._starts[-1] + header.header_length)

    def sections(self) -> tuple[Section, ...]:
        """All of them, in the order of their bytes."""
        return (*self._headers(), *self._behind())

    def _headers(self) -> Iterator[Section]:
        for place, header in enumerate(self._packet.layers):
            layout = (*type(header).fields(), *read_layout(header.extra_layout()))
            yield self._section(place, title_of(header), self._starts[place], layout)

    def _behind(self) -> Iterator[Section]:
        """Payload, then trailers and what the packet has behind its layers, innermost first."""
        packet, start = self._packet, self._starts[-1]
        if packet.payload:
            yield self._bytes("payload", start, packet.payload_length)
            start += packet.payload_length
        trailers = dict(packet.trailers)
        for place in reversed(range(len(packet.layers))):
            header = packet.layers[place]
            if header.tail_length:
                layout = read_layout(header.tail_layout())
                yield self._section(place, f"{title_of(header)} trailer", start, layout)
                start += header.tail_length
            if extra := trailers.get(place):
                yield self._bytes(f"padding behind {title_of(header)}", start, len(extra))
                start += len(extra)

    def _bytes(self, title: str, start: int, length: int) -> Section:
        data = self._data[start : start + length]
        text = value_text("payload", 8 * length, data)
        box = Box(title, 8 * length, text)
        field = Field(title, 8 * length, True, text, "-", "", (box,))
        return Section(title, PAYLOAD, start, data, (field,))

    def _section(
        self, place: int, title: str, start: int, layout: tuple[FieldLayout, ...]
    ) -> Section:
        header, front = self._packet.layers[place], start == self._starts[place]
        length = header.header_length if front else header.tail_length
        left = 8 * length
        if (described := sum(field.bits for field in layout)) != left:
            raise InputError(
                f"{title} has {length} bytes, its layout describes {described / 8:g}; "
                f"extra_layout and tail_layout must tell of all that is not in WIRE"
            )
        data = self._data[start : start + length]
        number = int.from_bytes(data, "big")
        fields = []
        for field in layout:
            left -= field.bits
            fields.append(self._field(place, field, number >> left & (1 << field.bits) - 1))
        return Section(
            title, next((role for kinds, role in _ROLES if isinstance(header, kinds)), TUNNEL),
            start, data, tuple(fields), 8 * ((start - self._starts[place]) % 4),
            place in self._added, self._announced(place) if front else "", not front,
        )  # fmt: skip

    def _field(self, place: int, layout: FieldLayout, bits: int) -> Field:
        header, explicit = self._packet.layers[place], self._explicit[place]
        value: object = bits
        if layout.kind == "bytes":
            value = bits.to_bytes(layout.bits // 8, "big")
        elif layout.name in header._fields:
            value = getattr(explicit, layout.name)  # some travel in another unit or byte order
        text = value_text(layout.name, layout.bits, value)
        parts = read_layout(header.DRAWN.get(layout.name, f"{layout.name}:{layout.bits}"))
        numbers = _divided(bits, parts)
        texts = [text] if len(parts) == 1 else map(str, numbers)
        boxes = tuple(
            Box(label_of(part.name), part.bits, value)
            for part, value in zip(parts, texts, strict=True)
        )
        origin = self._notes.get((place, layout.name), "")
        words = (
            origin,
            self._follows(place, layout.name),
            note_on_parts(parts, numbers) if len(parts) > 1 else "",
        )
        return Field(
            layout.name, layout.bits, layout.kind == "bytes", text, default_text(header, layout),
            "; ".join(filter(None, words)), boxes, origin,
        )  # fmt: skip

    def _announcer(self, place: int) -> str:
        """The name of the field of a header that says what follows; empty if none does."""
        header = self._explicit[place]
        binding = header.inner_binding()
        if binding is None or place + 1 >= len(self._packet.layers):
            return ""
        names = (*(header.NEXT or ())[:1], *_ANNOUNCING)
        present = (name for name in names if name in header._fields)
        return next((name for name in present if getattr(header, name) == binding[1]), "")

    def _follows(self, place: int, name: str) -> str:
        if name != self._announcer(place):
            return ""
        return f"{title_of(self._packet.layers[place + 1])} follows"

    def _announced(self, place: int) -> str:
        if place == 0:
            return ""
        before = self._explicit[place - 1]
        if name := self._announcer(place - 1):
            bits = next((f.bits for f in type(before).fields() if f.name == name), 8)
            return f"known by {label_of(name)} {value_text(name, bits, getattr(before, name))}"
        binding = before.inner_binding()
        if binding is not None and binding[0] == "guess":
            return "known by its first bits"
        return f"always behind {title_of(before)}"


def _divided(bits: int, parts: tuple[FieldLayout, ...]) -> list[int]:
    """Cut a number into the parts of a field, from the left."""
    left = sum(part.bits for part in parts)
    numbers = []
    for part in parts:
        left -= part.bits
        numbers.append(bits >> left & (1 << part.bits) - 1)
    return numbers
