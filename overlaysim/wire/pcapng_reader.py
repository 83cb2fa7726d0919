"""Reading capture files of the pcapng format (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from overlaysim.wire import pcapng
from overlaysim.wire.capture import CapturedFrame, CaptureRecord, Interface, Source
from overlaysim.wire.malformed import MalformedPacket

PCAPNG_MAGIC = pcapng.SECTION_HEADER.to_bytes(4, "big")
"""First four bytes of a file, in either byte order."""

_LONGEST_BLOCK = 1 << 24
"""Bytes of a block beyond which a length is taken for damage, as Wireshark does."""

_ORDERS = {pcapng.BYTE_ORDER.to_bytes(4, "little"): "<", pcapng.BYTE_ORDER.to_bytes(4, "big"): ">"}


def pcapng_records(source: Source) -> Iterator[CaptureRecord]:
    """Yield every block; those that hold no frame stay as they are.

    Raises :class:`MalformedPacket` for a block that contradicts itself or is cut off.
    """
    section = _Section("")
    while not source.ended():
        if source.peek(4) == PCAPNG_MAGIC:
            section = _Section(_byte_order(source))
        block = _Block.take(source, section.order)
        try:
            yield section.record(block)
        except MalformedPacket as error:
            raise source.complaint(str(error), block.at) from None


def _byte_order(source: Source) -> str:
    mark = source.peek(12)[8:]
    if mark not in _ORDERS:
        whole = f"whose byte order mark is 0x{mark.hex()}" if len(mark) == 4 else "that is cut off"
        raise source.complaint(f"a section {whole}")
    return _ORDERS[mark]


@dataclass(frozen=True, slots=True)
class _Block:
    """A block: where it begins, its byte order and type, and its bytes in three parts."""

    at: int
    order: str
    kind: int
    head: bytes
    body: bytes
    tail: bytes

    @classmethod
    def take(cls, source: Source, order: str) -> _Block:
        """Take a block; raises :class:`MalformedPacket` if its lengths are impossible."""
        at = source.offset
        head = source.take(8, "the beginning of a block")
        kind, length = struct.unpack(f"{order}II", head)
        if length < 12 or length % 4 or length > _LONGEST_BLOCK:
            raise source.complaint(
                f"a block of {length} bytes; allowed are multiples of 4 from 12 to "
                f"{_LONGEST_BLOCK}", at,
            )  # fmt: skip
        body = source.take(length - 12, "the body of a block")
        tail = source.take(4, "the length behind a block")
        if tail != head[4:]:
            behind = struct.unpack(f"{order}I", tail)[0]
            raise source.complaint(f"a block of {length} bytes ends with the length {behind}", at)
        return cls(at, order, kind, head, body, tail)

    def fixed(self, form: str) -> tuple[int, ...]:
        """Read the numbers that the body begins with."""
        size = struct.calcsize(f"{self.order}{form}")
        if len(self.body) < size:
            raise MalformedPacket(
                f"a block of type {self.kind} with {len(self.body)} bytes inside; it needs {size}"
            )
        return struct.unpack_from(f"{self.order}{form}", self.body)

    def options(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the options (section 3.5) from byte ``start`` of the body on."""
        while start < len(self.body):
            code, length = struct.unpack_from(f"{self.order}HH", self.body, start)
            value = self.body[start + 4 : start + 4 + length]
            if len(value) < length:
                raise MalformedPacket(f"option {code} of {length} bytes reaches beyond its block")
            if code == pcapng.END:
                return
            yield code, value
            start += 4 + length + -length % 4


@dataclass(slots=True)
class _Section:
    """What the meaning of a block depends on: the byte order and the interfaces so far."""

    order: str
    interfaces: list[Interface] = field(default_factory=list)

    def record(self, block: _Block) -> CaptureRecord:
        """Return what the block holds; raises :class:`MalformedPacket` without its place."""
        match block.kind:
            case pcapng.ENHANCED_PACKET:
                number, high, low, captured, original = block.fixed("IIIII")
                return self._frame(block, 20, number, captured, original, high << 32 | low)
            case pcapng.PACKET:
                number, _, high, low, captured, original = block.fixed("HHIIII")
                return self._frame(block, 20, number, captured, original, high << 32 | low)
            case pcapng.SIMPLE_PACKET:
                (original,) = block.fixed("I")
                captured = min(original, self._interface(0).snaplen or original)
                return self._frame(block, 4, 0, captured, original, None)
            case pcapng.INTERFACE:
                self.interfaces.append(_interface(block, len(self.interfaces)))
            case pcapng.SECTION_HEADER:
                _check_version(block)
        return CaptureRecord(block.head + block.body + block.tail)

    def _interface(self, number: int) -> Interface:
        if number >= len(self.interfaces):
            raise MalformedPacket(
                f"a frame of interface {number}; {len(self.interfaces)} were described before it"
            )
        return self.interfaces[number]

    def _frame(
        self, block: _Block, start: int, number: int, captured: int, original: int,
        ticks: int | None,
    ) -> CaptureRecord:  # fmt: skip
        interface = self._interface(number)
        end = start + captured
        if end > len(block.body):
            raise MalformedPacket(
                f"a frame of {captured} bytes in a block with room for {len(block.body) - start}"
            )
        comments: tuple[str, ...] = ()
        if block.kind != pcapng.SIMPLE_PACKET:
            options = block.options(end + -captured % 4)
            comments = tuple(_text(value) for code, value in options if code == pcapng.COMMENT)
        frame = CapturedFrame(
            block.body[start:end], original, interface.link_type,
            None if ticks is None else interface.timestamp(ticks), interface, comments,
        )  # fmt: skip
        return CaptureRecord(block.head + block.body[:start], frame, block.body[end:] + block.tail)


def _check_version(block: _Block) -> None:
    _, major, minor, _ = block.fixed("IHHQ")
    if major != 1:
        raise MalformedPacket(f"a section of pcapng version {major}.{minor}; version 1 is read")


def _interface(block: _Block, number: int) -> Interface:
    link_type, _, snaplen = block.fixed("HHI")
    name, resolution, offset = "", 6, 0
    for code, value in block.options(8):
        if code == pcapng.NAME:
            name = _text(value)
        elif code == pcapng.RESOLUTION and len(value) == 1:
            resolution = value[0]
        elif code == pcapng.OFFSET and len(value) == 8:
            (offset,) = struct.unpack(f"{block.order}q", value)
    # The upper bit tells powers of 2 from powers of 10. Either power writes its ticks in as many
    # decimal places as its exponent.
    exponent = resolution & 0x7F
    per_second = (2 if resolution & 0x80 else 10) ** exponent
    return Interface(number, link_type, snaplen, name, per_second, exponent, offset)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
