"""Confidence intervals for the mean of independent runs (Student's t)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_STEPS = 200
_TINY = 1e-300
_EPSILON = 1e-16


@dataclass(frozen=True)
class Interval:
    """A mean and half the width of its confidence interval (infinite for a single run)."""

    mean: float
    half: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return abs(value - self.mean) <= self.half


def interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the interval that holds the true mean with probability ``confidence``.

    The values are independent and about normal, as means of long runs are.
    """
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Interval(mean, math.inf)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    quantile = t_quantile((1 + confidence) / 2, count - 1)
    return Interval(mean, quantile * math.sqrt(variance / count))


@lru_cache(maxsize=256)
def t_quantile(probability: float, degrees: float) -> float:
    """Return the value that a t-distributed variable does not exceed with this probability.

    Args:
        probability: above 0 and below 1.
        degrees: of freedom, above 0.
    """
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while _t_tail(high, degrees) > 1 - probability:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _t_tail(middle, degrees) > 1 - probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _t_tail(value: float, degrees: float) -> float:
    """Probability of more than ``value`` >= 0 (Abramowitz and Stegun 26.5.27 and 26.7.1)."""
    return _incomplete_beta(degrees / (degrees + value * value), degrees / 2, 0.5) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x)
        + b * math.log1p(-x)
    )  # fmt: skip
    return front / (a * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)) of Abramowitz and Stegun 26.5.8.

    Evaluated from the front by the method of Lentz as modified by Thompson and Barnett.
    """
    value, numerator, denominator = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        m = step // 2
        if step % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / (1 + d * denominator or _TINY)
        numerator = 1 + d / numerator or _TINY
        value *= numerator * denominator
        if abs(numerator * denominator - 1) < _EPSILON:
            break
    return value
