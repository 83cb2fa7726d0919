"""Links that go down and come up, and routes that hear of it later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from underlay_world import World

from overlaysim.errors import InputError
from overlaysim.sim.events import LinkChanged
from overlaysim.underlay import LinkSpec, Topology, leaf_spine, listed, ring
from overlaysim.units import MS, US

SPEC = LinkSpec(rate=1_000_000_000, delay=10 * US)


def pair() -> World:
    """Two hosts on one link, 8 us a frame of 1000 B and 10 us to the other end."""
    return World(listed(["a", "b"], [], [("a", "b", SPEC)]), framing="none")


def square() -> Topology:
    """Two hosts with two ways between them: over ``s`` (short) and over ``t`` and ``u`` (long)."""
    links = [("a", "in"), ("b", "out"), ("in", "s"), ("s", "out"), ("in", "t"), ("t", "u"),
             ("u", "out")]  # fmt: skip
    return listed(["a", "b"], ["in", "out", "s", "t", "u"], [(x, y, SPEC) for x, y in links])


def test_frames_waiting_sending_and_on_the_wire_are_lost_at_that_instant() -> None:
    world = pair()
    for _ in range(4):
        world.send("a", "b", 1000)
    world.simulator.run_to(20 * US)  # arrived: 1; on the wire: 1; in transmission: 1; waiting: 1
    world.underlay.set_link_state("a", "b", False)
    assert world.outcomes() == ["delivered", "link down", "link down", "link down"]
    assert [journey.ended for journey in world.journeys] == [18 * US, *[20 * US] * 3]
    parts = [(journey.queue, journey.transmit, journey.propagate) for journey in world.journeys]
    assert parts[1] == (8 * US, 8 * US, 4 * US)
    assert parts[2] == (16 * US, 4 * US, 0)
    assert parts[3] == (20 * US, 0, 0)
    link = world.underlay.links["a", "b"]
    assert (link.frames, link.busy, link.held) == (2, 20 * US, 0)
    assert link.drops == {"link down": 3}
    world.check_conservation()


def test_lost_frames_do_not_arrive_although_the_link_is_up_again() -> None:
    world = pair()
    lost = world.send("a", "b", 1000)
    world.simulator.run_to(4 * US)
    world.underlay.set_link_state("a", "b", False)
    world.underlay.set_link_state("a", "b", True)
    late = world.send("a", "b", 1000)
    world.simulator.run_to(MS)
    assert (lost.reason, lost.ended) == ("link down", 4 * US)
    assert (late.outcome, late.ended) == ("delivered", (4 + 8 + 10) * US)
    assert world.underlay.in_flight == 0


def test_nothing_enters_a_link_that_is_down_until_the_routes_know() -> None:
    world = World(listed(["a", "b"], [], [("a", "b", SPEC)]), convergence_delay=MS)
    world.send("a", "b", 1000)
    world.simulator.run_to(100 * US)
    world.underlay.set_link_state("a", "b", False)
    world.send("a", "b", 1000)
    world.simulator.run_to(2 * MS)
    world.send("a", "b", 1000)
    assert world.outcomes() == ["delivered", "link down", "no route"]
    assert [journey.where for journey in world.journeys] == [None, "a->b", "a"]


def test_the_queue_is_empty_when_a_link_comes_up_again() -> None:
    world = World(listed(["a", "b"], [], [("a", "b", replace(SPEC, queue_packets=2))]))
    for _ in range(3):
        world.send("a", "b", 1000)
    world.underlay.set_link_state("a", "b", False)
    world.underlay.set_link_state("a", "b", True)
    for _ in range(4):
        world.send("a", "b", 1000)
    world.simulator.run_to(MS)
    assert world.outcomes() == [*["link down"] * 3, *["delivered"] * 3, "queue full"]


def test_both_directions_go_down() -> None:
    world = pair()
    world.send("a", "b")
    world.send("b", "a")
    world.underlay.set_link_state("b", "a", False)
    assert world.outcomes() == ["link down", "link down"]


def test_routes_change_after_the_convergence_delay_and_not_before() -> None:
    world = World(square(), convergence_delay=MS, trace=True)
    world.underlay.set_link_state("s", "out", False)
    world.simulator.run_to(MS - 100 * US)
    early = world.send("a", "b", 100)
    world.simulator.run_to(2 * MS)
    late = world.send("a", "b", 100)
    world.simulator.run_to(3 * MS)
    assert (early.reason, early.where) == ("link down", "s->out")
    assert late.outcome == "delivered"
    assert late.hops is not None
    assert [hop.link for hop in late.hops] == ["a->in", "in->t", "t->u", "u->out", "out->b"]


def test_the_short_way_is_taken_again_once_the_routes_know() -> None:
    world = World(square(), convergence_delay=MS, trace=True)
    world.underlay.set_link_state("s", "out", False)
    world.simulator.run_to(2 * MS)
    world.underlay.set_link_state("s", "out", True)
    before = world.send("a", "b")
    world.simulator.run_to(4 * MS)
    after = world.send("a", "b")
    world.simulator.run_to(5 * MS)
    assert [len(journey.hops or ()) for journey in (before, after)] == [5, 4]


def test_a_flap_shorter_than_the_convergence_delay_reaches_the_routes_all_the_same() -> None:
    """Each change is heard of one delay after it happened: gone at 10 ms, back at 13 ms."""
    world = World(square(), convergence_delay=10 * MS, trace=True)
    world.underlay.set_link_state("s", "out", False)
    world.simulator.run_to(3 * MS)
    world.underlay.set_link_state("s", "out", True)
    hops = []
    for instant in (4 * MS, 11 * MS, 14 * MS):
        world.simulator.run_to(instant)
        journey = world.send("a", "b")
        world.simulator.run_to(instant + MS)
        hops.append(len(journey.hops or ()))
    assert hops == [4, 5, 4]


def test_without_a_way_frames_are_dropped_where_the_way_ends() -> None:
    world = World(ring(["a", "b", "c"]))
    for switch in ("switch-1", "switch-3"):
        world.underlay.set_link_state("switch-2", switch, False)
    world.send("a", "b")
    world.send("a", "c")
    world.send("b", "c")
    world.simulator.run_to(MS)
    assert world.outcomes() == ["no route", "delivered", "no route"]
    assert [world.journeys[0].where, world.journeys[2].where] == ["a", "b"]


def test_equal_paths_share_the_flows_of_the_one_that_failed() -> None:
    world = World(leaf_spine(["a", "b"], spines=3, leaves=2))
    world.underlay.set_link_state("leaf-1", "spine-2", False)
    for flow in range(0, 2**32, 2**26):
        world.send("a", "b", flow=flow)
    world.simulator.run_to(100 * MS)
    assert set(world.outcomes()) == {"delivered"}
    crossed = [world.underlay.links["leaf-1", f"spine-{spine}"].frames for spine in (1, 2, 3)]
    assert crossed[1] == 0
    assert crossed[0] + crossed[2] == 64
    assert min(crossed[0], crossed[2]) > 16


def test_changes_are_told_once() -> None:
    world = pair()
    told: list[LinkChanged] = []
    world.simulator.bus.subscribe(LinkChanged, told.append)
    world.underlay.set_link_state("a", "b", True)
    world.underlay.set_link_state("a", "b", False)
    world.underlay.set_link_state("a", "b", False)
    world.simulator.run_to(5)
    world.underlay.set_link_state("a", "b", True)
    world.underlay.change_link("b", "a", rate=10**9, loss=0.015, queue_packets=None)
    assert told == [
        LinkChanged(0, "a", "b", "down"),
        LinkChanged(5, "a", "b", "up"),
        LinkChanged(5, "b", "a", "rate 1 Gbit/s, loss 1.5 %, queue unlimited packets"),
    ]


def test_links_that_do_not_exist_are_named() -> None:
    world = World(square())
    with pytest.raises(InputError, match="no link between a and s; a is linked to in"):
        world.underlay.set_link_state("a", "s", False)
    with pytest.raises(InputError, match=r'no node "ou"; did you mean out\?'):
        world.underlay.change_link("b", "ou", loss=0.5)
    with pytest.raises(InputError, match="loss is from 0 % to 100 %, not 150 %"):
        world.underlay.change_link("b", "out", loss=1.5)
