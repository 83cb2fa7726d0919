"""pcapng files made by hand in either byte order, with all blocks that hold frames, and others."""

from __future__ import annotations

import struct

SECTION, INTERFACE, PACKET, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6
CUSTOM = 0x0BAD


class Blocks:
    """Packs blocks in one byte order, ``<`` or ``>``."""

    def __init__(self, order: str) -> None:
        self.order = order

    def numbers(self, form: str, *values: int) -> bytes:
        return struct.pack(self.order + form, *values)

    def options(self, *options: tuple[int, bytes], end: bool = True) -> bytes:
        packed = b"".join(
            self.numbers("HH", code, len(value)) + padded(value) for code, value in options
        )
        return packed + (self.numbers("HH", 0, 0) if end else b"")

    def block(self, kind: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        length = self.numbers("I", 12 + len(body))
        return self.numbers("I", kind) + length + body + length

    def section(self, *options: tuple[int, bytes], major: int = 1) -> bytes:
        head = self.numbers("IHHq", 0x1A2B3C4D, major, 0, -1)
        return self.block(SECTION, head, self.options(*options))

    def interface(
        self, *options: tuple[int, bytes], link_type: int = 1, snaplen: int = 0
    ) -> bytes:  # fmt: skip
        head = self.numbers("HHI", link_type, 0, snaplen)
        return self.block(INTERFACE, head, self.options(*options))

    def enhanced(
        self, ticks: int, data: bytes, *options: tuple[int, bytes], interface: int = 0,
        original: int | None = None,
    ) -> bytes:  # fmt: skip
        original = len(data) if original is None else original
        head = self.numbers(
            "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original
        )
        tail = self.options(*options) if options else b""
        return self.block(ENHANCED, head, padded(data), tail)

    def obsolete(self, ticks: int, data: bytes, *, interface: int = 0) -> bytes:
        head = self.numbers(
            "HHIIII", interface, 3, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data)
        )
        return self.block(PACKET, head, padded(data), self.options((1, b"old")))

    def simple(self, data: bytes, original: int) -> bytes:
        return self.block(SIMPLE, self.numbers("I", original), padded(data))

    def file(self, frame: bytes) -> bytes:
        """A file with one of everything around the same frame."""
        return b"".join((
            self.section((1, b"a comment"), (4, b"by hand")),
            self.interface((2, b"eth0"), (9, b"\x09"), snaplen=70),
            self.interface((2, b"eth1"), (9, b"\x83"), (14, self.numbers("q", -2))),
            self.interface(),
            self.block(NAMES, self.numbers("HH", 1, 9), bytes((10, 9, 0, 1)) + b"host\0", bytes(3),
                       self.numbers("HH", 0, 0)),
            self.enhanced(17 * 10**17 + 1, frame, (1, b"one"), (1, "zwölf".encode())),
            self.enhanced(17, frame, interface=1),
            self.obsolete(2_000_000, frame, interface=2),
            self.block(CUSTOM, self.numbers("I", 32473), b"whatever"),
            self.simple(frame[:70], len(frame)),
            self.enhanced(5_000_000_000, frame[:31], original=len(frame), interface=2),
            self.block(STATISTICS, self.numbers("III", 0, 1, 2), self.options((4, bytes(8)))),
        ))  # fmt: skip


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
