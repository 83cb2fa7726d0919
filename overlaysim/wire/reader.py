"""How one class of headers is read fast, and which of its methods need not be asked.

Most headers that :func:`~overlaysim.wire.decode.decode` meets are as usual: no options, no
fragment, and just as long as they say. For those a function is compiled for each class that
declares what it does (:mod:`overlaysim.wire.computed`); it reads a header and compares it with that
in one go. To whatever else there may be, right or wrong, it answers None, and the methods of the
class have their say.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from overlaysim.wire.addresses import TEXTS
from overlaysim.wire.computed import Computed
from overlaysim.wire.declared import declaration_of, usual_numbers
from overlaysim.wire.header import Header
from overlaysim.wire.layout import Word
from overlaysim.wire.memo import Memo

Quick = Callable[[bytes, int, int], Header | None]


class Reader:
    """What :func:`~overlaysim.wire.decode.decode` knows of a class of headers."""

    __slots__ = ("chooses", "length", "place", "quick", "space")

    def __init__(self, kind: type[Header]) -> None:
        computed = _declared_whole(kind)
        self.quick: Quick = _never if computed is None else _compile(kind, computed)
        """Reads a usual header that with its body fills ``data[start:end]``; None if it is not."""
        self.length = 0 if computed is None else kind.CODEC.length
        """Bytes of a usual header."""
        self.chooses = _overrides(kind, "choose")
        """Whether its number may announce other headers as well."""
        simply = computed is not None and (computed.usual or not _overrides(kind, "inner_binding"))
        field, self.space = kind.NEXT if simply and kind.NEXT else ("", "")
        """The number space of what follows a usual header, if a field names just that."""
        self.place = kind._fields.index(field) if field else -1
        """Where that field is."""


def _overrides(kind: type[Header], method: str) -> bool:
    """Whether a class has a method or property of its own in place of that of :class:`Header`."""
    own, general = getattr(kind, method), getattr(Header, method)
    return getattr(own, "__func__", own) is not getattr(general, "__func__", general)


def _declared_whole(kind: type[Header]) -> Computed | None:
    """Return what ``kind`` declares, if that tells all about how a usual header is read."""
    computed = declaration_of(kind)
    if computed is None or (computed.options and computed.options.field not in computed.usual):
        return None
    reads = kind.COMPUTED is None and (_overrides(kind, "parse") or _overrides(kind, "read_fixed"))
    breaks = _overrides(kind, "is_fragment") and not computed.usual
    claims = _overrides(kind, "body_length") and not computed.length
    return None if reads or breaks or claims else computed


def _never(data: bytes, start: int, end: int) -> Header | None:
    return None


def _compile(kind: type[Header], computed: Computed) -> Quick:
    """Write and compile the function that reads a usual header."""
    words = [(word, f"word{place}") for place, word in enumerate(kind.CODEC.words)]
    known = usual_numbers(kind, computed)
    values: dict[str, str] = {}
    wrong = []
    for word, name in words:
        values |= _fields_of(word, name)
        wrong += _unlike(word, name, known)
    if computed.length:
        counted = f"{values[computed.length.field]} + {computed.length.without}"
        wrong.append(f"{counted.removesuffix(' + 0')} != end - start")
    values |= {name: repr(value) for name, value in computed.usual.items()}
    guard = f"    if {' or '.join(wrong)}: return None\n" if wrong else ""
    source = (
        "def quick(data, start, end):\n"
        f"    if end - start < {kind.CODEC.length}: return None\n"
        f"    {''.join(f'{name}, ' for _, name in words)}= from_bytes(data, start)\n{guard}"
        f"    return new(kind, ({''.join(f'{values[name]}, ' for name in kind._fields)}))\n"
    )
    codes = "".join(word.code for word, _ in words)
    scope: dict[str, Any] = {
        "new": tuple.__new__, "kind": kind, "from_bytes": struct.Struct(f">{codes}").unpack_from,
        **{f"{address}_text": texts for address, texts in TEXTS.items()},
    }  # fmt: skip
    # As collections.namedtuple does: the source is made of identifiers and literals only.
    exec(source, scope)
    quick: Quick = scope["quick"]
    return quick


def _fields_of(word: Word, name: str) -> dict[str, str]:
    """Return the expressions that take the fields out of a word."""
    if word.address:
        return {word.address.name: f"{word.address.kind}_text[{name}]"}
    values = {}
    for field, shift in word.shifts():
        if field.kind == "flag":
            values[field.name] = f"{name} & {1 << shift} != 0"
            continue
        value = f"{name} >> {shift}" if shift else name
        if field is not word.fields[0]:
            value += f" & {(1 << field.bits) - 1}"
        values[field.name] = value
    return values


def _unlike(word: Word, name: str, known: Mapping[str, int]) -> list[str]:
    """Return what is true of a word in which some field has not the only value it may have."""
    mask = expected = 0
    for field, shift in word.shifts():
        value = known.get(field.name) if field.constant is None else field.constant
        if value is not None:
            mask |= ((1 << field.bits) - 1) << shift
            expected |= value << shift
    if not mask:
        return []
    part = name if mask + 1 == 1 << word.bits else f"{name} & {mask}"
    return [f"{part} != {expected}"]


READERS: Memo[type[Header], Reader] = Memo(Reader, 1024)
"""The readers by class of header."""
