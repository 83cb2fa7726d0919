"""Quantities with units: how they are written, read and printed.

Inside the simulator time is an integer number of picoseconds, a rate an integer number of bit/s,
a size an integer number of bytes and a probability a float. Only this module knows how people
write them. Every reader raises :class:`overlaysim.errors.UnitError` with a message that names the
allowed spellings.
"""

from __future__ import annotations

import re
from decimal import Decimal

from overlaysim.errors import UnitError

NS = 1_000
US = 1_000_000
MS = 1_000_000_000
SECOND = 1_000_000_000_000
"""Picoseconds in a nanosecond, microsecond, millisecond and second."""

_DURATIONS = {
    "ps": 1, "ns": NS, "us": US, "µs": US, "ms": MS, "s": SECOND,
    "min": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_RATES = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9, "Tbit/s": 10**12}
_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([^\d\s.].*?)?\s*$")


def _read(text: str, units: dict[str, int], what: str, example: str) -> int:
    """Read ``number unit`` exactly (no float on the way) and round to the smallest unit."""
    match = _QUANTITY.match(text)
    allowed = ", ".join(unit for unit in units if unit.isascii())
    if not match or match.group(2) not in units:
        raise UnitError(
            f'"{text}" is not a {what}; write a number and {allowed}, for example {example}'
        )
    if len(match.group(1)) > 40:
        raise UnitError(f'"{text[:20]}…" is too long for a {what}')
    value = Decimal(match.group(1)) * units[match.group(2)]
    if not 0 <= value <= 10**30:
        raise UnitError(f'"{text}" is out of range: a {what} is zero or more and finite')
    return round(value)


def parse_duration(text: str) -> int:
    """Read a duration such as ``50 us`` as picoseconds."""
    return _read(text, _DURATIONS, "duration", "50 us")


def parse_rate(text: str) -> int:
    """Read a rate such as ``10 Gbit/s`` as bit/s; zero is refused."""
    rate = _read(text, _RATES, "rate", "10 Gbit/s")
    if rate == 0:
        raise UnitError(f'"{text}" is not a rate that anything could be sent at; write more than 0')
    return rate


def parse_size(text: str) -> int:
    """Read a size such as ``1500 B`` as bytes."""
    return _read(text, _SIZES, "size", "1500 B")


def parse_share(text: str) -> float:
    """Read a probability such as ``1 %`` as a float between 0 and 1."""
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,12})?)\s*%\s*", text)
    if not match or float(match.group(1)) > 100:
        raise UnitError(f'"{text}" is not a share; write a number from 0 to 100 and %, as in 1 %')
    return float(Decimal(match.group(1)) / 100)


def format_duration(ps: int) -> str:
    """Print a duration in the largest unit that keeps three digits before the point."""
    for unit, factor in (("s", SECOND), ("ms", MS), ("us", US), ("ns", NS)):
        if abs(ps) >= factor:
            return f"{ps / factor:.3f} {unit}"
    return f"{ps} ps"


def format_seconds(ps: int) -> str:
    """Print an instant as seconds with three decimals, as the prompt shows it."""
    return f"{ps / SECOND:.3f} s"


def format_us(ps: int) -> str:
    """Print a duration as microseconds with three decimals, without the unit."""
    return f"{ps / US:.3f}"


def format_rate(rate: int) -> str:
    """Print a rate in the largest unit that divides it well."""
    for unit, factor in reversed(_RATES.items()):
        if rate >= factor:
            return f"{rate / factor:g} {unit}"
    return f"{rate} bit/s"


def format_count(number: int) -> str:
    """Print an integer with thin groups of three: ``4 812``."""
    return f"{number:,}".replace(",", " ")


def transmission_time(length: int, rate: int) -> int:
    """Time to clock ``length`` bytes onto a link of ``rate`` bit/s, in picoseconds.

    The only place where a serialisation time is rounded (to the nearest picosecond, half up), so
    that every part of the simulator gets the same integer.
    """
    return (length * 8 * SECOND * 2 + rate) // (2 * rate)
