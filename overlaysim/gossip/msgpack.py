"""Msgpack as memberlist's codec writes it.

Source: hashicorp/go-msgpack v2, ``codec/msgpack.go`` and ``codec/encode.go`` (kStruct). It keeps to
the layout from before str8 and bin8 existed, strings and byte strings look alike, Go's signed
integers keep their sign bit, and the fields of a struct are sorted by name.
"""

from __future__ import annotations

from functools import lru_cache

NIL = b"\xc0"


def unsigned(value: int) -> bytes:
    """A Go uint up to 32 bits, in as few bytes as hold it."""
    if value < 1 << 7:
        return bytes((value,))
    if value < 1 << 8:
        return b"\xcc" + value.to_bytes(1, "big")
    if value < 1 << 16:
        return b"\xcd" + value.to_bytes(2, "big")
    return b"\xce" + value.to_bytes(4, "big")


def signed(value: int) -> bytes:
    """A Go int that is not negative: there is no 8-bit form between the short one and int16."""
    if value < 1 << 7:
        return bytes((value,))
    if value < 1 << 15:
        return b"\xd1" + value.to_bytes(2, "big")
    if value < 1 << 31:
        return b"\xd2" + value.to_bytes(4, "big")
    return b"\xd3" + value.to_bytes(8, "big")


def boolean(value: bool) -> bytes:
    """A bool."""
    return b"\xc3" if value else b"\xc2"


def raw_header(length: int) -> bytes:
    """What stands in front of a string or byte string of so many bytes."""
    if length < 1 << 5:
        return bytes((0xA0 | length,))
    if length < 1 << 16:
        return b"\xda" + length.to_bytes(2, "big")
    return b"\xdb" + length.to_bytes(4, "big")


def raw(data: bytes) -> bytes:
    """A byte string that is not nil."""
    return raw_header(len(data)) + data


@lru_cache(maxsize=1 << 13)  # names of fields and nodes come again and again
def text(value: str) -> bytes:
    """A string."""
    return raw(value.encode())


def struct(**fields: bytes) -> bytes:
    """A struct of fewer than 16 fields as a map from name to value.

    Args:
        fields: the encoded values, without those that are left out when empty (``omitempty``).
    """
    parts = [bytes((0x80 | len(fields),))]
    for name in sorted(fields):
        parts += (text(name), fields[name])
    return b"".join(parts)
