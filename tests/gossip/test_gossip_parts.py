"""Lamport clocks, rosters, tickers, settings."""

from __future__ import annotations

import pytest

from overlaysim.gossip import LAN, LOCAL, WAN
from overlaysim.gossip.alarms import Alarms
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.pushpull import push_pull_period
from overlaysim.gossip.roster import Roster
from overlaysim.gossip.ticker import Pulse, Reaper, Task, Ticker
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


def ringing(alarms: Alarms, until: int) -> list[int]:
    """Let alarms ring one instant after the other; return when they did."""
    rang = []
    while (due := alarms.next()) is not None and due <= until:
        rang.append(due)
        alarms.ring(due)
    return rang


def test_alarms_ring_in_order_unless_called_off() -> None:
    alarms = Alarms()
    told: list[str] = []

    def first(now: int) -> None:
        told.append("first")
        alarms.set(now, lambda now: told.append("third"))

    alarms.set(20, lambda now: told.append(f"late at {now}"))
    alarms.set(10, first)
    off = alarms.set(5, lambda now: told.append("never"))
    alarms.set(10, lambda now: told.append("second"))
    off.cancel()
    assert ringing(alarms, 100) == [10, 20]
    assert told == ["first", "second", "third", "late at 20"]
    assert alarms.next() is None


def test_a_ticker_knows_the_ticks_after_and_so_far() -> None:
    ticker = Ticker(start=100, period=10)
    assert [ticker.after(now) for now in (95, 100, 109, 110, 147)] == [110, 110, 110, 120, 150]
    assert [ticker.ticks(now) for now in (95, 100, 109, 110, 147)] == [0, 0, 0, 1, 4]


def test_a_pulse_beats_only_when_asked_to() -> None:
    alarms = Alarms()
    beats: list[int] = []
    pulse = Pulse(alarms, Ticker(start=0, period=10))
    pulse.work = beats.append
    pulse.request(12)
    pulse.request(15)
    assert ringing(alarms, 100) == [20]
    pulse.request(20)
    assert ringing(alarms, 100) == [30]
    assert beats == [20, 30]


def test_of_the_ticks_during_long_work_one_is_kept() -> None:
    alarms = Alarms()
    began: list[int] = []

    def begin(now: int) -> bool:
        began.append(now)
        return False  # it is not over yet

    task = Task(alarms, Ticker(start=0, period=10), begin)
    task.start(0)
    ringing(alarms, 35)
    assert began == [10]
    task.done(38)  # the ticks at 20 and 30 are past: one of them follows at once
    assert began == [10, 38]
    task.done(39)
    ringing(alarms, 40)
    assert began == [10, 38, 40]


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
    alarms = Alarms()
    reaper = Reaper(alarms, start=100, period=5)
    reaper.schedule(lifetime, slack, 100, lambda: gone.append(1))
    assert ringing(alarms, 1000) == [100 + 5 * tick]
    assert gone == [1]


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
