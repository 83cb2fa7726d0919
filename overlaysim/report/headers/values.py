"""Values of header fields as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.wire import Header
from overlaysim.wire.layout import FieldLayout, read_layout

_HEXADECIMAL = {"ethertype", "checksum", "flags", "spi", "option_class", "connection",
                "next_extension"}  # fmt: skip
"""Fields that the field's people write in hexadecimal; so they do with a 16-bit protocol."""

_SHOWN = 8
"""Bytes of raw data that are shown as digits; of more,"""
_ENDS = 3
"""as many at either end."""


def value_text(name: str, bits: int, value: object) -> str:
    """Write the value of the field ``name``, which has ``bits`` bits."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return _bytes_text(value)
    if not isinstance(value, int):
        return str(value)
    if name in _HEXADECIMAL or (name, bits) == ("protocol", 16):
        return f"0x{value:0{-(-bits // 4)}x}"
    return str(value)


def _bytes_text(data: bytes) -> str:
    if len(data) > 1 and not any(data):
        return "zeros"
    if len(data) <= _SHOWN:
        return data.hex() or "none"
    return f"{data[:_ENDS].hex()} ... {data[-_ENDS:].hex()}"


def default_text(header: Header, field: FieldLayout) -> str:
    """Say what a field of a header is when its constructor is told nothing.

    ``-`` if there is no default, or if the field is a part of a larger piece of bytes.
    """
    if field.constant is not None:
        return "always"
    if field.name not in header._fields:
        own = any(field.name == part.name for part in read_layout(header.extra_layout()))
        return "-" if own else "computed"
    if field.name not in header._field_defaults:
        return "-"
    default = header._field_defaults[field.name]
    if default is not None:
        return value_text(field.name, field.bits, default)
    if field.kind == "bytes":
        return "zeros"
    fixed = {part.name for part in type(header).fields()}
    without = header.replace(**{field.name: None})
    rest = read_layout(f"{without.extra_layout()} {without.tail_layout()}")
    there = field.name in fixed or any(part.name == field.name for part in rest)
    return "computed" if there else "left out"


def note_on_parts(parts: Sequence[FieldLayout], numbers: Sequence[int]) -> str:
    """Say of a divided field which of its flags are set and what its numbers are."""
    pairs = list(zip(parts, numbers, strict=True))
    flags = [part.name for part, number in pairs if part.bits == 1 and number]
    wide = [f"{part.name} {number}" for part, number in pairs
            if part.bits > 1 and not part.name.startswith("reserved")]  # fmt: skip
    return ", ".join([*wide, *([f"{' '.join(flags)} set"] if flags else [])])
