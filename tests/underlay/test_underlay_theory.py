"""Queues against queueing theory."""

from __future__ import annotations

import random

import pytest
from underlay_world import World

from overlaysim.underlay import LinkSpec, listed
from overlaysim.units import NS, US

PACKETS = 60_000
SERVICE = 8 * US
"""What 1000 B last on a link of 1 Gbit/s."""


def one_queue(load: float, lengths: random.Random | None, **fields: int | None) -> World:
    """Poisson arrivals at one link; frames of 1000 B, or exponential around that."""
    spec = LinkSpec(**{"rate": 10**9, "delay": 0, "mtu": 65_000, **fields})  # type: ignore[arg-type]
    world = World(listed(["a", "b"], [], [("a", "b", spec)]), framing="none")
    rng = random.Random(1)
    now = 0
    for _ in range(PACKETS):
        now += round(rng.expovariate(load / SERVICE))
        length = 1000 if lengths is None else max(1, round(lengths.expovariate(1 / 1000)))
        world.send_at(now, "a", "b", length)
    world.simulator.run_to(now + 10_000 * US)
    return world


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
def test_md1_mean_wait(load: float) -> None:
    """Pollaczek and Khinchine for constant service: W = s * load / (2 * (1 - load))."""
    world = one_queue(load, None, queue_packets=None)
    mean = sum(journey.queue for journey in world.journeys) / PACKETS
    assert mean == pytest.approx(SERVICE * load / (2 * (1 - load)), rel=0.05)


def test_mm1_mean_wait() -> None:
    """Exponential service: W = s * load / (1 - load)."""
    world = one_queue(0.5, random.Random(2), queue_packets=None)
    mean = sum(journey.queue for journey in world.journeys) / PACKETS
    assert mean == pytest.approx(SERVICE, rel=0.05)


def test_mm1k_loss() -> None:
    """Erlang's finite queue with room for K = 4: (1 - r) * r**K / (1 - r**(K + 1)), r = 0.8."""
    world = one_queue(0.8, random.Random(3), queue_packets=3)
    expected = (1 - 0.8) * 0.8**4 / (1 - 0.8**5)
    assert world.outcomes().count("queue full") / PACKETS == pytest.approx(expected, rel=0.05)


def test_utilisation_is_the_offered_load() -> None:
    world = one_queue(0.3, None, queue_packets=None)
    link = world.underlay.links["a", "b"]
    assert link.busy == PACKETS * 8000 * NS
    last = max(journey.ended or 0 for journey in world.journeys)
    assert link.busy / last == pytest.approx(0.3, rel=0.02)
