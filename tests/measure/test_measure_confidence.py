"""Quantiles of Student's t, and what an interval of them promises."""

from __future__ import annotations

import math
import random

import pytest

from overlaysim.measure.confidence import Interval, interval, t_quantile


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    [  # Abramowitz and Stegun, table 26.10
        (0.75, 1, 1.000), (0.975, 1, 12.706), (0.995, 1, 63.657), (0.9995, 1, 636.619),
        (0.95, 2, 2.920), (0.975, 4, 2.776), (0.975, 9, 2.262), (0.995, 9, 3.250),
        (0.975, 19, 2.093), (0.99, 30, 2.457), (0.995, 60, 2.660), (0.975, 120, 1.980),
    ],
)  # fmt: skip
def test_quantiles_of_the_printed_table(probability: float, degrees: int, expected: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(expected, abs=0.00051)
    assert t_quantile(1 - probability, degrees) == pytest.approx(-expected, abs=0.00051)


@pytest.mark.parametrize("probability", [0.5, 0.6, 0.9, 0.975, 0.999])
def test_closed_forms_for_one_and_two_degrees(probability: float) -> None:
    assert t_quantile(probability, 1) == pytest.approx(
        math.tan(math.pi * (probability - 0.5)), rel=1e-9, abs=1e-12
    )
    a = 4 * probability * (1 - probability)
    expected = 2 * (probability - 0.5) * math.sqrt(2 / a)
    assert t_quantile(probability, 2) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_quantiles_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for degrees in (1, 2, 3, 7.5, 19, 100, 5000):
        for probability in (0.5001, 0.6, 0.9, 0.975, 0.995, 0.9999):
            expected = stats.t.ppf(probability, degrees)
            assert t_quantile(probability, degrees) == pytest.approx(expected, rel=1e-8)


def test_an_interval_by_hand() -> None:
    """Mean 3, standard deviation sqrt(2.5), t(0.975; 4) = 2.776."""
    found = interval([1, 2, 3, 4, 5])
    assert found.mean == 3
    assert found.half == pytest.approx(2.7764451 * math.sqrt(2.5 / 5), rel=1e-7)
    assert found.holds(4.9)
    assert not found.holds(5)


def test_one_value_says_nothing() -> None:
    assert interval([7.0]) == Interval(7.0, math.inf)


def test_nineteen_of_twenty_intervals_hold_the_mean() -> None:
    draw = random.Random(5)
    held = sum(interval([draw.gauss(10, 3) for _ in range(6)]).holds(10) for _ in range(2000))
    assert held / 2000 == pytest.approx(0.95, abs=0.015)
