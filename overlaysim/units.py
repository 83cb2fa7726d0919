"""Quantities with units: how they are written, read and printed.

Inside the simulator time is an integer number of picoseconds, a rate an integer number of bit/s,
a size an integer number of bytes and a probability a float. Only this module knows how people
write them. Every reader raises :class:`overlaysim.errors.UnitError` with a message that names the
allowed spellings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from overlaysim.errors import UnitError, nearest, quote

NS = 1_000
US = 1_000_000
MS = 1_000_000_000
SECOND = 1_000_000_000_000
"""Picoseconds in a nanosecond, microsecond, millisecond and second."""


@dataclass(frozen=True)
class _Quantity:
    """One kind of quantity: its units in terms of the smallest, and how to speak of it."""

    what: str
    example: str
    largest: str
    units: dict[str, int]

    @property
    def spellings(self) -> list[str]:
        """The units that messages and patterns offer: those that every keyboard has."""
        return [unit for unit in self.units if unit.isascii()]

    @property
    def pattern(self) -> str:
        """A regular expression (the common core of Python and ECMA) of what can be written."""
        return rf"^\s*[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{{1,2}})?\s*({'|'.join(self.units)})\s*$"

    def read(self, text: str) -> int:
        """Read ``number unit`` exactly (no float on the way) and round to the smallest unit."""
        match = _NUMBER_AND_UNIT.match(text) if len(text) <= _LONGEST else None
        if not match or match["unit"] not in self.units:
            raise UnitError(
                f"{quote(text)} is not a {self.what}; write a number and "
                f"{', '.join(self.spellings)}, for example {self.example}"
                + (nearest(match["unit"], self.spellings) if match and match["unit"] else "")
            )
        value = Fraction(match["number"]) * self.units[match["unit"]]
        if not 0 <= value <= _LARGEST:
            raise UnitError(
                f"{quote(text)} is out of range: a {self.what} is from 0 to {self.largest}"
            )
        return round(value)


_LARGEST = 10**18  # so that sums of a few of them still fit into a signed 64-bit integer
_LONGEST = 60
_NUMBER_AND_UNIT = re.compile(
    r"\s*(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*(?P<unit>[^0-9\s.]\S*)?\s*$"
)

_DURATION = _Quantity("duration", "50 us", "1000000 s", {
    "ps": 1, "ns": NS, "us": US, "µs": US, "ms": MS, "s": SECOND,
    "min": 60 * SECOND, "h": 3600 * SECOND,
})  # fmt: skip
_RATE = _Quantity("rate", "10 Gbit/s", "1000000 Tbit/s", {
    "bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9, "Tbit/s": 10**12,
})  # fmt: skip
_SIZE = _Quantity("size", "1500 B", "1000000000 GB", {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
})  # fmt: skip
_SHARE = re.compile(r"\s*([0-9]{1,3}(?:\.[0-9]{1,12})?)\s*%\s*")

PATTERNS = {
    "duration": _DURATION.pattern,
    "rate": _RATE.pattern,
    "size": _SIZE.pattern,
    "share": f"^{_SHARE.pattern}$",
}
"""How each kind of quantity is written, as regular expressions for the JSON Schema."""


def parse_duration(text: str) -> int:
    """Read a duration such as ``50 us`` as picoseconds."""
    return _DURATION.read(text)


def parse_rate(text: str) -> int:
    """Read a rate such as ``10 Gbit/s`` as bit/s; zero is refused."""
    rate = _RATE.read(text)
    if rate == 0:
        raise UnitError(
            f"{quote(text)} is not a rate that anything could be sent at; write more than 0"
        )
    return rate


def parse_size(text: str) -> int:
    """Read a size such as ``1500 B`` as bytes."""
    return _SIZE.read(text)


def parse_share(text: str) -> float:
    """Read a probability such as ``1 %`` as a float between 0 and 1."""
    match = _SHARE.fullmatch(text)
    if not match or Fraction(match[1]) > 100:
        raise UnitError(
            f"{quote(text)} is not a share; write a number from 0 to 100 and %, for example 1 %"
        )
    return float(Fraction(match[1]) / 100)


def format_duration(ps: int) -> str:
    """Print a duration in the largest unit that keeps three digits before the point."""
    for unit, factor in (("s", SECOND), ("ms", MS), ("us", US), ("ns", NS)):
        if abs(ps) >= factor:
            return f"{ps / factor:.3f} {unit}"
    return f"{ps} ps"


def format_roughly(ps: int) -> str:
    """Print a duration with three significant digits, where the fourth would say nothing."""
    for unit, factor in (("s", SECOND), ("ms", MS), ("us", US), ("ns", NS)):
        if abs(ps) >= factor:
            return (
                f"{ps / factor:.3g} {unit}" if abs(ps) < 1000 * factor else f"{ps // factor} {unit}"
            )
    return f"{ps} ps"


def format_seconds(ps: int) -> str:
    """Print an instant as seconds with three decimals, as the prompt shows it."""
    return f"{ps / SECOND:.3f} s"


def format_us(ps: int) -> str:
    """Print a duration as microseconds with three decimals, without the unit."""
    return f"{ps / US:.3f}"


def format_rate(rate: int) -> str:
    """Print a rate in the largest unit that divides it well."""
    for unit, factor in reversed(_RATE.units.items()):
        if rate >= factor:
            return f"{rate / factor:g} {unit}"
    return f"{rate} bit/s"


def format_count(number: int) -> str:
    """Print an integer with thin groups of three: ``4 812``."""
    return f"{number:,}".replace(",", " ")


def transmission_time(length: int, rate: int) -> int:
    """Time to clock ``length`` bytes onto a link of ``rate`` bit/s, in picoseconds.

    The only place where a serialisation time is rounded (to the nearest picosecond, half up, and at
    least one), so that every part of the simulator gets the same integer.
    """
    return max(min(length, 1), (length * 8 * SECOND * 2 + rate) // (2 * rate))
