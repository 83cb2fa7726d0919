"""What a packet carries behind its last header."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.wire.checksum import word_sum
from overlaysim.wire.memo import Memo

_FILL = bytes(range(256)) * 260


@dataclass(frozen=True, slots=True)
class Opaque:
    """``length`` bytes that nobody looks at; ``label`` says what they stand for.

    Where bytes are needed they count upwards modulo 256, as the pattern of Linux ping does, from
    ``start``: so the pieces of a sliced payload are the bytes of the whole.
    """

    length: int
    label: str = ""
    start: int = 0

    def __len__(self) -> int:
        return self.length

    def __bytes__(self) -> bytes:
        first = self.start & 0xFF
        if first + self.length <= len(_FILL):
            return _FILL[first : first + self.length]
        return (_FILL * (self.length // len(_FILL) + 2))[first : first + self.length]

    def __getitem__(self, part: slice) -> Opaque:
        first, last, step = part.indices(self.length)
        if step != 1:
            raise ValueError("a payload can only be cut into pieces, not thinned out")
        return Opaque(max(0, last - first), self.label, self.start + first)


Payload = bytes | Opaque
"""Real bytes, or a length that stands for them."""


def _pattern(shape: tuple[int, int]) -> tuple[bytes, int]:
    data = bytes(Opaque(shape[0], start=shape[1]))
    return data, word_sum(data)


PATTERNS = Memo(_pattern, 1024)
"""Bytes and checksum sum of an opaque payload by its length and start (modulo 256)."""
