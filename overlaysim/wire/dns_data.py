"""The data of resource records as text and as bytes.

Each type is a row of parts (RFC 1035 section 3.3, RFC 2782, RFC 3596); the text joins them with
spaces as a master file does. Any other type is written ``\\# length hex`` (RFC 3597 section 5).
"""

from __future__ import annotations

import re

from overlaysim.wire.addresses import ip4_bytes, ip4_text, ip6_bytes, ip6_text
from overlaysim.wire.dns_names import NameWriter, read_name
from overlaysim.wire.malformed import MalformedPacket

_PARTS: dict[str, tuple[str, ...]] = {
    "A": ("ip4",),
    "AAAA": ("ip6",),
    "NS": ("name",),
    "CNAME": ("name",),
    "PTR": ("name",),
    "MX": ("u16", "name"),
    "SRV": ("u16", "u16", "u16", "plain name"),  # RFC 2782: the target is never compressed
    "SOA": ("name", "name", "u32", "u32", "u32", "u32", "u32"),
}
_SIZES = {"u16": 2, "u32": 4, "ip4": 4, "ip6": 16}


def write_data(message: bytearray, rtype: str, value: str, names: NameWriter) -> None:
    """Append the data of a record to ``message``; raises :class:`MalformedPacket`."""
    kinds, words = _PARTS.get(rtype), value.split()
    if kinds is None:
        message += _generic_bytes(rtype, words)
        return
    if len(words) != len(kinds):
        raise MalformedPacket(f'{rtype} record: "{value}" should have {len(kinds)} parts')
    for kind, word in zip(kinds, words, strict=True):
        if kind == "ip4":
            message += ip4_bytes(word)
        elif kind == "ip6":
            message += ip6_bytes(word)
        elif kind.endswith("name"):
            names.write(message, word, may_point=kind == "name")
        else:
            message += _number_bytes(rtype, word, _SIZES[kind])


def read_data(data: bytes, start: int, end: int, rtype: str) -> str:
    """Read the data of a record from ``data[start:end]``; raises :class:`MalformedPacket`."""
    kinds = _PARTS.get(rtype)
    if kinds is None:
        return f"\\# {end - start} {data[start:end].hex()}".rstrip()
    words = []
    for kind in kinds:
        if kind.endswith("name"):
            word, start = read_name(data, start)
        else:
            part = data[start : start + _SIZES[kind]]
            start += _SIZES[kind]
            word = _READERS.get(kind, _number_text)(part) if start <= end else ""
        words.append(word)
    if start != end:
        raise MalformedPacket(f"{rtype} record: its data do not end where its length says")
    return " ".join(words)


def _number_text(part: bytes) -> str:
    return str(int.from_bytes(part, "big"))


_READERS = {"ip4": ip4_text, "ip6": ip6_text}


def _number_bytes(rtype: str, word: str, size: int) -> bytes:
    if not re.fullmatch(r"[0-9]{1,10}", word) or int(word) >> 8 * size:
        raise MalformedPacket(f'{rtype} record: "{word}" is not a number of {8 * size} bits')
    return int(word).to_bytes(size, "big")


def _generic_bytes(rtype: str, words: list[str]) -> bytes:
    try:
        mark, length, *digits = words
        content = bytes.fromhex("".join(digits))
        if mark != "\\#" or int(length) != len(content):
            raise ValueError
    except ValueError:
        raise MalformedPacket(
            f"{rtype} record: write its data as \\# length hex-digits (RFC 3597)"
        ) from None
    return content
