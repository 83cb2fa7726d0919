from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure_fakes import NET

from overlaysim.measure import audit, find_failures
from overlaysim.measure.failures import active_members, recoveries
from overlaysim.measure.intervals import Intervals
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    FaultBegan,
    FaultEnded,
    HostJoinedNetwork,
    HostLeftNetwork,
    MemberChanged,
    NameAdded,
    PathChanged,
)

IP = "10.0.1.2"


def says(at: int, host: str, member: str, state: str = "failed") -> MemberChanged:
    return MemberChanged(at, host, member, state)


def test_a_verdict_about_a_broken_host_is_a_detection_and_later_it_is_false() -> None:
    found = find_failures(
        [
            says(5, "a", "b"),
            FaultBegan(10, 1, "b crashes", ("b",)),
            says(16, "a", "b"),
            says(17, "c", "b"),
            says(18, "a", "b", "active"),
            says(19, "a", "b"),
            FaultEnded(20, 1, "b crashes"),
            says(20, "c", "b"),
            FaultBegan(30, 2, "b again", ("b", "c")),
            says(35, "a", "b"),
        ]
    )
    assert [(v.at, v.false, v.fault) for v in found.verdicts] == [
        (5, True, None), (16, False, 1), (17, False, 1), (19, False, 1), (20, True, None),
        (35, False, 2),
    ]  # fmt: skip
    assert [(v.by, v.fault, v.took) for v in found.detections("b")] == [
        ("a", 1, 6), ("c", 1, 7), ("a", 2, 5),
    ]  # fmt: skip
    assert [v.took for v in found.detections(fault=2)] == [5]
    assert found.detections("a") == []
    assert [(f.number, f.began, f.ended, f.hosts) for f in found.faults] == [
        (1, 10, 20, ("b",)), (2, 30, None, ("b", "c")),
    ]  # fmt: skip


@pytest.mark.parametrize("way", [("a", "b"), ("b", "a")])
def test_a_host_that_is_cut_off_gives_no_false_verdicts(way: tuple[str, str]) -> None:
    events = [
        PathChanged(10, *way, "link down"), says(15, "a", "b"), says(16, "a", "c"),
        PathChanged(20, *way, ""), says(25, "a", "b"),
    ]  # fmt: skip
    assert [v.false for v in find_failures(events).verdicts] == [False, True, True]


def test_of_faults_at_once_the_later_one_counts() -> None:
    events = [FaultBegan(1, 1, "x", ("b",)), FaultBegan(5, 2, "y", ("b",)), says(9, "a", "b")]
    (verdict,) = find_failures(events).verdicts
    assert (verdict.fault, verdict.took) == (2, 4)


def test_the_time_of_a_fault_lasts_until_the_next_one_that_is_not_part_of_it() -> None:
    events: list[Any] = [
        FaultBegan(10, 1, "x", ("a",)), FaultBegan(12, 2, "y", ("b",)), FaultEnded(20, 1, "x"),
        FaultBegan(50, 3, "z", ("c",)),
    ]  # fmt: skip
    failures = find_failures(events)
    assert [failures.window(fault, 99) for fault in failures.faults] == [50, 99, 99]


def test_active_members_are_counted_per_instant() -> None:
    events = [says(1, "a", "b", "active"), says(1, "a", "c", "active"), says(1, "a", "a", "active"),
              says(2, "b", "a", "active"), says(5, "a", "b"), says(7, "a", "c", "left"),
              says(9, "a", "b", "active")]  # fmt: skip
    assert active_members(events, "a") == [(1, 2), (5, 1), (7, 0), (9, 1)]
    assert active_members(events, "z") == []


def test_recovery_is_the_end_of_the_last_trouble_that_is_no_news() -> None:
    hosts = [HostJoinedNetwork(0, host, NET) for host in "abcde"]
    events = [
        *hosts,
        NameAdded(1, NET, "web", IP, "a"),
        *(BeliefAdded(1, host, NET, "web", IP) for host in "abcde"),
        BeliefRemoved(10, "b", NET, "web", IP),
        BeliefRemoved(10, "c", NET, "web", IP),
        HostLeftNetwork(15, "e", NET),
        BeliefAdded(25, "b", NET, "web", IP),
        NameAdded(40, NET, "db", "10.0.1.3", "a"),
        *(BeliefAdded(43, host, NET, "db", "10.0.1.3") for host in "abd"),
    ]
    found = audit(events, 60)
    times = recoveries(found.spans, found.changes, 20, 60)
    assert times == {"a": 0, "b": 5, "c": math.inf, "d": 0}
    assert recoveries(found.spans, found.changes, 20, 24)["b"] == math.inf


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20), st.integers(0, 60))
def test_intervals_hold_what_was_begun_and_not_ended(
    turns: list[tuple[int, bool]], asked: int
) -> None:
    facts: Intervals[str] = Intervals()
    now, holds = 0, False
    for wait, begins in turns:
        now += wait
        (facts.begin if begins else facts.end)(now, "x")
        if now <= asked:
            holds = begins
    assert facts.holds("x", asked) is holds
    assert not facts.holds("y", asked)
