"""What a capture file consists of, whichever its format, and how it is read from front to back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from overlaysim.wire.malformed import MalformedPacket

LONGEST_FRAME = 262_144
"""Bytes of a frame beyond which a length is taken for damage, as tcpdump and Wireshark do."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A time since 1970 as its capture counts it: ``ticks`` of 1 / ``per_second`` seconds.

    ``digits`` are the decimal places that write every tick exactly.
    """

    ticks: int
    per_second: int
    digits: int

    @property
    def nanoseconds(self) -> int:
        """The time in nanoseconds; what is finer is cut off."""
        return self.ticks * 1_000_000_000 // self.per_second

    def __str__(self) -> str:
        """The time in seconds with all its digits, which a float could not hold."""
        seconds, rest = divmod(abs(self.ticks), self.per_second)
        fraction = rest * 10**self.digits // self.per_second
        sign = "-" if self.ticks < 0 else ""
        return f"{sign}{seconds}.{fraction:0{self.digits}}" if self.digits else f"{sign}{seconds}"


@dataclass(frozen=True, slots=True)
class Interface:
    """Where frames were seen, as pcapng describes it; ``name`` is empty if it has none.

    ``snaplen`` are the bytes of a frame that are kept at most, 0 for all; ``offset`` is added to
    time stamps, in seconds.
    """

    number: int
    link_type: int
    snaplen: int
    name: str
    per_second: int
    digits: int
    offset: int

    def timestamp(self, ticks: int) -> Timestamp:
        """Return the time that a block of this interface states."""
        return Timestamp(ticks + self.offset * self.per_second, self.per_second, self.digits)


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """The bytes of a frame that a capture kept, of ``original_length`` that were on the wire.

    ``link_type`` says what the bytes begin with. ``interface`` is None in a pcap file, which knows
    only one; ``time`` is None where the format has none (a Simple Packet Block of pcapng).
    """

    data: bytes
    original_length: int
    link_type: int
    time: Timestamp | None
    interface: Interface | None = None
    comments: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Bytes that were on the wire and were not kept."""
        return max(0, self.original_length - len(self.data))


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """A stretch of a capture file: what stands in front of a frame, the frame, what stands behind.

    The records of a file are the whole of it, so whoever writes them again keeps byte order, time
    stamps, options and everything else that he does not know. ``frame`` is None for a stretch
    without one, such as the header of the file.
    """

    head: bytes
    frame: CapturedFrame | None = None
    tail: bytes = b""


class Source:
    """A binary file that is read forwards only, so that it may be a pipe, and knows where it is.

    Attributes:
        name: what messages call the file.
        offset: bytes taken so far.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.offset = 0
        self._file = file
        self._ahead = b""

    def peek(self, count: int) -> bytes:
        """Return the next ``count`` bytes, or fewer at the end, without taking them."""
        if len(self._ahead) < count:
            self._ahead += self._file.read(count - len(self._ahead))
        return self._ahead[:count]

    def take(self, count: int, what: str) -> bytes:
        """Take ``count`` bytes, which are ``what``; raises :class:`MalformedPacket` if some lack.

        The caller has made sure that ``count`` is no absurd number.
        """
        data = self._ahead[:count]
        self._ahead = self._ahead[count:]
        if len(data) < count:
            data += self._file.read(count - len(data))
        if len(data) < count:
            raise self.complaint(
                f"{what} has {count} bytes, but the file ends after {len(data)} of them"
            )
        self.offset += count
        return data

    def ended(self) -> bool:
        """Whether nothing is left."""
        return not self.peek(1)

    def complaint(self, message: str, at: int | None = None) -> MalformedPacket:
        """Return an exception that names file and byte: ``at``, or what would be taken next."""
        return MalformedPacket(
            f"{self.name}: at byte {self.offset if at is None else at}: {message}"
        )
