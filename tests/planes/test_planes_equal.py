"""The two planes give the same: every packet's fate, every hop's time, every counter."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from sides import run_on
from worlds import workloads

from overlaysim.planes.workload import Workload


@settings(deadline=None)
@given(workload=workloads(), seed=st.integers(0, 3))
def test_both_planes_tell_the_same_of_every_packet(workload: Workload, seed: int) -> None:
    event, vector = run_on("event", workload, seed), run_on("vector", workload, seed)
    assert vector.ends == event.ends
    assert vector.hops == event.hops
    assert vector.links == event.links
    assert vector.ledger == event.ledger
    assert vector.in_flight == event.in_flight
