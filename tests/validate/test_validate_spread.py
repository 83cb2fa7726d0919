"""Arrival times as the reference's metrics."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.units import SECOND
from overlaysim.validate.spread import SHARES, spread


def test_a_share_is_reached_with_the_arrival_that_completes_it() -> None:
    metrics = spread([9 * SECOND, 1 * SECOND, 2 * SECOND, 3 * SECOND], 4, "x_")
    assert metrics == {
        "x_t_first_s": 1, "x_t25_s": 1, "x_t50_s": 2, "x_t75_s": 3, "x_t90_s": 9, "x_t99_s": 9,
        "x_t100_s": 9, "x_t_mean_s": 3.75,
    }  # fmt: skip


def test_what_was_not_reached_has_no_metric() -> None:
    assert spread([SECOND], 3) == {"t_first_s": 1, "t25_s": 1}
    assert spread([], 3) == {}
    assert spread([], 0) == {}


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=60))
def test_the_share_that_has_it_at_an_instant_is_at_least_that_of_the_metric(
    times: list[int],
) -> None:
    metrics = spread(times, len(times))
    for metric, percent in SHARES.items():
        reached = sum(time / SECOND <= metrics[metric] for time in times)
        assert reached >= math.ceil(percent * len(times) / 100)
    assert metrics["t_first_s"] == min(times) / SECOND
    assert metrics["t100_s"] == max(times) / SECOND
