"""The two planes give the same: every packet's fate, every hop's time, every counter.

``HYPOTHESIS_PROFILE=nightly`` draws many more networks. A failure is printed with what repeats it;
``--hypothesis-seed`` repeats a whole run.
"""

from __future__ import annotations

import os
from typing import Any

from grains import GRAINS, Grain
from hypothesis import given, settings
from hypothesis import strategies as st
from sides import agree
from worlds import workloads

from overlaysim.planes.workload import BulkFlow, LinkTurns, LinkUpDown, Workload
from overlaysim.sim import composition
from overlaysim.traffic.schedule import Constant, Fixed, Schedule
from overlaysim.underlay import LinkSpec, listed, star
from overlaysim.units import US

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


@settings(max_examples=2000 if NIGHTLY else 100, deadline=None, print_blob=True)
@given(workload=workloads(), seed=st.integers(0, 3), grain=st.sampled_from(GRAINS))
def test_both_planes_tell_the_same_of_every_packet(
    workload: Workload, seed: int, grain: Grain
) -> None:
    with grain.set():
        agree(workload, seed)


def flow(source: str, receiver: str, **fields: Any) -> BulkFlow:
    """Thirty frames of 1000 B, one every microsecond."""
    return BulkFlow(
        name="flow", source=source, peers=((0, receiver),), frames=(composition("data", 1000),),
        schedule=Schedule(gaps=Constant(US), sizes=Fixed(1000), count=30), **fields,
    )  # fmt: skip


def test_frames_caught_on_a_link_that_is_not_what_it_was_when_it_took_them() -> None:
    link = LinkSpec(rate=10**9, delay=5 * US, queue_packets=None)
    faster = LinkTurns(10 * US, "a", "b", {"rate": 10**10, "delay": US})
    gone = LinkUpDown(12 * US, "a", "b", up=False)
    two = listed(["a", "b"], [], [("a", "b", link)])
    agree(Workload(topology=two, flows=(flow("a", "b"),), changes=(faster, gone)))


def test_answers_without_a_way_back() -> None:
    link = LinkSpec(rate=10**9, delay=5 * US, queue_packets=None)
    gone = LinkUpDown(20 * US, "a", "switch", up=False)
    flows = (flow("a", "b", echo_hash=0),)
    agree(Workload(topology=star(["a", "b"], link), flows=flows, changes=(gone,)))
