"""Gaps between packets: constant, or exponential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from overlaysim.traffic.schedule.chance import Purpose, Times
from overlaysim.traffic.schedule.chunks import HORIZON, accumulate
from overlaysim.traffic.schedule.logarithm import exponential
from overlaysim.units import SECOND

_EXACT = 2**49
"""Denominators up to this many times as many packets as a piece has fit into 64 bits."""


def spacing(rate: int, size: int | Fraction) -> Fraction:
    """Return the mean gap, in picoseconds, of packets of ``size`` bytes at ``rate`` bit/s.

    Raises:
        ValueError: for a rate or a size that is not above zero.
    """
    if rate < 1 or size <= 0:
        raise ValueError(f"rate ({rate} bit/s) and size ({size} B) must be above zero")
    return Fraction(size) * 8 * SECOND / rate


@dataclass(frozen=True)
class Constant:
    """Packet k leaves at ``k * period``, rounded down to the picosecond, so that nothing drifts.

    Attributes:
        period: picoseconds, a whole number or a fraction; above zero.
    """

    period: int | Fraction

    def __post_init__(self) -> None:
        check_positive("period", self.period)

    @property
    def mean(self) -> int | Fraction:
        """The gap, picoseconds."""
        return self.period

    def births(self, stream: Purpose, counts: Iterator[int]) -> Iterator[Times]:
        """Yield the instants, exactly; chance has no part in it."""
        last = -(-HORIZON * self.period.denominator // self.period.numerator)
        first = 0
        for count in counts:
            end = min(first + count, last)
            yield self._between(first, end)
            if end == last:
                return
            first = end

    def _between(self, first: int, end: int) -> Times:
        above, below = self.period.numerator, self.period.denominator
        if below > _EXACT:
            return np.array([k * above // below for k in range(first, end)], np.int64)
        whole, part = divmod(above, below)
        base, rest = divmod(first * above, below)
        steps = np.arange(end - first, dtype=np.int64)
        return base + steps * whole + (rest + steps * part) // below


@dataclass(frozen=True)
class Poisson:
    """Exponential gaps, each rounded to the picosecond, the first of them before the first packet.

    Attributes:
        mean: the mean gap, picoseconds; above zero.
    """

    mean: int | Fraction

    def __post_init__(self) -> None:
        check_positive("mean", self.mean)

    def births(self, stream: Purpose, counts: Iterator[int]) -> Iterator[Times]:
        """Yield the instants; packet k takes the k-th draw of the stream ``gaps``."""
        uniforms, total = stream("gaps"), 0
        for count in counts:
            times = accumulate(total, exponential_durations(self.mean, uniforms.take(count)))
            yield times
            if len(times) < count:
                return
            total = int(times[-1])


def exponential_durations(mean: int | Fraction, uniform: NDArray[np.float64]) -> Times:
    """Return rounded exponential durations of a mean in picoseconds, none beyond the horizon."""
    durations = exponential(uniform)
    durations *= float(mean)
    np.rint(durations, out=durations)
    np.minimum(durations, float(HORIZON), out=durations)
    return durations.astype(np.int64)


def check_positive(name: str, duration: int | Fraction) -> None:
    """Raise ValueError for a duration, in picoseconds, of zero or less."""
    if duration <= 0:
        raise ValueError(f"{name} ({duration} ps) must be above zero")
