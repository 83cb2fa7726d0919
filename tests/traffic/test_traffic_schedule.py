"""Open-loop schedules: exact instants, bounds, and packets that do not depend on who asks how."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import cycle, islice, pairwise
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overlaysim.sim import Streams
from overlaysim.traffic.schedule import (
    HORIZON,
    Constant,
    Emissions,
    Exponential,
    Fixed,
    Mix,
    OnOff,
    Poisson,
    Replay,
    Schedule,
    exponential,
    imix,
    spacing,
)
from overlaysim.units import MS, SECOND, US

TRACE = Replay([0, 5, 5, 9 * US, MS], [40, 1400, 40, 0, 1400])
GAPS = [
    Constant(Fraction(10**6, 7)),
    Poisson(Fraction(10**6, 7)),
    OnOff(700_000, 10**6, Constant(100_000)),
    OnOff(Exponential(30 * US), Exponential(MS), Poisson(US)),
    TRACE,
]
SIZES = [Fixed(1000), imix(), TRACE]


def emissions(gaps: Any, sizes: Any = SIZES[0], *, seed: int = 1, **bounds: Any) -> Emissions:
    return Schedule(gaps=gaps, sizes=sizes, **bounds).emissions(Streams(seed), "flow-a")


def births(gaps: Any, **bounds: Any) -> list[int]:
    return emissions(gaps, **bounds).before(HORIZON)[0].tolist()


# ---- how they are asked for -------------------------------------------------------------------


@given(
    gaps=st.sampled_from(GAPS),
    sizes=st.sampled_from(SIZES),
    count=st.sampled_from([None, 3, 1200]),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 600)), min_size=1),
)
def test_the_packets_do_not_depend_on_how_they_are_asked_for(
    gaps: Any, sizes: Any, count: int | None, steps: list[tuple[bool, int]]
) -> None:
    bounds = {"count": count, "start": 7, "stop": 300 * US}
    whole = list(emissions(gaps, sizes, **bounds).one_by_one())
    packets = emissions(gaps, sizes, **bounds)
    singly, got = packets.one_by_one(), []
    for by_one, step in cycle(steps):
        birth = packets.peek()
        if birth is None:
            break
        assert birth == whole[len(got)][0]
        if by_one:
            got += list(islice(singly, step))
        else:
            times, which = packets.before(birth + step * US // 4)
            indices = [0] * len(times) if isinstance(which, int) else which.tolist()
            got += zip(times.tolist(), indices, strict=True)
    assert got == whole


@pytest.mark.parametrize("gaps", GAPS)
def test_births_are_bounded_and_never_decrease(gaps: Any) -> None:
    found = births(gaps, start=3 * US, stop=200 * US)
    assert all(earlier <= later for earlier, later in pairwise(found))
    assert 3 * US <= found[0] <= found[-1] < 200 * US
    assert births(gaps, start=3 * US, stop=200 * US, count=2) == found[:2]
    assert births(gaps, start=0, stop=197 * US) == [birth - 3 * US for birth in found]
    assert births(gaps, stop=found[0] - 3 * US) == []


def test_stop_is_not_part_of_it() -> None:
    assert births(Constant(10), stop=30) == [0, 10, 20]
    assert births(Constant(10), stop=31) == [0, 10, 20, 30]
    assert births(Constant(10), start=5, stop=5) == births(Constant(10), count=0) == []


def test_before_hands_out_what_is_born_before() -> None:
    packets = emissions(Constant(10), imix(), count=5)
    assert packets.before(0)[0].tolist() == []
    assert packets.before(20)[0].tolist() == [0, 10]
    assert (packets.peek(), packets.before(21)[0].tolist()) == (20, [20])
    assert packets.before(10**30)[0].tolist() == [30, 40]
    assert (packets.peek(), len(packets.before(10**30)[0])) == (None, 0)
    assert packets.sizes == (12, 548, 1472)


def test_the_same_packets_for_whoever_asks_others_by_another_name_or_seed() -> None:
    streams, schedule = Streams(1), Schedule(gaps=Poisson(MS), sizes=imix(), count=50)
    first = list(schedule.emissions(streams, "a").one_by_one())
    assert list(schedule.emissions(streams, "a").one_by_one()) == first
    assert list(schedule.emissions(streams, "b").one_by_one()) != first
    assert list(schedule.emissions(Streams(2), "a").one_by_one()) != first


def test_sizes_do_not_shift_gaps() -> None:
    alone, mixed = emissions(Poisson(MS), count=99), emissions(Poisson(MS), imix(), count=99)
    assert (alone.before(HORIZON)[0] == mixed.before(HORIZON)[0]).all()


# ---- kinds of gaps ----------------------------------------------------------------------------


@given(
    above=st.integers(1, 10**18), below=st.sampled_from([1, 3, 10**9 + 7, 2**49, 2**49 + 1, 10**18])
)
@example(above=7 * 10**17 + 1, below=10**18)
def test_constant_gaps_do_not_drift(above: int, below: int) -> None:
    found = births(Constant(Fraction(above, below)), count=600)
    exact = [k * above // below for k in range(600)]
    assert found == [birth for birth in exact if birth < HORIZON]


def test_the_millionth_packet_is_exact() -> None:
    gap = spacing(10**10 - 1, 1234)
    packets = emissions(Constant(gap))
    exact = 1_000_000 * 1234 * 8 * SECOND // (10**10 - 1)
    assert len(packets.before(exact)[0]) == 1_000_000
    assert packets.peek() == exact


def test_each_poisson_gap_is_one_draw_rounded() -> None:
    uniform = Streams(1).uniforms("flow", "flow-a", "gaps").take(1500)
    gaps = [round(gap * 1234.5) for gap in exponential(uniform).tolist()]
    found = births(Poisson(Fraction(2469, 2)), count=1500)
    assert [later - earlier for earlier, later in pairwise([0, *found])] == gaps


def test_pauses_stop_the_clock_of_constant_gaps() -> None:
    """On for 25, off for 100: a gap of 10 that a pause interrupts goes on after it."""
    assert births(OnOff(25, 100, Constant(10)), count=7) == [0, 10, 20, 130, 140, 250, 260]
    assert births(OnOff(20, 5, Constant(10)), count=5) == [0, 10, 25, 35, 50]


@given(
    on=st.integers(1, 50), off=st.integers(0, 50), period=st.integers(1, 300),
    count=st.integers(1, 700),
)  # fmt: skip
def test_fixed_periods_agree_with_arithmetic(on: int, off: int, period: int, count: int) -> None:
    exact = [k * period + k * period // on * off for k in range(count)]
    assert births(OnOff(on, off, Constant(period)), count=count) == exact


def test_each_random_cycle_is_two_draws() -> None:
    """On the clock of its gaps of 1 us, period after period."""
    draws = Streams(1).uniforms("flow", "flow-a", "phases").take(1200)
    durations = [round(duration * 5 * US) for duration in exponential(draws).tolist()]
    found, clock, end, paused = [], 0, 0, 0
    for on, off in zip(durations[0::2], durations[1::2], strict=True):
        end += on
        while clock < end:
            found.append(clock + paused)
            clock += US
        paused += off
    assert len(found) > 2000  # more than one piece of cycles, and of gaps
    cycles = OnOff(Exponential(5 * US), Exponential(5 * US), Constant(US))
    assert births(cycles, count=len(found)) == found


def test_random_periods_have_the_mean_rate() -> None:
    found = births(OnOff(Exponential(MS), Exponential(3 * MS), Poisson(10 * US)), count=100_000)
    # 1000 cycles of 4 ms; the standard error of their mean length is 2.5 %.
    assert found[-1] == pytest.approx(4 * SECOND, rel=0.1)
    pauses = [later - earlier for earlier, later in pairwise(found) if later - earlier > MS // 5]
    assert fmean(pauses) == pytest.approx(3.2 * MS, rel=0.15)


@pytest.mark.parametrize(
    "gaps",
    [
        Poisson(10**17),
        Poisson(10**30),
        OnOff(Exponential(10**18), 10**17, Poisson(10**16)),
        OnOff(10**15, Exponential(10**17), Constant(10**14)),
        OnOff(Exponential(10**30), Exponential(10**30), Constant(10**16)),
        OnOff(1, Exponential(10**30), Constant(1)),
    ],
)
def test_time_ends_at_the_horizon(gaps: Any) -> None:
    found = births(gaps, start=10**18)
    assert all(earlier <= later for earlier, later in pairwise([10**18, *found]))
    assert not found or found[-1] < HORIZON


def test_cycles_go_on_to_the_horizon() -> None:
    """On for half the time, in periods of which some 4600 fit."""
    found = births(OnOff(Exponential(5 * 10**14), Exponential(5 * 10**14), Constant(10**14)))
    assert len(found) == pytest.approx(HORIZON / 2 / 10**14, rel=0.05)
    assert HORIZON - found[-1] < 10**16


def test_a_trace_is_replayed_and_ends() -> None:
    packets = emissions(TRACE, TRACE, start=10)
    assert packets.sizes == (0, 40, 1400)
    assert [(birth, packets.sizes[which]) for birth, which in packets.one_by_one()] == [
        (10, 40), (15, 1400), (15, 40), (10 + 9 * US, 0), (10 + MS, 1400)
    ]  # fmt: skip


def test_a_long_trace_comes_in_pieces_and_whole() -> None:
    times, sizes = range(0, 60_000, 3), [40 + k * k % 1000 for k in range(20_000)]
    trace = Replay(times, sizes)
    packets = emissions(trace, trace)
    found = [(birth, packets.sizes[which]) for birth, which in packets.one_by_one()]
    assert found == list(zip(times, sizes, strict=True))


# ---- sizes ------------------------------------------------------------------------------------


def test_imix_has_its_proportions() -> None:
    _, which = emissions(Constant(1), imix(), count=60_000).before(HORIZON)
    assert not isinstance(which, int)
    shares = [which.tolist().count(index) / 60_000 for index in range(3)]
    # Standard errors 0.002 and less.
    assert shares == pytest.approx([7 / 12, 4 / 12, 1 / 12], abs=0.008)
    assert imix().mean == Fraction(7 * 12 + 4 * 548 + 1472, 12)


class Listed:
    """A stream that somebody wrote."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = numbers

    def take(self, count: int) -> Any:
        return np.array([self.numbers.pop(0) for _ in range(count)])


def test_a_size_has_the_numbers_from_its_edge_up_to_the_next() -> None:
    draw = Mix(((9, 1), (7, 2), (8, 1))).drawing(lambda _: Listed([0, 0.24, 0.25, 0.74, 0.75, 0.9]))
    assert [*draw(1).tolist(), *draw(5).tolist()] == [0, 0, 1, 1, 2, 2]


def test_recorded_sizes_begin_again() -> None:
    _, which = emissions(Constant(1), TRACE, count=20_003).before(HORIZON)
    assert not isinstance(which, int)
    assert which.tolist() == ([1, 2, 1, 0, 2] * 4001)[:20_003]


# ---- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), r"period \(0 ps\) must be above zero"),
        (lambda: Poisson(-1), r"mean \(-1 ps\) must be above zero"),
        (lambda: Exponential(0), r"mean \(0 ps\) must be above zero"),
        (lambda: OnOff(0, 1, Constant(1)), r"on \(0 ps\) must be above zero"),
        (lambda: OnOff(1, -1, Constant(1)), r"off \(-1 ps\) must not be below zero"),
        (lambda: spacing(0, 100), r"rate \(0 bit/s\) and size \(100 B\) must be above zero"),
        (lambda: spacing(100, 0), r"rate \(100 bit/s\) and size \(0 B\) must be above zero"),
        (lambda: Fixed(65_508), r"payload \(65508 B\) must be from 0 to 65507 B"),
        (lambda: imix(100, 100, 200), "a mix has at least one size, and each of them once"),
        (lambda: Replay([], []), "0 times and 0 sizes make no trace"),
        (lambda: Replay([1], [1, 2]), "1 times and 2 sizes make no trace"),
        (lambda: Replay([2, 1], [1, 2]), "times must not decrease"),
        (lambda: Replay([-1], [1]), "times must be from 0 to"),
        (lambda: Replay([1], [-1]), r"payload \(-1 B\) must be from 0 to 65507 B"),
        (lambda: Schedule(gaps=TRACE, sizes=TRACE, start=-1), r"start \(-1 ps\) must be from 0 to"),
        (lambda: Schedule(gaps=TRACE, sizes=TRACE, count=-1), r"count \(-1\) must not be below"),
    ],
)
def test_impossible_schedules(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_who_sends_no_flows_does_not_load_numpy() -> None:
    code = (
        "import sys, overlaysim.sim, overlaysim.traffic, overlaysim.host\n"
        "overlaysim.sim.Streams(1)('x').random()\n"
        "sys.exit('numpy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
