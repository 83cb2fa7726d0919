"""The tally of what ends."""

from __future__ import annotations

import numpy as np

from overlaysim.planes.records import Ends, Tally
from overlaysim.planes.workload import BulkFlow
from overlaysim.sim import composition
from overlaysim.traffic.schedule import Constant, Fixed, Schedule


def tally_of(*ends: Ends) -> Tally:
    """The tally of three flows."""
    schedule = Schedule(gaps=Constant(1), sizes=Fixed(1), count=1)
    flows = [
        BulkFlow(name=name, source="a", peers=((0, "b"),), schedule=schedule,
                 frames=(composition("bulk", 1),))
        for name in "xyz"
    ]  # fmt: skip
    tally = Tally(flows)
    for some in ends:
        tally.add(some)
    return tally


def ends(flows: list[int], latencies: list[int], reason: str = "") -> Ends:
    zeros, times = np.zeros(len(flows), np.int64), np.array(latencies, np.int64)
    return Ends(
        np.array(flows), zeros, times, times // 2, zeros, lambda: (zeros, zeros - 1), reason,
        "l" if reason else "",
    )  # fmt: skip


def test_latencies_are_told_apart_by_flow() -> None:
    tally = tally_of(ends([0, 2, 0], [9, 4, 1]), ends([2, 0], [70_000, 5]))
    assert [its.tolist() for its in tally.by_flow()] == [[1, 5, 9], [], [4, 70_000]]
    assert tally.latencies().tolist() == [1, 4, 5, 9, 70_000]


def test_nothing_ended_yet() -> None:
    assert [its.tolist() for its in tally_of().by_flow()] == [[], [], []]


def test_what_was_dropped_has_ended_as_well() -> None:
    tally = tally_of(ends([1, 1], [5, 6], reason="loss"), ends([1, 0], [8, 8]))
    assert [its.ended for its in tally.flows] == [1, 3, 0]
    assert tally.flows[1].dropped == {("loss", "l"): 2}
