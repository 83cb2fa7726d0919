"""When something had reached which share of those it was meant for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from overlaysim.units import SECOND

SHARES = {"t25_s": 25, "t50_s": 50, "t75_s": 75, "t90_s": 90, "t99_s": 99, "t100_s": 100}
"""Metric and percent."""

Metrics = dict[str, float]
"""Metric and value; times are seconds."""


def spread(times: Sequence[int], expected: int, prefix: str = "") -> Metrics:
    """The instants at which a share of ``expected`` had been reached.

    A share of q percent is reached with the ceil(q/100 x expected)-th arrival. Shares that were
    never reached are left out, and so is the mean if any arrival is missing.

    Args:
        times: picoseconds of the arrivals since the beginning, in any order.
        expected: how many arrivals there should be.
        prefix: put before the metrics' names.
    """
    arrived = sorted(times)
    metrics: Metrics = {}
    if arrived:
        metrics[f"{prefix}t_first_s"] = arrived[0] / SECOND
    for metric, percent in SHARES.items():
        needed = math.ceil(percent * expected / 100)
        if 0 < needed <= len(arrived):
            metrics[prefix + metric] = arrived[needed - 1] / SECOND
    if expected and len(arrived) >= expected:
        metrics[f"{prefix}t_mean_s"] = sum(arrived) / len(arrived) / SECOND
    return metrics
