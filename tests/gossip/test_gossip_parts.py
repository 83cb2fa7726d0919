"""Lamport clocks, rosters, tickers, settings."""

from __future__ import annotations

import random
from collections import Counter
from math import sqrt

import pytest

from overlaysim.gossip import LAN, LOCAL, WAN
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.pushpull import push_pull_period
from overlaysim.gossip.roster import Roster
from overlaysim.gossip.ticker import Reaper, Ticker
from overlaysim.units import MS, SECOND


def test_a_lamport_clock_is_later_than_anything_seen() -> None:
    clock = LamportClock()
    assert clock.increment() == 1
    clock.witness(7)
    assert clock.time == 8
    clock.witness(3)
    assert clock.time == 8
    clock.witness(8)
    assert clock.increment() == 10


def roster(names: str) -> Roster:
    result = Roster()
    for name in names:
        result.add(name)
    return result


def test_a_roster_keeps_each_name_once() -> None:
    names = roster("abcad")
    names.discard("b")
    names.discard("x")
    assert sorted(names) == ["a", "c", "d"]
    assert "b" not in names
    assert len(names) == 3


@pytest.mark.parametrize(("size", "count"), [(1, 3), (2, 3), (4, 3), (20, 3), (20, 1)])
def test_samples_are_distinct_and_never_the_node_itself(size: int, count: int) -> None:
    names = roster("abcdefghijklmnopqrst"[:size])
    rng = random.Random(1)
    for _ in range(200):
        sample = names.sample(rng, count, "a")
        assert len(set(sample)) == len(sample) == min(count, size - 1)
        assert "a" not in sample


def test_sampling_favours_nobody() -> None:
    """G15: each peer's count stays within 4 standard deviations."""
    names, rng, draws = roster("abcdefghij"), random.Random(2), 10000
    counts = Counter(name for _ in range(draws) for name in names.sample(rng, 3, "c"))
    share = 3 / 9
    assert len(counts) == 9
    for count in counts.values():
        assert abs(count - draws * share) < 4 * sqrt(draws * share * (1 - share))


def test_a_ticker_gives_each_tick_once_and_skips_what_is_past() -> None:
    ticker = Ticker(start=100, period=10)
    assert ticker.next(95) == 110
    assert ticker.next(110) == 110
    ticker.take(110)
    assert ticker.next(110) == 120
    assert ticker.next(147) == 150


@pytest.mark.parametrize(("lifetime", "slack", "tick"), [
    (30, 6, 6), (31, 6, 6), (32, 6, 7), (6, 6, 1), (1, 6, 1), (0, 0, 1), (55, 0, 12),
])  # fmt: skip
def test_the_reaper_counts_like_the_reference(lifetime: int, slack: int, tick: int) -> None:
    # The reference's own loop: remove at a tick that finds at most the slack, else subtract.
    ticks, left = 1, lifetime
    while left > slack:
        left -= 5
        ticks += 1
    assert ticks == tick
    gone: list[int] = []
    reaper = Reaper(start=100, period=5)
    reaper.schedule(lifetime, slack, 100, lambda: gone.append(1))
    assert reaper.next_timer() == 100 + 5 * tick
    reaper.on_timer(100 + 5 * tick - 1)
    assert not gone
    reaper.on_timer(100 + 5 * tick)
    assert gone
    assert reaper.next_timer() is None


@pytest.mark.parametrize(
    ("nodes", "factor"), [(1, 1), (32, 1), (33, 2), (64, 2), (65, 3), (128, 3), (129, 4)]
)
def test_large_clusters_exchange_less_often(nodes: int, factor: int) -> None:
    assert push_pull_period(30, nodes) == 30 * factor


def test_profiles() -> None:
    assert (LAN.gossip_interval, WAN.gossip_interval, LOCAL.gossip_interval) == (
        200 * MS, 500 * MS, 100 * MS,
    )  # fmt: skip
    assert (LAN.fan_out, WAN.fan_out, LOCAL.fan_out) == (3, 4, 3)
    assert LAN.network_lifetime == (1800 + 25) * SECOND
