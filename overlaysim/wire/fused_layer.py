"""One header of a stack that is packed as a whole: what becomes of its fields in the source."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from overlaysim.wire.computed import Computed
from overlaysim.wire.declared import usual_numbers
from overlaysim.wire.header import Header
from overlaysim.wire.layout import Field, Word

Value = int | str
"""A number known beforehand, or an expression of the source."""


class Sum:
    """A sum that is written down; what is known beforehand is added up at once."""

    def __init__(self, *values: Value) -> None:
        self._known = 0
        self._terms: list[str] = []
        for value in values:
            self.add(value)

    def add(self, value: Value) -> None:
        """Add a number or an expression."""
        if isinstance(value, int):
            self._known += value
        else:
            self._terms.append(value)

    def __str__(self) -> str:
        known = [str(self._known)] if self._known or not self._terms else []
        return " + ".join(self._terms + known)


@dataclass
class Words:
    """How the words of a header come about."""

    lines: list[str] = field(default_factory=list)
    """Statements that make those which take more than a name."""
    arguments: list[tuple[str, Value]] = field(default_factory=list)
    """Code for :mod:`struct` and value of each."""
    total: Sum = field(default_factory=Sum)
    """Their checksum sum, without the checksum itself."""


class Layer:
    """The header ``kinds[index]``; a field is a number in the source, or ``field_index``."""

    def __init__(self, kinds: Sequence[type[Header]], index: int) -> None:
        self.kind = kinds[index]
        self.index = index
        self.computed = self.kind.COMPUTED or Computed()
        self.absent: list[str] = []
        """Fields that have to be None."""
        self._known = usual_numbers(self.kind, self.computed)
        if self.kind.NEXT is not None and index + 1 < len(kinds):
            name, space = self.kind.NEXT
            if space in kinds[index + 1].BINDINGS:
                self._known[name] = kinds[index + 1].BINDINGS[space]
                self.absent.append(name)
        if self.computed.length:
            self.absent.append(self.computed.length.field)
        outside = (kind.COMPUTED for kind in kinds[:index])
        self.covered = any(outer and outer.checksum and outer.checksum.body for outer in outside)
        """Whether a checksum outside covers this layer."""

    @property
    def options(self) -> str | None:
        """What the bytes behind the fixed part are called, if there can be any."""
        options = self.computed.options
        if options is None or options.field in self.computed.usual:
            return None
        return self.name(options.field)

    @property
    def addresses(self) -> str:
        """What the sum of the addresses for a pseudo-header is called."""
        return f"_addresses_{self.index}"

    @property
    def summed(self) -> bool:
        """Whether the sum of its words is wanted."""
        return self.covered or self.computed.checksum is not None

    @property
    def nonzero(self) -> bool:
        """Whether its bytes cannot all be zero."""
        length, options = self.computed.length, self.computed.options
        return (
            (length is not None and length.without < self.kind.CODEC.length)
            or (options is not None and options.words is not None and not options.less)
            or any(part.constant for word in self.kind.CODEC.words for part in word.fields)
        )

    def name(self, field: str) -> str:
        """Return what a field is called."""
        return f"{field}_{self.index}"

    def value(self, field: Field) -> Value:
        """Return what stands in a field of the layout."""
        if field.constant is not None:
            return field.constant
        return self._known.get(field.name, self.name(field.name))

    def defaults(self) -> dict[str, int]:
        """Return the fields that would be less work if they were known to have their default."""
        defaults = self.kind._field_defaults
        return {
            part.name: defaults[part.name]
            for word in self.kind.CODEC.words
            for part in word.fields
            if isinstance(self.value(part), str) and isinstance(defaults.get(part.name), int)
            and (len(word.fields) > 1 or (self.summed and word.bits == 8))
        }  # fmt: skip

    def words(self, assumed: Mapping[str, int]) -> Words:
        """Return how the words come about if the fields ``assumed`` have these values."""
        words = Words()
        checksum = self.computed.checksum.field if self.computed.checksum else None
        guards: list[str] = []
        place = 0
        for word in self.kind.CODEC.words:
            argument, value = self._value(word, {}), self._value(word, assumed)
            if len(word.fields) > 1 and isinstance(argument, str):
                guards += self._guards(word, assumed)
                argument = f"_word_{self.index}_{place}"
                words.lines.append(f"{argument} = {value}")
                value = value if isinstance(value, int) else argument
            words.arguments.append((word.code, argument))
            place += struct.calcsize(word.code)
            if word.fields[0].name not in {checksum, *self.computed.pseudo_header}:
                words.total.add(_summand(word, value, place))
        if self.computed.pseudo_header:
            words.total.add(self.addresses)
        if guards:
            words.lines.insert(0, f"if {' or '.join(guards)}: return None")
        return words

    def _value(self, word: Word, assumed: Mapping[str, int]) -> Value:
        """Return a word made of its fields."""
        if word.address:
            return self.name(word.address.name)
        known = 0
        parts = []
        for part, shift in word.shifts():
            value = assumed.get(part.name, self.value(part))
            if isinstance(value, int):
                known |= value << shift
            elif part.kind == "flag":
                parts.append(f"({1 << shift} if {value} else 0)")
            else:
                parts.append(f"{value} << {shift}" if shift else value)
        if not parts:
            return known
        return " | ".join(parts + ([str(known)] if known else []))

    def _guards(self, word: Word, assumed: Mapping[str, int]) -> list[str]:
        """Return what is true if a field of a word does not fit into its bits."""
        guards = []
        for part in word.fields:
            value = assumed.get(part.name, self.value(part))
            if isinstance(value, int):
                continue
            if part.kind == "flag":
                guards.append(f"{value} is not False and {value} is not True")
            # The struct refuses what overflows a word at its top; inside a word we must look.
            elif part is not word.fields[0]:
                guards.append(f"{value} >> {part.bits}")
        return guards


def sum_of(address: str) -> str:
    """Return what the checksum sum of an address is called."""
    return f"_sum_{address}"


def _summand(word: Word, value: Value, end: int) -> Value:
    """Return what a word that ends before byte ``end`` adds to a checksum sum.

    Moving by two bytes multiplies by 65536 and so changes nothing; what ends in the upper half of
    a 16-bit word counts 256 times (RFC 1071 section 2).
    """
    if word.address:
        value = sum_of(str(value))
    if end % 2 == 0:
        return value
    return value << 8 if isinstance(value, int) else f"({value} << 8)"
