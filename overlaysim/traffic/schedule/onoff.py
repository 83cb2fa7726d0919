"""Traffic in bursts: periods in which packets leave, and pauses in which none does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from overlaysim.traffic.schedule.chance import Purpose, Times
from overlaysim.traffic.schedule.chunks import HORIZON, accumulate, portions
from overlaysim.traffic.schedule.gaps import (
    Constant,
    Poisson,
    check_positive,
    exponential_durations,
)


@dataclass(frozen=True)
class Exponential:
    """A duration with an exponential distribution.

    Attributes:
        mean: picoseconds; above zero.
    """

    mean: int | Fraction

    def __post_init__(self) -> None:
        check_positive("mean", self.mean)

    def of(self, uniform: NDArray[np.float64]) -> Times:
        """Return one duration for each number."""
        return exponential_durations(self.mean, uniform)


@dataclass(frozen=True)
class OnOff:
    """Packets leave while it is on. It begins on; periods are half open, their ends excluded.

    ``gaps`` runs on a clock that stands still while it is off: a gap that a pause interrupts goes
    on after it. The mean rate is thus that of ``gaps`` times on / (on + off), whatever the periods,
    and Poisson gaps make an interrupted Poisson process. (ns-3 does the same with the bits that a
    pause leaves over, ``src/applications/model/onoff-application.cc``, but begins off.)

    Attributes:
        on: how long it is on, picoseconds, always or in the mean; above zero.
        off: how long it is off, likewise; zero if fixed is allowed.
        gaps: between packets while it is on.
    """

    on: int | Exponential
    off: int | Exponential
    gaps: Constant | Poisson

    def __post_init__(self) -> None:
        if not isinstance(self.on, Exponential):
            check_positive("on", self.on)
        if not isinstance(self.off, Exponential) and self.off < 0:
            raise ValueError(f"off ({self.off} ps) must not be below zero")

    def births(self, stream: Purpose, counts: Iterator[int]) -> Iterator[Times]:
        """Yield the instants; cycle k takes two draws of the stream ``phases``."""
        cycles = self._cycles(stream)
        ends, pauses = next(cycles)
        for clock in self.gaps.births(stream, counts):
            waiting = clock
            while waiting.size:
                inside = int(waiting.searchsorted(ends[-1]))
                now, waiting = waiting[:inside], waiting[inside:]
                yield now + pauses[ends.searchsorted(now, "right")]
                if waiting.size:
                    cycle = next(cycles, None)
                    if cycle is None:
                        return
                    ends, pauses = cycle

    def _cycles(self, stream: Purpose) -> Iterator[tuple[Times, Times]]:
        """Yield pieces of: the end of each period on its clock, and how long it was off before."""
        uniforms, clock, paused = stream("phases"), 0, 0
        for count in portions():
            uniform = uniforms.take(2 * count)
            ends = accumulate(clock, _durations(self.on, uniform[0::2]))
            pauses = accumulate(paused, _durations(self.off, uniform[1::2]))
            before = np.concatenate([np.array([paused], np.int64), pauses])
            if len(ends) == len(pauses) == count:
                yield ends, before[:-1]
                clock, paused = int(ends[-1]), int(pauses[-1])
                continue
            # The last period that begins before the horizon; none after it.
            ends = np.append(ends, np.int64(HORIZON))
            most = min(len(ends), len(before))
            yield ends[:most], before[:most]
            return


def _durations(duration: int | Exponential, uniform: NDArray[np.float64]) -> Times:
    if isinstance(duration, Exponential):
        return duration.of(uniform)
    return np.full(len(uniform), duration, np.int64)
