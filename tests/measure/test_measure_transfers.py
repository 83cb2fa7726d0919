"""Connections from their trace: counts, goodput, stalls, and where segments were lost."""

from __future__ import annotations

from typing import Any

import pytest
from measure_fakes import ended_journey, table

from overlaysim.measure.metrics import METRICS
from overlaysim.measure.transfers import (
    busy_time,
    find_transfers,
    losses,
    traffic_between,
    traffic_by_pair,
)
from overlaysim.sim.events import (
    BlackHoleFound,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionProgress,
    ConnectionStalled,
)
from overlaysim.units import SECOND

A, B = "a@host-a", "b@host-b"
ENDS = ("10.0.1.2", 40_000, "10.0.1.4", 80)
BACK = (*ENDS[2:], *ENDS[:2])


def opened(at: int = 0, **changes: Any) -> ConnectionOpened:
    return ConnectionOpened(at * SECOND, changes.get("endpoint", A), changes.get("peer", B),
                            *changes.get("ends", ENDS), changes.get("passive", False))  # fmt: skip


def progress(
    at: int,
    acknowledged: int,
    received: int = 0,
    *,
    moved: int | None = None,
    endpoint: str = A,
    ends: tuple[str, int, str, int] = ENDS,
) -> ConnectionProgress:
    moved = at if moved is None else moved
    return ConnectionProgress(at * SECOND, endpoint, *ends, moved * SECOND, 10**6, acknowledged,
                              received, 2)  # fmt: skip


def stalled(at: int, since: int) -> ConnectionStalled:
    return ConnectionStalled(at * SECOND, A, B, *ENDS, "ESTABLISHED", since * SECOND, 5000, 1000,
                             0, 3)  # fmt: skip


def closed(at: int, reason: str = "closed", moved: int = 0) -> ConnectionClosed:
    return ConnectionClosed(at * SECOND, A, B, *ENDS, reason, moved * SECOND, 5000, 4000, 7, 9)


class Run:
    """As much of the measurements as the metric reads."""

    def __init__(self, *events: object) -> None:
        self.transfers = find_transfers(events)
        self.owners: dict[str, frozenset[str]] = {}

    def value(self, field: str, source: str = "a", target: str = "b") -> float | None:
        return METRICS["transfer"].evaluate(self, (source, target), {}, field)


def test_a_connection_from_end_to_end() -> None:
    (found,) = find_transfers([opened(1), progress(2, 1000), closed(5, moved=4)])
    assert (found.opened, found.moved, found.reason) == (SECOND, 4 * SECOND, "closed")
    assert (found.written, found.acknowledged, found.received) == (5000, 4000, 7)
    assert (found.retransmissions, found.stalls, found.passive) == (9, [], False)


def test_the_same_ends_again_are_another_connection() -> None:
    first, second = find_transfers([opened(1), closed(2), opened(3)])
    assert (first.reason, second.reason, second.opened) == ("closed", "", 3 * SECOND)


def test_one_that_was_never_established() -> None:
    (found,) = find_transfers([closed(3, "refused")])
    assert (found.endpoint, found.peer, found.opened, found.reason) == (A, B, None, "refused")


def test_stalls_that_pass_and_the_one_that_does_not() -> None:
    events = [opened(), stalled(3, 1), progress(5, 2000), stalled(9, 6)]
    (found,) = find_transfers(events)
    assert [(s.since, s.until) for s in found.stalls] == [
        (SECOND, 5 * SECOND), (6 * SECOND, None)
    ]  # fmt: skip
    assert found.stalled is found.stalls[1]
    (recovered,) = find_transfers([*events, closed(12, moved=11)])
    assert recovered.stalled is None
    (failed,) = find_transfers([*events, closed(900, "timed out", moved=6)])
    assert failed.stalled is failed.stalls[1]


def test_closing_a_stalled_connection_moves_nothing() -> None:
    (found,) = find_transfers([opened(), stalled(3, 1), progress(4, 1000, moved=1)])
    assert found.stalled is not None


def test_black_holes() -> None:
    (found,) = find_transfers([opened(), BlackHoleFound(SECOND, A, *ENDS, 1450)])
    assert found.black_hole == 1450


def test_busy_time_counts_what_overlaps_once() -> None:
    found = find_transfers([
        opened(1), opened(2, ends=("x", 1, "y", 2)), progress(4, 1),
        progress(6, 1, ends=("x", 1, "y", 2)), opened(10, ends=("x", 3, "y", 4)),
        progress(11, 1, ends=("x", 3, "y", 4)),
    ])  # fmt: skip
    assert busy_time(found) == 6 * SECOND
    assert busy_time(()) == 0


def test_the_metric() -> None:
    receiver = [
        opened(1, endpoint=B, peer=A, ends=BACK, passive=True),
        progress(3, 5, 250_000, endpoint=B, ends=BACK),
    ]
    run = Run(opened(1), *receiver, progress(3, 200_000), stalled(5, 3))
    fields = METRICS["transfer"].fields
    assert {field: run.value(field) for field in fields} == {
        "bytes": 250_000, "goodput": 10**6, "retransmissions": 3, "connections": 1, "failed": 0,
        "stalled": 1, "stalls": 1, "black_holes": 0,
    }  # fmt: skip
    assert run.value("bytes", "b", "a") == 5
    assert run.value("bytes", "a", "nobody") is None
    assert Run(closed(3, "refused")).value("failed") == 1
    assert Run(closed(3, "refused")).value("goodput") is None


def test_without_a_receiver_the_acknowledged_count() -> None:
    assert Run(opened(1), progress(3, 250_000)).value("goodput") == 10**6


def test_traffic_by_pair_has_both_directions() -> None:
    found = find_transfers([opened(), progress(1, 30, 40)])
    pairs = traffic_by_pair(found)
    assert {pair: traffic.size for pair, traffic in pairs.items()} == {(A, B): 30, (B, A): 40}
    assert traffic_between(found, lambda label: label == "x", lambda label: True) is None


@pytest.mark.parametrize(("since", "place"), [(0, ("s->b", "mtu")), (5, ("a->s", "loss"))])
def test_where_its_segments_were_lost(since: int, place: tuple[str, str]) -> None:
    def lost(number: int, at: int, where: str, reason: str, **changes: Any) -> Any:
        journey = ended_journey(number, born=at, reason=reason, protocol="tcp",
                                source=A, intended=B, **changes)  # fmt: skip
        journey.where = where
        return journey

    packets = table(
        lost(1, 0, "s->b", "mtu"), lost(2, 1, "s->b", "mtu"), lost(3, 9, "a->s", "loss"),
        ended_journey(4, protocol="udp", reason="queue full", source=A, intended=B),
        ended_journey(5, protocol="tcp", source=A, intended=B),
    )  # fmt: skip
    (found,) = find_transfers([opened()])
    assert losses(found, since + 6, packets).most_common(1)[0][0] == place


def test_acknowledgements_that_were_lost_count_if_nothing_else_was() -> None:
    (found,) = find_transfers([opened()])
    back = ended_journey(1, protocol="tcp", reason="loss", source=B, intended=A)
    assert losses(found, 0, table(back)) == {("somewhere", "loss"): 1}
