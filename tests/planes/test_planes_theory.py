"""Single queues and rows of them against queueing theory.

Means and shares are compared by batch means: a long run in 40 pieces, the first of them left out,
whose interval of 99.99 % (Student's t: 4.3 standard errors) has to hold the theory and to be
narrow. The seeds are fixed: what passes once passes always. Long runs are made on the vector plane;
that the event plane gives the very same is checked with short ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from queueing import md1_wait_at_most, md1k_loss, mg1_mean_wait
from sides import agree

from overlaysim.measure.confidence import interval
from overlaysim.planes.records import Ends
from overlaysim.planes.run import run_workload
from overlaysim.planes.workload import BulkFlow, Workload
from overlaysim.sim import composition
from overlaysim.traffic.schedule import (
    Constant,
    Fixed,
    Gaps,
    Mix,
    Poisson,
    Schedule,
    Sizes,
    Times,
    imix,
)
from overlaysim.underlay import LinkSpec, listed
from overlaysim.units import US

PACKETS = 400_000
BATCHES, CONFIDENCE = 40, 0.9999
BYTE = 8000
"""Picoseconds of a byte at the rate of the links."""
SERVICE = 1000 * BYTE
"""Of a packet of 1000 B."""
FIXED = Fixed(1000)
QUANTUM, QUANTA = 20, 50
GEOMETRIC = Mix(
    tuple((k * QUANTUM, round(2**40 * (1 - 1 / QUANTA) ** (k - 1))) for k in range(1, 12 * QUANTA))
)
"""An exponential size in steps of 20 B: mean 1000 B, cut off at twelve times as many."""


Flow = tuple[Gaps, Sizes]


def world(
    *flows: Flow, room: int | None = None, links: int = 1, packets: int = PACKETS
) -> Workload:
    """Flows from a to b over equal links, with headers of no length and no framing.

    Their names tell cases apart, so that each has draws of its own.
    """
    link = LinkSpec(rate=10**9, delay=US, queue_packets=room, mtu=65_535)
    names = [f"s{number}" for number in range(1, links)]
    row = [(a, b, link) for a, b in pairwise(["a", *names, "b"])]
    return Workload(
        topology=listed(["a", "b"], names, row), underlay={"framing": "none"},
        flows=tuple(
            BulkFlow(
                name=f"{number} {gaps} {room}", source="a", peers=((0, "b"),),
                schedule=Schedule(gaps=gaps, sizes=sizes, count=packets // len(flows)),
                frames=tuple(composition("data", size) for size in sizes.payloads),
            )
            for number, (gaps, sizes) in enumerate(flows)
        ),
    )  # fmt: skip


def poisson(load: float, sizes: Fixed | Mix = FIXED) -> Flow:
    """Arrivals that offer a load."""
    return Poisson(sizes.mean * BYTE / Fraction(load)), sizes


@dataclass(frozen=True)
class Packets:
    """All packets of a run by their births: those, waits, and which were lost."""

    born: Times
    wait: Times
    lost: NDArray[np.bool_]


def run(workload: Workload) -> Packets:
    lots: list[Ends] = []
    run_workload(workload, "vector", on_ends=lots.append)
    born, wait = (
        np.concatenate([getattr(lot, name) for lot in lots]) for name in ("born", "queue")
    )
    lost = np.concatenate([np.full(len(lot.born), bool(lot.reason)) for lot in lots])
    order = np.argsort(born, kind="stable")
    return Packets(born[order], wait[order], lost[order])


def check(values: NDArray[Any], expected: float, width: float = 0.08) -> None:
    """Check a mean against theory; the interval reaches no further than ``width`` of it."""
    pieces = np.array_split(values, BATCHES)[1:]
    found = interval([float(piece.mean()) for piece in pieces], CONFIDENCE)
    assert found.holds(expected), (found, expected)
    assert found.half < width * expected


def mg1(load: float, sizes: Mix) -> float:
    """Mean wait by Pollaczek and Khinchine, picoseconds."""
    weights = [weight for _, weight in sizes.weights]
    return mg1_mean_wait(load, [size * BYTE for size in sizes.payloads], weights)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_md1(load: float) -> None:
    """Mean, and distribution at five points: P(W = 0) = 1 - rho is the first of them."""
    wait = run(world(poisson(load))).wait
    check(wait, mg1_mean_wait(load, [SERVICE], [1]))
    for services in (0, 0.5, 1, 2, 4):
        check(wait <= services * SERVICE, md1_wait_at_most(load, services))


def test_mm1() -> None:
    """W = S rho / (1 - rho), but for what the steps and the end of the sizes take away."""
    load = 0.6
    wait = run(world(poisson(load, GEOMETRIC))).wait
    check(wait, mg1(load, GEOMETRIC))
    check(wait == 0, 1 - load)
    assert mg1(load, GEOMETRIC) == pytest.approx(SERVICE * load / (1 - load), rel=1 / QUANTA)


def test_mg1_of_two_sizes() -> None:
    two, load = Mix(((64, 3), (1500, 1))), 0.7
    wait = run(world(poisson(load, two))).wait
    check(wait, mg1(load, two))
    check(wait == 0, 1 - load)


def test_mg1_of_three_sizes() -> None:
    load = 0.4
    check(run(world(poisson(load, imix()))).wait, mg1(load, imix()))


@pytest.mark.parametrize("period", [SERVICE, SERVICE + 1, 2 * SERVICE])
def test_dd1_up_to_full_load_never_waits(period: int) -> None:
    assert not run(world((Constant(period), FIXED))).wait.any()


def test_dd1_above_full_load_waits_longer_each_time() -> None:
    """To the picosecond: packet n has come n gaps after the first and has n services before it."""
    gap = Fraction(SERVICE * 9, 10) + Fraction(1, 3)
    wait = run(world((Constant(gap), FIXED))).wait
    number = np.arange(len(wait))
    assert (wait == number * SERVICE - number * gap.numerator // gap.denominator).all()


@pytest.mark.parametrize(
    ("load", "room"), [(0.5, 0), (0.5, 1), (0.8, 3), (0.95, 10), (1.0, 4), (1.3, 8)]
)
def test_md1k(load: float, room: int) -> None:
    """``room`` may wait behind the one in transmission: K = room + 1 places."""
    check(run(world(poisson(load), room=room)).lost, md1k_loss(load, room + 1), width=0.15)


def test_formula_of_md1k() -> None:
    """One place is Erlang's loss formula; of too much, many places take what can be served."""
    assert md1k_loss(0.7, 1) == pytest.approx(0.7 / 1.7)
    assert md1k_loss(2, 30) == pytest.approx(1 / 2)


def test_equal_links_in_a_row_make_nobody_wait_again() -> None:
    one, four = (run(world(poisson(0.8), links=links)) for links in (1, 4))
    assert (one.wait == four.wait).all()


def test_merged_poisson_flows_are_poisson() -> None:
    """Superposition: eight flows are one of their total load, in their gaps and in the queue."""
    load = 0.8
    merged = run(world(*[poisson(load / 8)] * 8))
    mean = SERVICE / load
    gaps = np.diff(merged.born[: PACKETS * 9 // 10])  # later on some flow has ended
    check(gaps, mean)
    check(gaps.astype(float) ** 2, 2 * mean**2)
    check(gaps > 2 * mean, exp(-2))
    check(merged.wait[: len(gaps)], mg1_mean_wait(load, [SERVICE], [1]), width=0.1)


@pytest.mark.parametrize(
    "workload",
    [
        world(poisson(0.8), packets=600),
        world(poisson(0.6, GEOMETRIC), packets=600),
        world(poisson(0.4, imix()), packets=600),
        world((Constant(Fraction(SERVICE * 9, 10)), FIXED), packets=600),
        world(poisson(0.95), room=3, packets=600),
        world(poisson(0.8), links=4, packets=300),
        world(*[poisson(0.1)] * 8, packets=600),
    ],
    ids=["M/D/1", "M/M/1", "M/G/1", "D/D/1", "M/D/1/K", "row", "merged"],
)
def test_the_event_plane_gives_the_same(workload: Workload) -> None:
    agree(workload)
