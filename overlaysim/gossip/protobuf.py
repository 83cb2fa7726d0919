"""Protobuf as gogo/protobuf writes proto3.

Source: protobuf.dev/programming-guides/encoding. A field that holds its default is left out; fields
come in the order of their numbers, which the caller keeps. All numbers here are below 16, so that
a tag is one byte.
"""

from __future__ import annotations

_VARINT = 0
_LENGTH_DELIMITED = 2


def varint(value: int) -> bytes:
    """An unsigned integer in groups of seven bits, the low ones first."""
    if value < 0x80:
        return bytes((value,))
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def integer_field(number: int, value: int) -> bytes:
    """A non-negative integer, enum or bool."""
    return bytes((number << 3 | _VARINT,)) + varint(value) if value else b""


def bytes_field(number: int, data: bytes) -> bytes:
    """Bytes."""
    return embedded_field(number, data) if data else b""


def text_field(number: int, text: str) -> bytes:
    """A string."""
    return bytes_field(number, text.encode())


def embedded_field(number: int, data: bytes) -> bytes:
    """An embedded message or an item of a repeated field; unlike a string written even if empty."""
    return bytes((number << 3 | _LENGTH_DELIMITED,)) + varint(len(data)) + data
