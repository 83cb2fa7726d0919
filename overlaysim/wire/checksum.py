"""The Internet checksum (RFC 1071) without a loop over words.

The one's complement sum of 16-bit words is the number they form, modulo 65535, because 65536 leaves
the remainder 1: one conversion and one division, both in C, and sums of parts can be added as plain
integers. Many bytes are faster added by zlib: the lower half of an Adler-32 (RFC 1950 section 8.2)
is one more than the sum of the bytes, modulo 65521, which is exact for 256 bytes.
"""

from __future__ import annotations

from zlib import adler32

_FEW = 192  # bytes up to which a division is faster
_BLOCK = 512
_MANY = 128 * _BLOCK

_HALVES = [
    (slice(start, start + _BLOCK, 2), slice(start + 1, start + _BLOCK, 2))
    for start in range(0, _MANY, _BLOCK)
]
"""The upper and the lower bytes of the words of each block."""
_BLOCKS = [_HALVES[:count] for count in range(len(_HALVES) + 1)]
"""The same for so many blocks."""
_number = int.from_bytes


def word_sum(data: bytes) -> int:
    """Return the one's complement sum of ``data``, padded to even length: 0 to 65535.

    0 and 65535 are the same number; only a sum over nothing but zeros is the former.
    """
    length = len(data)
    if length <= _FEW:
        total = _number(data, "big")
        if length & 1:
            total <<= 8
    elif length <= _MANY:
        blocks = _BLOCKS[-(-length // _BLOCK)]
        upper = lower = -len(blocks)
        for upper_bytes, lower_bytes in blocks:
            upper += adler32(data[upper_bytes]) & 0xFFFF
            lower += adler32(data[lower_bytes]) & 0xFFFF
        total = (upper << 8) + lower
    else:
        total = sum(word_sum(data[start : start + _MANY]) for start in range(0, length, _MANY))
    return total % 0xFFFF or (0xFFFF if total else 0)


def checksum(data: bytes, start: int = 0) -> int:
    """Return the checksum of ``data`` (padded to even length) after the partial sum ``start``.

    ``start`` is any number congruent to the one's complement sum of what goes before, such as a
    pseudo-header. Both the data and the partial sum must begin on an even byte.
    """
    total = word_sum(data) + start
    return -total % 0xFFFF if total else 0xFFFF


def insert_checksum(header: bytes, position: int, value: int) -> bytes:
    """Return ``header`` with the 16-bit ``value`` at byte ``position``, where it had zeros."""
    return header[:position] + value.to_bytes(2, "big") + header[position + 2 :]
