"""Domain names: labels on the wire (RFC 1035 section 3.1, 4.1.4), text with dots elsewhere.

Text has no final dot; the root is ``"."``. Bytes that would be misread are escaped as in master
files (RFC 1035 section 5.1): ``\\.``, ``\\\\`` and ``\\DDD``.
"""

from __future__ import annotations

import re

from overlaysim.wire.malformed import MalformedPacket

ROOT = "."
_LONGEST_LABEL = 63
_LONGEST_NAME = 255
_MOST_LABELS = 127
_POINTER = 0xC0
_FARTHEST = 0x3FFF  # a pointer has 14 bits
_ESCAPE = re.compile(r"\\(\d{3}|.)", re.DOTALL)
_LABEL = re.compile(r"(?:\\.|[^.\\])+", re.DOTALL)


def name_labels(text: str) -> tuple[bytes, ...]:
    """Split a name into the bytes of its labels; raises :class:`MalformedPacket`."""
    if text in (ROOT, ""):
        return ()
    if not re.fullmatch(rf"{_LABEL.pattern}(?:\.{_LABEL.pattern})*\.?", text, re.DOTALL):
        raise MalformedPacket(f'"{text}" is not a domain name: a label is empty')
    labels = tuple(_label_bytes(label, text) for label in _LABEL.findall(text))
    longest = max(map(len, labels))
    if longest > _LONGEST_LABEL:
        raise MalformedPacket(
            f'"{text}": a label has {longest} bytes, allowed are {_LONGEST_LABEL}'
        )
    if (length := sum(map(len, labels)) + len(labels) + 1) > _LONGEST_NAME:
        raise MalformedPacket(f'"{text}" takes {length} bytes, allowed are {_LONGEST_NAME}')
    return labels


def _label_bytes(label: str, name: str) -> bytes:
    def unescape(match: re.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code)) if len(code) == 3 else code

    try:
        return _ESCAPE.sub(unescape, label).encode("latin-1")
    except UnicodeEncodeError:
        raise MalformedPacket(f'"{name}" is not a domain name: use ASCII letters') from None


def name_text(labels: tuple[bytes, ...]) -> str:
    """Join labels to a name."""
    return ".".join("".join(map(_escape, label)) for label in labels) or ROOT


def _escape(byte: int) -> str:
    if byte in b".\\":
        return "\\" + chr(byte)
    return chr(byte) if 0x21 <= byte <= 0x7E else f"\\{byte:03d}"


def read_name(data: bytes, start: int) -> tuple[str, int]:
    """Read the name at ``start``; return it and the place behind it.

    A pointer must lead to before the run of labels it ends, so no chain of pointers is endless, and
    there are no more pointers than a name can have labels, so none is long.
    Raises :class:`MalformedPacket`.
    """
    labels: list[bytes] = []
    place, run, behind, total, pointers = start, start, -1, 1, 0
    while True:
        size = _byte(data, place)
        if size >= _POINTER:
            target = (size << 8 & _FARTHEST) | _byte(data, place + 1)
            behind = place + 2 if behind < 0 else behind
            pointers += 1
            if target >= run or pointers > _MOST_LABELS:
                raise MalformedPacket(f"DNS name at byte {start}: its pointers lead nowhere")
            place = run = target
            continue
        if size > _LONGEST_LABEL:
            raise MalformedPacket(f"DNS name at byte {start}: unknown kind of label")
        place += 1 + size
        if size == 0:
            return name_text(tuple(labels)), place if behind < 0 else behind
        total += 1 + size
        if total > _LONGEST_NAME or place > len(data):
            raise MalformedPacket(f"DNS name at byte {start}: too long")
        labels.append(data[place - size : place])


def _byte(data: bytes, place: int) -> int:
    if place >= len(data):
        raise MalformedPacket(f"DNS message: ends inside a name, at byte {place}")
    return data[place]


class NameWriter:
    """Appends names to a message and, if asked to, points back to earlier ones."""

    def __init__(self, compress: bool) -> None:
        self._compress = compress
        self._places: dict[tuple[bytes, ...], int] = {}

    def write(self, message: bytearray, name: str, *, may_point: bool = True) -> None:
        """Append ``name`` to ``message``; raises :class:`MalformedPacket` if it is none."""
        labels = name_labels(name)
        for index, label in enumerate(labels):
            rest = labels[index:]
            place = self._places.get(rest)
            if place is not None and may_point:
                message += (_POINTER << 8 | place).to_bytes(2, "big")
                return
            if self._compress and place is None and len(message) <= _FARTHEST:
                self._places[rest] = len(message)
            message += bytes((len(label),)) + label
        message.append(0)
