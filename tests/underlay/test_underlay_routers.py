"""Routers as the underlay sees them: frames go on through what is attached there."""

from __future__ import annotations

import pytest
from underlay_world import World

from overlaysim.errors import ModelError
from overlaysim.sim import Journey
from overlaysim.underlay import Link, LinkSpec, Topology, listed
from overlaysim.units import MS

SPEC = LinkSpec()


def two_ways() -> Topology:
    """a - r - (s1 or s2) - b."""
    pairs = [("a", "r"), ("r", "s1"), ("r", "s2"), ("s1", "b"), ("s2", "b")]
    return listed(["a", "b"], ["s1", "s2"], [(x, y, SPEC) for x, y in pairs], ["r"])


def test_without_anything_attached_a_router_is_like_a_switch() -> None:
    world = World(two_ways())
    world.send("a", "b")
    world.simulator.run_to(MS)
    assert world.journeys[0].outcome == "delivered"


def test_what_is_attached_gets_each_frame_with_the_link_of_its_flow() -> None:
    world = World(two_ways())
    seen: list[tuple[str, int]] = []

    def forward(link: Link, journey: Journey) -> None:
        seen.append((link.name, journey.flow_hash))
        link.send(journey)

    world.send("a", "b")  # the way is known by now
    world.simulator.run_to(MS)
    world.underlay.attach_router("r", forward)
    for flow in (0, 2**31 + 5, 0):
        world.send("a", "b", flow=flow)
    world.send("b", "a")
    world.simulator.run_to(2 * MS)
    assert {journey.outcome for journey in world.journeys} == {"delivered"}
    towards_b = [name for name, _ in seen if name != "r->a"]
    assert sorted(set(towards_b)) == ["r->s1", "r->s2"]
    assert towards_b[0] == towards_b[2]
    assert [name for name, _ in seen].count("r->a") == 1


def test_only_routers_can_be_attached_to() -> None:
    world = World(two_ways())
    with pytest.raises(ModelError, match="the underlay has no router s1"):
        world.underlay.attach_router("s1", lambda link, journey: None)
