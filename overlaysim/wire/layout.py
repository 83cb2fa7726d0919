"""From a header as the standards draw it to functions that pack and unpack it.

A layout is a line of ``name:width`` in wire order. A width is a number of bits, or ``flag`` (one
bit, a bool), ``mac``, ``ip4`` or ``ip6`` (an address as text). ``name=value:width`` is a constant.
:func:`compile_layout` writes two plain Python functions for it, around one precompiled
:class:`struct.Struct`, so that a declared header is as fast as one written by hand.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from overlaysim.wire import addresses
from overlaysim.wire.malformed import MalformedPacket

_WORDS = {8: "B", 16: "H", 32: "I", 64: "Q"}
_ADDRESSES = {"mac": "6s", "ip4": "4s", "ip6": "16s"}


@dataclass(frozen=True)
class Field:
    """One ``name:width`` of a layout; ``bits`` is 0 for an address."""

    name: str
    kind: str
    bits: int
    constant: int | None

    @classmethod
    def read(cls, token: str) -> Field:
        """Read ``name:width`` or ``name=value:width``."""
        name, _, kind = token.partition(":")
        name, _, constant = name.partition("=")
        if kind in _ADDRESSES:
            return cls(name, kind, 0, None)
        bits = 1 if kind == "flag" else int(kind)
        return cls(name, kind, bits, int(constant, 0) if constant else None)


@dataclass(frozen=True)
class FieldLayout:
    """One field of a layout, for those who describe headers and do not pack them.

    Attributes:
        name: as the layout and the header's constructor call it.
        bits: width on the wire.
        kind: ``number``, ``flag``, ``mac``, ``ip4``, ``ip6`` or ``bytes``.
        constant: the only value that it may have; None if it varies.
    """

    name: str
    bits: int
    kind: str
    constant: int | None


def read_layout(wire: str) -> tuple[FieldLayout, ...]:
    """Read a line of ``name:width`` into its fields, in wire order.

    Besides the widths that can be compiled there is ``N*bytes``, such as ``cookie:8*bytes``, for
    what stands behind the fixed part of a header.
    """
    return tuple(map(_described, wire.split()))


def _described(token: str) -> FieldLayout:
    name, _, width = token.partition(":")
    if width.endswith("*bytes"):
        return FieldLayout(name, 8 * int(width.removesuffix("*bytes")), "bytes", None)
    field = Field.read(token)
    kind = "number" if field.kind.isdigit() else field.kind
    bits = 8 * struct.calcsize(_ADDRESSES[kind]) if kind in _ADDRESSES else field.bits
    return FieldLayout(field.name, bits, kind, field.constant)


@dataclass(frozen=True)
class Word:
    """Fields that travel as one machine word, or an address; ``code`` is for :mod:`struct`."""

    fields: tuple[Field, ...]
    code: str

    @property
    def bits(self) -> int:
        """The width of the word; 0 for an address."""
        return sum(field.bits for field in self.fields)

    @property
    def address(self) -> Field | None:
        """The address that the word is; None if it is a number."""
        return None if self.bits else self.fields[0]

    def shifts(self) -> list[tuple[Field, int]]:
        """Pair every field with its distance from the word's low end."""
        places = []
        shift = self.bits
        for field in self.fields:
            shift -= field.bits
            places.append((field, shift))
        return places


@dataclass(frozen=True)
class Codec:
    """The compiled form of a layout.

    ``pack`` takes the values in the order of ``names`` and returns ``length`` bytes; it raises
    :class:`MalformedPacket` for a value that does not fit. ``unpack(data, start)`` returns the
    values in the same order; the caller has checked that the bytes are there. ``words`` is the
    layout, cut into what the struct handles at once.
    """

    names: tuple[str, ...]
    length: int
    words: tuple[Word, ...]
    pack: Callable[..., bytes]
    unpack: Callable[[bytes, int], tuple[Any, ...]]


def compile_layout(owner: str, wire: str, order: Sequence[str]) -> Codec:
    """Compile the layout ``wire`` of the header called ``owner``.

    ``order`` are the header's own fields; those of them that stand in the layout come first in
    :attr:`Codec.names`, names that stand only in the layout follow in wire order.
    """
    fields = [Field.read(token) for token in wire.split()]
    variable = [field.name for field in fields if field.constant is None]
    names = [name for name in order if name in variable]
    names += [name for name in variable if name not in names]
    words = _words(fields)
    if words is None:
        raise ValueError(f"{owner}: the layout does not fall into words of 8, 16, 32 or 64 bits")
    packer = struct.Struct(">" + "".join(word.code for word in words))
    scope: dict[str, Any] = {
        "to_bytes": packer.pack, "from_bytes": packer.unpack_from, "StructError": struct.error,
        "explain": _explainer(owner, names, fields), "MalformedPacket": MalformedPacket,
        **{f"{kind}_bytes": getattr(addresses, f"{kind}_bytes") for kind in _ADDRESSES},
        **{f"{kind}_text": addresses.TEXTS[kind] for kind in _ADDRESSES},
    }  # fmt: skip
    # As collections.namedtuple does: the source is made of identifiers and integers only.
    exec(_pack_source(names, words) + _unpack_source(owner, names, words), scope)
    return Codec(tuple(names), packer.size, tuple(words), scope["pack"], scope["unpack"])


def _words(fields: Sequence[Field]) -> list[Word] | None:
    """Split ``fields`` into addresses and the shortest machine words that leave no rest."""
    if not fields:
        return []
    for size in range(1, len(fields) + 1):
        word = tuple(fields[:size])
        if any(field.kind in _ADDRESSES for field in word) and size > 1:
            return None
        code = _ADDRESSES.get(word[0].kind) or _WORDS.get(sum(field.bits for field in word))
        if code:
            rest = _words(fields[size:])
            if rest is not None:
                return [Word(word, code), *rest]
    return None


def _pack_source(names: Sequence[str], words: Sequence[Word]) -> str:
    values, guards = [], []
    for word in words:
        if word.address:
            values.append(f"{word.address.kind}_bytes({word.address.name})")
            continue
        parts = []
        for field, shift in word.shifts():
            value = field.name if field.constant is None else str(field.constant)
            parts.append(f"{value} << {shift}" if shift else value)
            # The struct refuses what overflows a word at its top; inside a word we must look.
            if field.constant is None and field is not word.fields[0]:
                guards.append(f"{field.name} >> {field.bits}")
        values.append(" | ".join(parts))
    check = f"        if {' or '.join(guards)}: raise OverflowError\n" if guards else ""
    return (
        f"def pack({', '.join(names)}):\n"
        f"    try:\n{check}        return to_bytes({', '.join(values)})\n"
        f"    except (StructError, TypeError, OverflowError):\n"
        f"        raise explain(({', '.join(names)},)) from None\n"
    )


def _unpack_source(owner: str, names: Sequence[str], words: Sequence[Word]) -> str:
    values, checks = {}, []
    for place, word in enumerate(words):
        if word.address:
            values[word.address.name] = f"{word.address.kind}_text[word{place}]"
            continue
        for field, shift in word.shifts():
            value = f"(word{place} >> {shift} & {(1 << field.bits) - 1})"
            if len(word.fields) == 1:
                value = f"word{place}"
            values[field.name] = f"{value} != 0" if field.kind == "flag" else value
            if field.constant is not None:
                checks.append(
                    f"    if {value} != {field.constant}: raise MalformedPacket("
                    f"f'{owner}: {field.name} is {{{value}}}, not {field.constant}')\n"
                )
    targets = "".join(f"word{place}, " for place in range(len(words)))
    return (
        "def unpack(data, start):\n"
        f"    {targets}= from_bytes(data, start)\n"
        f"{''.join(checks)}"
        f"    return ({', '.join(values[name] for name in names)},)\n"
    )


def _explainer(
    owner: str, names: Sequence[str], fields: Sequence[Field]
) -> Callable[[tuple[Any, ...]], MalformedPacket]:
    """Return a function that finds the value which could not be packed and says so."""
    by_name = {field.name: field for field in fields}

    def explain(values: tuple[Any, ...]) -> MalformedPacket:
        for name, value in zip(names, values, strict=True):
            field = by_name[name]
            if field.kind in _ADDRESSES:
                if not isinstance(value, str):
                    return MalformedPacket(f"{owner}.{name}: {value!r} is not an address as text")
            elif not isinstance(value, int):
                return MalformedPacket(f"{owner}.{name}: {value!r} is not an integer")
            elif value >> field.bits:
                return MalformedPacket(
                    f"{owner}.{name}: {value} does not fit; "
                    f"allowed is 0 to {(1 << field.bits) - 1} ({field.bits} bits)"
                )
        return MalformedPacket(f"{owner}: cannot be packed from {values}")

    return explain
