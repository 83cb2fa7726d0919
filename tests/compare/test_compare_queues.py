"""Rates and latencies: formulas worked out by hand, and the simulation against them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from overlaysim.compare.arithmetic import Load, load_of
from overlaysim.compare.datagram import Road
from overlaysim.compare.mix import IMIX, Mix, single, weighted
from overlaysim.compare.simulate import mean_latency, poisson_arrivals, throughput, warm_up
from overlaysim.host.processor import FREE, Work
from overlaysim.measure.confidence import interval
from overlaysim.overlay.encapsulation import encapsulation
from overlaysim.units import NS

GIGABIT = 10**9
THREE = weighted("three", {18: Fraction(2), 700: Fraction(3), 1472: Fraction(1)})


def load(name: str, mix: Mix, work: Work = FREE, family: int = 4) -> Load:
    return load_of(Road(encapsulation(name), family), mix, work)


def test_goodput_and_packets_at_line_rate() -> None:
    """R * P / W and R / (8 W)."""
    vxlan = load("vxlan", single(1000))
    wire = 1000 + 66 + 50
    assert vxlan.goodput(GIGABIT) == Fraction(GIGABIT * 1000, wire)
    assert vxlan.packets_per_second(GIGABIT) == Fraction(GIGABIT, 8 * wire)
    assert vxlan.goodput(10 * GIGABIT, GIGABIT) == vxlan.goodput(GIGABIT)


def test_imix_without_a_tunnel() -> None:
    plain = load("none", IMIX)
    assert plain.wire == 7 * 84 + 4 * (576 + 38) + 1538
    assert plain.payload == 7 * 12 + 4 * 548 + 1472
    assert (plain.count, plain.frames) == (12, 12)


def test_one_size_is_md1() -> None:
    """rho / (2 mu (1 - rho)) + 1 / mu."""
    plain = load("none", single(1462))
    service = 8 * 1528 / GIGABIT
    found = plain.latency(Fraction(0.8) / Fraction(service), GIGABIT)
    assert found == pytest.approx(service * (1 + 0.8 / (2 * 0.2)))


def test_a_mix_is_mg1() -> None:
    plain = load("none", IMIX)
    times = [8 * wire / GIGABIT for wire in [84] * 7 + [614] * 4 + [1538]]
    mean, square = sum(times) / 12, sum(time**2 for time in times) / 12
    arrivals = 0.7 / mean
    expected = mean + arrivals * square / (2 * 0.3)
    assert plain.latency(Fraction(arrivals), GIGABIT) == pytest.approx(expected)
    assert float(plain.utilisation(Fraction(arrivals), GIGABIT)) == pytest.approx(0.7)


def test_no_latency_without_an_end_of_the_queue() -> None:
    plain = load("none", single(1462))
    full = plain.packets_per_second(GIGABIT)
    assert plain.utilisation(full, GIGABIT) == 1
    assert plain.latency(full, GIGABIT) is None
    assert plain.latency(full * Fraction(999, 1000), GIGABIT) is not None


def test_the_slowest_part_sets_the_pace() -> None:
    slow = load("wireguard", single(1000), Work(packet=20_000 * NS, byte=10 * NS))
    cost = 20_000 + 10 * 1028
    assert slow.packets_per_second(GIGABIT) == Fraction(10**9, cost)
    assert load("wireguard", THREE, Work(1)).latency(Fraction(1000), GIGABIT) is None


@pytest.mark.parametrize("rates", [(10 * GIGABIT,), (10 * GIGABIT, GIGABIT), (GIGABIT, GIGABIT)])
@pytest.mark.parametrize("work", [FREE, Work(300 * NS, NS // 2), Work(9000 * NS)])
@pytest.mark.parametrize("mix", [single(18), single(3000), IMIX, THREE], ids=lambda mix: mix.name)
def test_simulated_throughput_is_exact(mix: Mix, work: Work, rates: tuple[int, ...]) -> None:
    for name in ("none", "vxlan-esp-docker"):
        here = load(name, mix, work)
        found = throughput(here, mix, rates)
        assert found is not None
        assert found.goodput == here.goodput(*rates)
        assert found.packets == here.packets_per_second(*rates)
        assert found.wire == here.per_datagram(here.wire)
        assert found.frames == here.per_datagram(here.frames)
        assert found.efficiency == here.efficiency


def test_an_odd_rate_differs_by_no_more_than_rounding() -> None:
    here, rate = load("geneve-opt8", IMIX), 7_777_777_777
    found = throughput(here, IMIX, [rate])
    assert found is not None
    difference = abs(found.goodput / here.goodput(rate) - 1)
    assert 0 < difference <= found.rounding < 1e-4


def test_nothing_arrives_of_what_does_not_fit() -> None:
    assert throughput(load("masque-connect-udp", single(1472)), single(1472), [GIGABIT]) is None


@pytest.mark.parametrize(
    ("name", "mix", "work", "share"),
    [
        ("none", single(512), FREE, Fraction(8, 10)),
        ("vxlan", IMIX, FREE, Fraction(5, 10)),
        ("wireguard", THREE, FREE, Fraction(7, 10)),
        ("gre", single(512), Work(packet=3000 * NS), Fraction(6, 10)),  # the line is slowest
        ("gre", single(512), Work(packet=6000 * NS), Fraction(6, 10)),  # the ends are
        ("masque-connect-udp", IMIX, FREE, Fraction(6, 10)),  # one in twelve does not fit
    ],
)
def test_simulated_latency_holds_the_formula(
    name: str, mix: Mix, work: Work, share: Fraction
) -> None:
    here = load(name, mix, work)
    arrivals = share * load("none", mix).packets_per_second(GIGABIT)
    warm = warm_up(float(here.utilisation(arrivals, GIGABIT)), here.variation)
    runs = [
        mean_latency(here, poisson_arrivals(mix, float(arrivals), warm, 2000, 7, number), GIGABIT)
        for number in range(8)
    ]
    expected = here.latency(arrivals, GIGABIT)
    assert expected is not None
    found = interval(runs, 0.99)
    assert found.holds(expected)
    assert found.half < expected / 4


def test_a_longer_or_faster_process_begins_with_the_same_draws() -> None:
    short = poisson_arrivals(IMIX, 1e6, 10, 20, 1, 0)
    long = poisson_arrivals(IMIX, 1e6, 10, 90, 1, 0)
    fast = poisson_arrivals(IMIX, 2e6, 10, 20, 1, 0)
    assert long.times[:30] == short.times
    assert long.sizes[:30] == short.sizes
    assert fast.sizes == short.sizes
    assert [2 * at for at in fast.times] == pytest.approx(short.times, abs=2)
    assert poisson_arrivals(IMIX, 1e6, 10, 20, 1, 1).times != short.times
