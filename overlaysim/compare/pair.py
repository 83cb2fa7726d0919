"""A quantity by calculation and as simulated, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.measure.confidence import Interval

_FLOAT = 1e-12
"""Relative error that floating-point arithmetic alone may make."""


@dataclass(frozen=True)
class Pair:
    """One quantity twice.

    Attributes:
        analytic: by calculation; None where there is no closed form or no finite value.
        simulated: as measured; None where nothing was simulated.
        rounding: if nothing is random, the relative difference that rounding to whole picoseconds
            can explain.
        interval: if something is random, the confidence interval around the simulated mean.
    """

    analytic: float | None
    simulated: float | None = None
    rounding: float = 0.0
    interval: Interval | None = None

    @property
    def is_random(self) -> bool:
        """Whether the simulated value is an estimate."""
        return self.interval is not None

    @property
    def difference(self) -> float | None:
        """Simulated minus analytic, as a share of the analytic value."""
        if self.analytic is None or self.simulated is None:
            return None
        if self.simulated == self.analytic:
            return 0.0
        return (self.simulated - self.analytic) / self.analytic

    @property
    def agrees(self) -> bool | None:
        """Whether the two say the same; None if there are not two.

        A deterministic value agrees if rounding explains the difference, an estimate if the
        analytic value lies in its confidence interval.
        """
        if self.analytic is None or self.simulated is None or self.difference is None:
            return None
        if self.interval is not None:
            return self.interval.holds(self.analytic)
        return abs(self.difference) <= self.rounding + _FLOAT


def estimated(analytic: float | None, interval: Interval) -> Pair:
    """A pair whose simulated value is the mean of replications."""
    return Pair(analytic, interval.mean, interval=interval)
