"""LZW as Go's ``compress/lzw`` writes it: least significant bit first, literals of 8 bits.

Source: golang/go ``src/compress/lzw/writer.go`` (since Go 1.17, which writes the first clear code).
A stream starts with a clear code and ends with an end code. Codes are as wide as the next free code
needs; when 4095 would be given out, a clear code empties the table and codes are 9 bits wide again.
"""

from __future__ import annotations

_CLEAR = 256
_END = 257
_FIRST = 258
_LAST = 4094
_WIDTH = 9
"""Bits of a code while the highest code known is below 512."""


def compress(data: bytes) -> bytes:
    """The compressed stream."""
    out = _BitWriter()
    out.write(_CLEAR, _WIDTH)
    table: dict[int, int] = {}
    highest, code = _END, -1
    for byte in data:
        if code < 0:
            code = byte
            continue
        key = code << 8 | byte
        known = table.get(key)
        if known is not None:
            code = known
            continue
        out.write(code, _width(highest))
        code = byte
        highest = _advance(out, highest)
        if highest == _END:
            table.clear()
        else:
            table[key] = highest
    if data:
        out.write(code, _width(highest))
        highest = _advance(out, highest)
    out.write(_END, _width(highest))
    return out.close()


def compressed_length(data: bytes) -> int:
    """``len(compress(data))`` without the codes: which code is which does not change its width.

    The dictionary goes from (code of a phrase, next byte) to the code of the longer phrase; codes
    are kept shifted by 8 bits, so that one ``or`` makes a key.
    """
    if not data:
        return 3  # the clear and the end code
    table: dict[int, int] = {}
    add = table.setdefault
    full, fresh = (_LAST + 1) << 8, _FIRST << 8
    free, blocks = fresh, 0
    rest = iter(data)
    phrase = next(rest) << 8
    for byte in rest:
        known = add(phrase | byte, free)
        if known != free:
            phrase = known
            continue
        phrase = byte << 8
        if free == full:
            table.clear()
            free, blocks = fresh, blocks + 1
        else:
            free += 256
    highest = free >> 8  # the last phrase takes one more code
    bits = _WIDTH + blocks * _FULL_BLOCK
    if highest > _LAST:
        bits, highest = bits + _FULL_BLOCK, _END
    else:
        bits += _bits(highest)
    return (bits + _width(highest) + 7) // 8


class _BitWriter:
    """Codes of any width, packed from the least significant bit on."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._bits = 0
        self._waiting = 0

    def write(self, code: int, width: int) -> None:
        self._bits |= code << self._waiting
        self._waiting += width
        while self._waiting >= 8:
            self._bytes.append(self._bits & 0xFF)
            self._bits >>= 8
            self._waiting -= 8

    def close(self) -> bytes:
        if self._waiting:
            self._bytes.append(self._bits)
        return bytes(self._bytes)


def _advance(out: _BitWriter, highest: int) -> int:
    """The highest code after one more was sent; clear if that was the last that fits."""
    if highest < _LAST:
        return highest + 1
    out.write(_CLEAR, _width(highest + 1))
    return _END


def _width(highest: int) -> int:
    return highest.bit_length()


def _bits(highest: int) -> int:
    """Bits of all codes sent since the table was empty, ``highest`` being the next one's."""
    wider = sum(max(0, highest - limit) for limit in (512, 1024, 2048))
    return _WIDTH * (highest - _END) + wider


_FULL_BLOCK = _bits(_LAST + 1) + _width(_LAST + 1)
"""Bits of a table's whole life, its clear code included."""
