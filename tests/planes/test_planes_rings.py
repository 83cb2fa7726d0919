"""Circles of links under heavy load, which have to be gone around again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from grains import AS_IT_IS
from sides import compare, run_on

from overlaysim.planes.vector.network import Network, TooLongWindow, Works
from overlaysim.planes.workload import BulkFlow, LinkUpDown, Workload
from overlaysim.sim import composition
from overlaysim.traffic.schedule import Fixed, Poisson, Schedule
from overlaysim.underlay import LinkSpec, ring
from overlaysim.units import US

HOSTS = [f"h{number}" for number in range(5)]


def world(room: int | None) -> Workload:
    """Each of five hosts on a ring of switches has the next but one answer it."""
    link = LinkSpec(rate=10**9, delay=US // 10, queue_packets=room)
    flows = tuple(
        BulkFlow(
            name=host, source=host, peers=((0, HOSTS[(number + 2) % 5]),), echo_hash=7,
            schedule=Schedule(gaps=Poisson(9 * US), sizes=Fixed(1000), count=60),
            frames=(composition("data", 1000),),
        )
        for number, host in enumerate(HOSTS)
    )  # fmt: skip
    return Workload(
        topology=ring(HOSTS, link, switches=5), flows=flows,
        changes=tuple(
            LinkUpDown(at, "switch-1", "switch-2", up=at > 200 * US) for at in (200 * US, 300 * US)
        ),
    )  # fmt: skip


@pytest.mark.parametrize("room", [None, 5])
def test_ring(room: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short = []
    work = Network.work

    def watched(*arguments: Any) -> Works:
        try:
            return work(*arguments)
        except TooLongWindow:
            cut_short.append(arguments)
            raise

    monkeypatch.setattr(Network, "work", watched)
    event = run_on("event", world(room))
    for rounds in (3, AS_IT_IS.rounds):
        with replace(AS_IT_IS, rounds=rounds).set():
            compare(event, run_on("vector", world(room)))
    assert len(cut_short) > 3
