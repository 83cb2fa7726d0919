"""Writes the source of a function that packs one stack of headers; :mod:`.fused` says why.

The function takes the layers apart, gives up at the first thing that is not as it expects, and ends
in a call or two of :mod:`struct`. In between it goes through the layers from the innermost
outwards, with ``size``, the bytes of payload and options so far, and ``total``, the checksum sum of
all it has been through: so no byte is summed twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from overlaysim.wire.addresses import SUMMED, remember
from overlaysim.wire.checksum import word_sum
from overlaysim.wire.computed import Checksum, Options
from overlaysim.wire.fused_layer import Layer, Sum, Value, sum_of
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.payload import PATTERNS, Opaque

_MOST_ARGUMENTS = 30
"""CPython compiles a call with more than these into one that builds a list first (compile.c)."""

_WRONG_VALUES = (struct.error, TypeError, ValueError, OverflowError, MalformedPacket)
"""What comes of values that no wire can carry."""


def _remember_addresses(layers: Sequence[Header]) -> None:
    """Put the addresses of a packet where the next one like it finds them."""
    try:
        for layer in layers:
            for word in layer.CODEC.words:
                if word.address:
                    remember(word.address.kind, getattr(layer, word.address.name))
    except _WRONG_VALUES:
        pass  # the layers will say which


_NAMES: dict[str, Any] = {
    "Opaque": Opaque, "PATTERNS": PATTERNS, "word_sum": word_sum,
    "WrongValues": _WRONG_VALUES, "remember_addresses": _remember_addresses,
    **{f"{kind}_summed": known for kind, known in SUMMED.items()},
}  # fmt: skip
"""What any source refers to."""


class Stack:
    """Puts the source for one stack of headers together.

    Field ``f`` of layer 3 is called ``f_3`` there; what else belongs to a layer begins with an
    underscore, which no field can.
    """

    def __init__(self, kinds: Sequence[type[Header]]) -> None:
        self.layers = [Layer(kinds, index) for index in range(len(kinds))]
        self.scope = dict(_NAMES)
        """The names in the source; complete when that is written."""
        self._lines: list[str] = []

    def source(self) -> str:
        """Return the source of ``pack(layers, payload)``."""
        self._take_apart()
        self._check_identities()
        self._take_payload()
        self._look_up_addresses()
        pieces: list[tuple[str, Value]] = []
        behind = 0  # bytes of the fixed headers behind the one in hand
        for layer in reversed(self.layers):
            pieces = self._add_layer(layer, behind) + pieces
            behind += layer.kind.CODEC.length
        self._write(f"return {''.join(f'{call} + ' for call in self._calls(pieces))}data")
        body = "".join(f"        {line}\n" for line in self._lines)
        return (
            f"def pack(layers, payload):\n"
            f"    try:\n{body}"
            f"    except KeyError:\n        remember_addresses(layers)\n"
            f"    except WrongValues:\n        pass\n"
        )

    def _write(self, *lines: str) -> None:
        self._lines += lines

    def _object(self, value: object) -> str:
        """Return how the source refers to an object of which it wants the identity."""
        if value is None or isinstance(value, bool):
            return str(value)
        for name, known in self.scope.items():
            if known is value:
                return name
        name = f"object{len(self.scope)}"
        self.scope[name] = value
        return name

    def _take_apart(self) -> None:
        self._write(f"{''.join(f'_layer_{layer.index}, ' for layer in self.layers)}= layers")
        for layer in self.layers:
            names = "".join(f"{layer.name(field)}, " for field in layer.kind._fields)
            # Adding makes a plain tuple of a header, which Python takes apart much faster.
            self._write(f"{names}= () + _layer_{layer.index}")

    def _check_identities(self) -> None:
        """Whether objects are the same is checked fast, and then 0.0 is not 0."""
        checks = []
        for layer in self.layers:
            checks += [f"{layer.name(field)} is not None" for field in layer.absent]
            for field, value in layer.computed.usual.items():
                checks.append(f"{layer.name(field)} is not {self._object(value)}")
        if checks:
            self._write(f"if {' or '.join(checks)}: return None")

    def _take_payload(self) -> None:
        self._write(
            "if type(payload) is Opaque:",
            "    data, total = PATTERNS[payload.length, payload.start & 255]",
            "else:",
            "    data = payload if type(payload) is bytes else bytes(payload)",
        )
        if any(layer.covered for layer in self.layers) or self._covers_body(self.layers[-1]):
            self._write("    total = word_sum(data)")
        self._write("size = len(data)")

    @staticmethod
    def _covers_body(layer: Layer) -> bool:
        return layer.computed.checksum is not None and layer.computed.checksum.body

    def _look_up_addresses(self) -> None:
        for layer in self.layers:
            pseudo_header = layer.computed.pseudo_header
            summed = layer.summed or pseudo_header
            for word in layer.kind.CODEC.words:
                if word.address:
                    name = layer.name(word.address.name)
                    found = f"{word.address.kind}_summed[{name}]"
                    both = f"{name}, {sum_of(name)} = {found}"
                    self._write(both if summed else f"{name} = {found}[0]")
            if pseudo_header:
                sums = Sum(*(sum_of(layer.name(field)) for field in pseudo_header))
                self._write(f"{layer.addresses} = {sums}")

    def _add_layer(self, layer: Layer, behind: int) -> list[tuple[str, Value]]:
        """Write down what a layer computes; return struct codes and values, "" for options."""
        length = layer.kind.CODEC.length
        if layer.options and layer.computed.options:
            self._add_options(layer, layer.options, layer.computed.options)
        if layer.computed.length:
            counted = Sum("size", behind + length - layer.computed.length.without)
            self._write(f"{layer.name(layer.computed.length.field)} = {counted}")
        arguments = self._add_words(layer)
        if layer.computed.checksum:
            self._add_checksum(layer, layer.computed.checksum, behind + length)
        return [*arguments, ("", layer.options)] if layer.options else arguments

    def _add_options(self, layer: Layer, options: str, declared: Options) -> None:
        """Write down how ``options``, as they are called, are counted and summed."""
        length = f"({layer.kind.CODEC.length} + len({options}))"
        self._write(f"if {length} % {declared.unit}: return None", f"size += len({options})")
        if layer.summed:
            self._write(f"if {options}: total += word_sum({options})")
        if declared.words:
            units = f"{length} // {declared.unit} - {declared.less}"
            self._write(f"{layer.name(declared.words)} = {units}")

    def _add_words(self, layer: Layer) -> list[tuple[str, Value]]:
        """Write down how the words come about, with a short way for one that has its defaults."""
        defaults = layer.defaults()
        ways = [layer.words(defaults), layer.words({})] if defaults else [layer.words({})]
        for words in ways:
            if layer.computed.checksum:
                words.lines.append(f"_words_{layer.index} = {words.total}")
            elif layer.covered:
                words.lines.append(f"total += {words.total}")
        if defaults:
            same = (f"{layer.name(name)} is {self._object(it)}" for name, it in defaults.items())
            self._write(f"if {' and '.join(same)}:", *(f"    {line}" for line in ways[0].lines))
            self._write("else:", *(f"    {line}" for line in ways[1].lines))
        else:
            self._write(*ways[0].lines)
        return ways[0].arguments

    def _add_checksum(self, layer: Layer, checksum: Checksum, length: int) -> None:
        """Write down a checksum, unless it is given; ``length`` goes up to the end."""
        name, words = layer.name(checksum.field), f"_words_{layer.index}"
        self._write(f"if {name} is None:")
        summands = Sum(words)
        if checksum.body:
            summands.add("total")
        if checksum.pseudo:
            self._write(f"    pseudo = {self._pseudo_header(layer, length)}")
            summands.add("pseudo")
        if checksum.nonzero:
            self._write(f"    {name} = -({summands}) % 0xFFFF or 0xFFFF")
        elif self._never_nothing(layer, checksum):
            self._write(f"    {name} = -({summands}) % 0xFFFF")
        else:
            self._write(f"    {name} = {summands}")
            self._write(f"    {name} = -{name} % 0xFFFF if {name} else 0xFFFF")
        if not layer.covered:
            return
        # Once its checksum is right, the sum over all that it covers is known: nothing, or what
        # the pseudo-header lacks for that (Linux: "local checksum offload").
        if not layer.nonzero:
            self._write(f"    total += {words} + {name}")
        elif checksum.pseudo:
            self._write("    total = -pseudo")
        elif checksum.body:
            self._write("    total = 0xFFFF")
        self._write("else:", f"    total += {words} + {name}")

    def _never_nothing(self, layer: Layer, checksum: Checksum) -> bool:
        """Whether a checksum cannot be over nothing but zeros, which alone gives 0xffff."""
        inside = self.layers[layer.index :] if checksum.body else [layer]
        return checksum.pseudo or any(inner.nonzero for inner in inside)

    def _pseudo_header(self, layer: Layer, length: int) -> Sum:
        """Return the sum of the pseudo-header: addresses, protocol, length (RFC 768)."""
        outside = reversed(self.layers[: layer.index])
        outer = next(outer for outer in outside if outer.computed.pseudo_header)
        return Sum(outer.addresses, "size", length + layer.kind.BINDINGS["protocol"])

    def _calls(self, pieces: Iterable[tuple[str, Value]]) -> list[str]:
        """Return the expressions that make bytes of struct codes and values, and the options."""
        calls = []
        for fixed, group in groupby(pieces, key=lambda piece: piece[0] != ""):
            if not fixed:
                calls += [str(value) for _, value in group]
                continue
            words = _merged(group)
            count = -(-len(words) // _MOST_ARGUMENTS)
            for number in range(count):
                part = words[len(words) * number // count : len(words) * (number + 1) // count]
                name = f"to_bytes{len(calls)}"
                self.scope[name] = struct.Struct(">" + "".join(code for code, _ in part)).pack
                calls.append(f"{name}({', '.join(value for _, value in part)})")
        return calls


def _merged(words: Iterable[tuple[str, Value]]) -> list[tuple[str, str]]:
    """Make strings of bytes out of neighbouring words that are known beforehand."""
    merged = []
    known = b""
    for code, value in [*words, ("", "")]:
        if isinstance(value, int):
            known += struct.pack(f">{code}", value)
            continue
        if known:
            merged.append((f"{len(known)}s", repr(known)))
            known = b""
        if code:
            merged.append((code, value))
    return merged
