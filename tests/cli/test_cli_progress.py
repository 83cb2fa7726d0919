"""The progress line of a long run."""

from __future__ import annotations

import io

import pytest

from overlaysim.cli.progress import CLEAR, PAUSE, ProgressLine, format_left
from overlaysim.units import SECOND


class Clock:
    """Real time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_tells_time_rate_and_what_is_left(clock: Clock) -> None:
    stream = io.StringIO()
    line = ProgressLine(stream, 60 * SECOND, clock)
    clock.now += 2
    line(8 * SECOND)
    expected = "8.000 s simulated of 60.000 s, 4 s per second, about 13 s left"
    assert stream.getvalue() == f"{CLEAR}{expected}"


def test_without_an_end_there_is_no_estimate(clock: Clock) -> None:
    line = ProgressLine(io.StringIO(), None, clock)
    clock.now += 4
    line(SECOND)
    assert line.text == "1.000 s simulated, 0.25 s per second"


def test_it_does_not_write_more_often_than_anybody_can_read(clock: Clock) -> None:
    stream = io.StringIO()
    line = ProgressLine(stream, None, clock)
    for instant in range(1, 1001):
        clock.now += PAUSE / 10
        line(instant * SECOND)
    assert 90 <= stream.getvalue().count(CLEAR) <= 100


def test_the_rate_is_that_of_the_present_not_of_the_quick_beginning(clock: Clock) -> None:
    line = ProgressLine(io.StringIO(), 2000 * SECOND, clock)
    clock.now += 1
    line(1000 * SECOND)
    for second in range(1, 101):
        clock.now += 1
        line((1000 + second) * SECOND)
    assert line.text.endswith("1 s per second, about 15 min left")


def test_a_clock_that_stands_is_no_division_by_zero(clock: Clock) -> None:
    line = ProgressLine(io.StringIO(), 10 * SECOND, clock)
    line(SECOND)
    clock.now += 1
    line(0)
    assert line.text == "0.000 s simulated of 10.000 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")],
)
def test_an_estimate_is_not_more_exact_than_it_deserves(seconds: float, text: str) -> None:
    assert format_left(seconds) == text
