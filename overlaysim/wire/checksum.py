"""The Internet checksum (RFC 1071) on Python's big integers.

The one's complement sum of 16-bit words is the number they form, modulo 65535, because 65536 leaves
the remainder 1. One conversion and one division in C replace a loop over words, and sums of parts
can be added as plain integers.
"""

from __future__ import annotations


def checksum(data: bytes, start: int = 0) -> int:
    """Return the checksum of ``data`` (padded to even length) after the partial sum ``start``.

    ``start`` is any number congruent to the one's complement sum of what goes before, such as a
    pseudo-header. Both the data and the partial sum must begin on an even byte.
    """
    total = int.from_bytes(data, "big")
    if len(data) & 1:
        total <<= 8
    total += start
    # 0 and 65535 are the same number; only a sum over nothing but zeros is the former.
    return 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))


def insert_checksum(header: bytes, position: int, value: int) -> bytes:
    """Return ``header`` with the 16-bit ``value`` at byte ``position``, where it had zeros."""
    return header[:position] + value.to_bytes(2, "big") + header[position + 2 :]
