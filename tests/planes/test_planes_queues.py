"""Long busy periods of one queue, on both planes: whole blocks of frames without room, and ties.

A byte lasts a picosecond here, so that arrivals and turns often coincide.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from sides import compare, run_on

from overlaysim.planes.vector import plane
from overlaysim.planes.workload import BulkFlow, LinkTurns, Workload
from overlaysim.sim import composition
from overlaysim.traffic.schedule import (
    Constant,
    Exponential,
    Fixed,
    Gaps,
    Mix,
    OnOff,
    Poisson,
    Schedule,
    Sizes,
)
from overlaysim.underlay import LinkSpec, listed

FRAMES = 4200
"""More than the two blocks in which frames are gone through again."""

BYTE_PER_PS = 8 * 10**12
MIX = Mix(((40, 7), (576, 4), (1500, 1)))
BURSTS = OnOff(on=Exponential(100_000), off=Exponential(100_000), gaps=Poisson(200))


def one_link(gaps: Gaps, sizes: Sizes, *changes: LinkTurns, **limits: int | None) -> Workload:
    link = LinkSpec(**{"rate": BYTE_PER_PS, "delay": 5000, "queue_packets": None, **limits})  # type: ignore[arg-type]
    flow = BulkFlow(
        name="flow",
        source="a",
        peers=((0, "b"),),
        frames=tuple(composition("data", s) for s in sizes.payloads),
        schedule=Schedule(gaps=gaps, sizes=sizes, count=FRAMES),
    )
    return Workload(
        topology=listed(["a", "b"], [], [("a", "b", link)]),
        flows=(flow,),
        changes=changes,
        underlay={"framing": "none"},
    )


def turns(at: int, **fields: int | None) -> LinkTurns:
    return LinkTurns(at, "a", "b", fields)


WORLDS = {
    "no limit": one_link(Poisson(310), Fixed(300)),
    "overload": one_link(Poisson(150), Fixed(300), queue_packets=20),
    "no room to wait": one_link(Poisson(300), Fixed(300), queue_packets=0),
    "just overloaded": one_link(Poisson(299), Fixed(300), queue_packets=50),
    "ties": one_link(Constant(100), Fixed(300), queue_packets=7),
    "odd gaps": one_link(Constant(Fraction(1000, 7)), Fixed(300), queue_packets=3),
    "bursts": one_link(BURSTS, Fixed(300), queue_packets=100),
    "bytes": one_link(BURSTS, Fixed(300), queue_bytes=3100),
    "mixed": one_link(Poisson(250), MIX, queue_packets=5),
    "mixed bytes": one_link(Poisson(250), MIX, queue_bytes=4000),
    "both limits": one_link(BURSTS, MIX, queue_packets=9, queue_bytes=4000),
    "changing": one_link(
        Poisson(200),
        Fixed(300),
        turns(100_000, queue_packets=2),
        turns(300_000, queue_packets=None, queue_bytes=9000),
        turns(400_000, queue_bytes=600),
        turns(500_000, rate=BYTE_PER_PS // 2),
        turns(600_000, queue_packets=1, rate=BYTE_PER_PS),
        turns(700_000, queue_packets=None, queue_bytes=None),
        turns(900_000, queue_packets=10),
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_queue(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    event = run_on("event", WORLDS[name])
    compare(event, run_on("vector", WORLDS[name]))
    monkeypatch.setattr(plane, "_FRAMES_PER_LINK", 700)
    compare(event, run_on("vector", WORLDS[name]))
