"""What a drawing of a packet is made from: sections, their fields, and the boxes of the fields."""

from __future__ import annotations

from dataclasses import dataclass

LINK, NETWORK, TRANSPORT, TUNNEL, PAYLOAD = "link", "network", "transport", "tunnel", "payload"
"""What part of a packet a section belongs to: the layers that drawings tell apart."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the drawing: a field, or one of the parts that the standard divides it into.

    Attributes:
        label: as it is drawn where there is room.
        bits: width; may be 0, then it is not drawn.
        value: in this packet.
    """

    label: str
    bits: int
    value: str


@dataclass(frozen=True)
class Field:
    """A field of a header, or bytes around it.

    Attributes:
        name: as in Python.
        bits: width.
        raw: whether it holds bytes, not a number.
        value: in this packet.
        default: what it is when nobody says; ``-`` for a field without a default.
        note: what follows from it, or what it follows from.
        boxes: how it is drawn; their widths add up to ``bits``.
        origin: where its value comes from, if there is something to say.
    """

    name: str
    bits: int
    raw: bool
    value: str
    default: str
    note: str
    boxes: tuple[Box, ...]
    origin: str = ""


@dataclass(frozen=True)
class Section:
    """A header, what a header puts behind its body, or the payload.

    Attributes:
        title: what people call it.
        role: one of :data:`LINK`, :data:`NETWORK`, :data:`TRANSPORT`, :data:`TUNNEL`,
            :data:`PAYLOAD`.
        offset: of its first byte in the packet.
        data: its bytes.
        fields: from first to last bit.
        column: bit of a word in which it begins: trailers are aligned as their header is.
        added: whether it is there because of the encapsulation.
        announced: how one knows that this header follows, in words; empty for what is no header.
        is_trailer: whether it is what a header puts behind its body.
    """

    title: str
    role: str
    offset: int
    data: bytes
    fields: tuple[Field, ...]
    column: int = 0
    added: bool = False
    announced: str = ""
    is_trailer: bool = False

    @property
    def end(self) -> int:
        """Offset of the byte behind it."""
        return self.offset + len(self.data)

    @property
    def extent(self) -> str:
        """Where it stands, how long it is and whether it was added, in words."""
        words = f"bytes {self.offset} to {self.end - 1} ({len(self.data)})"
        return f"{words}, added" if self.added else words

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes of the section, in order."""
        return tuple(box for field in self.fields for box in field.boxes)


@dataclass(frozen=True)
class Sheet:
    """Everything that one drawing shows.

    Attributes:
        title: what it is.
        sections: the packet, from its first byte to its last.
        facts: pairs of a word and what there is to say under it.
        left_out: bytes of inner headers that an encapsulation does not carry.
    """

    title: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    left_out: int = 0

    @property
    def length(self) -> int:
        """Bytes of the whole packet."""
        return self.sections[-1].end if self.sections else 0

    @property
    def added(self) -> int:
        """Bytes of the added sections."""
        return sum(len(section.data) for section in self.sections if section.added)

    @property
    def total(self) -> str:
        """How long the packet is and how much of it was added, in words."""
        words = f"{self.length} bytes"
        if self.added:
            words += f", {self.added} of them added"
        if self.left_out:
            words += f", {self.left_out} left out"
        return words
