"""How long protobuf and msgpack encodings are, without encoding anything.

Protobuf: protobuf.dev/programming-guides/encoding, as gogo/protobuf writes proto3 (a field that
holds its default is left out; every field number here is below 16, so a tag is one byte).
Msgpack: the layout before str8 and bin8 existed, which hashicorp/go-msgpack writes.
"""

from __future__ import annotations


def varint_length(value: int) -> int:
    """Bytes of an unsigned protobuf varint: seven bits each."""
    return max(1, -(-value.bit_length() // 7))


def integer_field(value: int) -> int:
    """Bytes of a protobuf integer, enum or bool field."""
    return 1 + varint_length(value) if value else 0


def bytes_field(length: int) -> int:
    """Bytes of a protobuf string or bytes field whose content has ``length`` bytes."""
    return 1 + varint_length(length) + length if length else 0


def embedded_field(length: int) -> int:
    """Bytes of an embedded protobuf message; unlike a string it is written even when empty."""
    return 1 + varint_length(length) + length


def text_field(text: str) -> int:
    """Bytes of a protobuf string field."""
    return bytes_field(len(text.encode()))


def msgpack_integer(value: int) -> int:
    """Bytes of an unsigned msgpack integer below 2**32."""
    if value < 1 << 7:
        return 1
    if value < 1 << 8:
        return 2
    return 3 if value < 1 << 16 else 5


def msgpack_raw(length: int) -> int:
    """Bytes of a msgpack string or byte string of ``length`` bytes."""
    if length < 1 << 5:
        return 1 + length
    return (3 if length < 1 << 16 else 5) + length


def msgpack_text(text: str) -> int:
    """Bytes of a msgpack string."""
    return msgpack_raw(len(text.encode()))
