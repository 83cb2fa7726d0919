"""What is kept of each packet that ended: one fixed-size row in a byte buffer.

A run may end millions of packets. A row takes 120 bytes whatever the packet was; strings and
message keys are kept once and named by number.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from overlaysim.errors import ModelError
from overlaysim.sim import Journey

_ROW = struct.Struct("<10q9I4x")
_NO_MESSAGE = 2**32 - 1

Parts = tuple[int, int, int, int, int, int, int]
"""The picoseconds of one journey, in the order of :data:`overlaysim.sim.PARTS`."""

NO_PARTS: Parts = (0, 0, 0, 0, 0, 0, 0)


def add_parts(a: Parts, b: Parts) -> Parts:
    """Add two decompositions part by part."""
    return (
        a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5], a[6] + b[6],
    )  # fmt: skip


class PacketRow(NamedTuple):
    """One packet that ended. Instants and parts are picoseconds, ``length`` is bytes.

    ``reached`` is empty for a dropped packet; ``reason`` and ``where`` are empty for a delivered
    one. ``message`` is None for a packet that is a message of its own.
    """

    number: int
    kind: str
    protocol: str
    source: str
    intended: str
    reached: str
    reason: str
    where: str
    message: Hashable
    length: int
    born: int
    ended: int
    parts: Parts

    @property
    def delivered(self) -> bool:
        """Whether it arrived, wherever that was."""
        return not self.reason


class PacketTable:
    """All packets that ended, in the order in which they ended."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._word_numbers: dict[str, int] = {"": 0}
        self._message_numbers: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._buffer) // _ROW.size

    def append(self, journey: Journey) -> None:
        """Keep a row of a journey that has just ended.

        Raises:
            ModelError: if the parts of a delivered packet do not add up to the time it took.
        """
        ended = journey.ended
        if ended is None:
            raise ModelError(f"packet {journey.number} is recorded before its end")
        parts = journey.parts
        if journey.reason is None and sum(parts) != ended - journey.born:
            raise ModelError(
                f"packet {journey.number} ({journey.kind}, {journey.source} to "
                f"{journey.intended}) took {ended - journey.born} ps, but its parts add up to "
                f"{sum(parts)} ps: {parts}"
            )
        word = self._word
        message = journey.message
        self._buffer += _ROW.pack(
            journey.number, journey.born, ended, *parts,
            _NO_MESSAGE if message is None else self._message(message),
            journey.length, word(journey.kind), word(journey.protocol), word(journey.source),
            word(journey.intended), word(journey.reached or ""), word(journey.reason or ""),
            word(journey.where or ""),
        )  # fmt: skip

    def snapshot(self) -> PacketTable:
        """A table with the rows of now, which does not grow as this one does."""
        copy = PacketTable()
        copy._buffer = self._buffer[:]
        copy._word_numbers = dict(self._word_numbers)
        copy._message_numbers = dict(self._message_numbers)
        return copy

    def __iter__(self) -> Iterator[PacketRow]:
        words = list(self._word_numbers)
        messages = list(self._message_numbers)
        for row in _ROW.iter_unpack(self._buffer):
            number, born, ended, *parts = row[:10]
            message, length, kind, protocol, source, intended, reached, reason, where = row[10:]
            yield PacketRow(
                number, words[kind], words[protocol], words[source], words[intended],
                words[reached], words[reason], words[where],
                None if message == _NO_MESSAGE else messages[message],
                length, born, ended, tuple(parts),
            )  # fmt: skip

    def _word(self, word: str) -> int:
        return self._word_numbers.setdefault(word, len(self._word_numbers))

    def _message(self, key: Hashable) -> int:
        return self._message_numbers.setdefault(key, len(self._message_numbers))
