"""What keeps frames from a network: power cuts, partitions, filters; and changes taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underlay_world import World

from overlaysim.errors import InputError
from overlaysim.sim import Journey, composition
from overlaysim.underlay import LinkSpec, Topology, leaf_spine, star
from overlaysim.underlay.paths import Paths
from overlaysim.units import MS, US
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, Opaque, Packet

HOSTS = ["a", "b", "c", "d"]
SPEC = LinkSpec(rate=1_000_000_000, delay=10 * US)
SYN_TO_7946 = TCP(40_000, 7946, 0, 0, 2, 65_535)
GOSSIP, TUNNEL = ("udp", 7946), ("udp", 4789)


def cluster(topology: Topology | None = None, **options: Any) -> World:
    return World(topology or star(HOSTS, SPEC), framing="none", **options)


def send_for(world: World, source: str, target: str, transport: UDP | TCP) -> Journey:
    """Send a real packet for a port."""
    packet = Packet(
        (Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02"),
         IPv4("10.77.0.1", "10.77.0.2", transport.BINDINGS["protocol"]), transport),
        Opaque(100, "test"),
    )  # fmt: skip
    journey = world.simulator.ledger.create("data", world.simulator.now, source="a", intended="b")
    journey.packet = packet
    world.journeys.append(journey)
    journey.length = packet.length
    journey.composition = composition("data", packet.length)
    journey.destination = target
    world.underlay.send(journey, source)
    world.simulator.run_for(MS)
    return journey


def passes(world: World, source: str, target: str) -> str:
    """How a frame from one host to another ends."""
    journey = world.send(source, target)
    world.simulator.run_for(MS)
    return journey.reason or journey.outcome or "on its way"


# ---- power ------------------------------------------------------------------------------------


def test_a_host_without_power_neither_sends_nor_takes_frames() -> None:
    world = cluster()
    restore = world.underlay.barriers.power_off("b")
    late = world.send("a", "c")
    assert [passes(world, *way) for way in (("a", "b"), ("b", "a"), ("a", "c"))] == [
        "host down", "host down", "delivered",
    ]  # fmt: skip
    assert late.outcome == "delivered"
    restore()
    assert [passes(world, "a", "b"), passes(world, "b", "a")] == ["delivered"] * 2
    world.check_conservation()


def test_what_was_on_the_wire_already_still_arrives_when_the_sender_loses_power() -> None:
    world = cluster()
    for _ in range(4):
        world.send("a", "b", 1000)  # 8 us each
    world.simulator.run_to(20 * US)  # two are out, the third is being transmitted
    world.underlay.barriers.power_off("a")
    world.underlay.lose_unsent("a")
    world.simulator.run_for(MS)
    assert world.outcomes() == ["delivered", "delivered", "host down", "host down"]
    assert [journey.transmit for journey in world.journeys[2:]] == [4 * US, 0]
    link = world.underlay.links["a", "switch"]
    assert (link.frames, link.busy, link.held) == (2, 20 * US, 0)
    world.check_conservation()


def test_a_frame_under_way_to_a_host_that_loses_power_is_lost_there() -> None:
    world = cluster()
    journey = world.send("a", "b", 1000)
    world.simulator.run_to(20 * US)
    world.underlay.barriers.power_off("b")
    world.simulator.run_for(MS)
    assert (journey.reason, journey.where) == ("host down", "b")


# ---- partitions -------------------------------------------------------------------------------


def test_a_partition_cuts_groups_from_each_other_and_from_the_rest() -> None:
    world = cluster()
    heal = world.underlay.barriers.part((("a",), ("b",)))
    assert {way: passes(world, *way) for way in (("a", "b"), ("a", "c"), ("c", "d"))} == {
        ("a", "b"): "partitioned", ("a", "c"): "partitioned", ("c", "d"): "delivered",
    }  # fmt: skip
    assert world.underlay.links["a", "switch"].up
    heal()
    assert passes(world, "a", "b") == "delivered"


def test_two_partitions_heal_one_by_one() -> None:
    world = cluster()
    first = world.underlay.barriers.part((("a", "b"),))
    second = world.underlay.barriers.part((("a", "c"),))
    assert [passes(world, "a", other) for other in "bcd"] == ["partitioned"] * 3
    first()
    assert [passes(world, "a", other) for other in "bcd"] == [
        "partitioned", "delivered", "partitioned",
    ]  # fmt: skip
    second()
    assert [passes(world, "a", other) for other in "bcd"] == ["delivered"] * 3


# ---- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["b", ("b", "switch")])
def test_a_filter_drops_what_is_for_its_port_both_ways_and_nothing_else(place: Any) -> None:
    world = cluster()
    if isinstance(place, str):
        undo = world.underlay.barriers.block(place, GOSSIP)
    else:
        undo = world.underlay.overrides.block(*place, GOSSIP)
    ways = [
        send_for(world, "a", "b", UDP(7946, 7946)), send_for(world, "b", "a", UDP(7946, 7946)),
        send_for(world, "a", "b", UDP(7946, 4789)), send_for(world, "a", "b", SYN_TO_7946),
        send_for(world, "a", "c", UDP(7946, 7946)),
    ]  # fmt: skip
    assert [j.reason for j in ways] == ["port blocked", "port blocked", None, None, None]
    assert passes(world, "a", "b") == "delivered"  # bare traffic has no port
    undo()
    assert send_for(world, "a", "b", UDP(7946, 7946)).outcome == "delivered"
    world.check_conservation()


def test_a_port_blocked_twice_is_free_when_both_filters_are_gone() -> None:
    world = cluster()
    undo = [world.underlay.overrides.block("b", "switch", GOSSIP) for _ in range(2)]
    undo[0]()
    assert send_for(world, "a", "b", UDP(1, 7946)).reason == "port blocked"
    undo[1]()
    assert send_for(world, "a", "b", UDP(1, 7946)).outcome == "delivered"


# ---- changes of links -------------------------------------------------------------------------


def test_a_link_cut_twice_is_up_when_both_cuts_have_ended() -> None:
    for order in ((0, 1), (1, 0)):
        world = cluster()
        link = world.underlay.links["a", "switch"]
        cuts = [
            world.underlay.overrides.set_state("a", "switch", False),
            world.underlay.overrides.set_state("switch", "a", False),
        ]
        cuts[order[0]]()
        assert not link.up
        cuts[order[1]]()
        assert link.up


def test_a_later_up_holds_against_an_earlier_cut_that_has_not_ended() -> None:
    world = cluster()
    link = world.underlay.links["a", "switch"]
    world.underlay.overrides.set_state("a", "switch", False)
    lift = world.underlay.overrides.set_state("a", "switch", True)
    assert link.up
    lift()
    assert not link.up


def test_of_changes_of_one_property_the_latest_holds() -> None:
    world = cluster()
    link = world.underlay.links["a", "switch"]
    slow = world.underlay.overrides.change("a", "switch", {"delay": MS, "loss": 0.1})
    slower = world.underlay.overrides.change("switch", "a", {"delay": 2 * MS})
    assert (link.spec.delay, link.spec.loss) == (2 * MS, 0.1)
    slow()
    assert (link.spec.delay, link.spec.loss) == (2 * MS, 0.0)
    slower()
    assert link.spec == SPEC


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "delay": st.integers(0, 9 * MS), "loss": st.sampled_from([0.0, 0.2, 1.0]),
        "rate": st.sampled_from([10**6, 10**9]),
    },
).filter(bool)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_changes_undone_in_any_order_leave_what_the_rest_says(changes: list, rng: Any) -> None:
    world = cluster()
    link = world.underlay.links["a", "switch"]
    standing = {
        number: world.underlay.overrides.change("a", "switch", fields)
        for number, fields in enumerate(changes)
    }
    numbers = list(standing)
    rng.shuffle(numbers)
    for number in numbers:
        standing.pop(number)()
        expected = SPEC
        for left in standing:
            expected = replace(expected, **changes[left])
        assert link.spec == expected


def test_a_property_or_link_that_is_not_there_changes_nothing() -> None:
    world = cluster()
    for ends, fields in ((("a", "b"), {"loss": 1}), (("a", "switch"), {"speed": 1}),
                         (("a", "switch"), {"loss": 2})):  # fmt: skip
        with pytest.raises(InputError):
            world.underlay.overrides.change(*ends, fields)
    assert world.underlay.links["a", "switch"].spec == SPEC


# ---- paths ------------------------------------------------------------------------------------


def obstacle(world: World, source: str, target: str) -> str:
    return Paths(world.underlay).obstacle(source, target)


def test_every_kind_of_obstacle_is_named() -> None:
    world = cluster()
    underlay = world.underlay
    assert obstacle(world, "a", "b") == ""
    breaks = {
        "host down": lambda: underlay.barriers.power_off("b"),
        "partitioned": lambda: underlay.barriers.part((("a",),)),
        "port blocked": lambda: underlay.barriers.block("a", TUNNEL),
        "loss": lambda: underlay.overrides.change("b", "switch", {"loss": 1.0}),
        "no route": lambda: underlay.overrides.set_state("b", "switch", False),
    }
    for name, begin in breaks.items():
        undo = begin()
        assert obstacle(world, "a", "b") == name
        undo()
        assert obstacle(world, "a", "b") == ""
    underlay.overrides.block("a", "switch", TUNNEL)
    assert obstacle(world, "b", "a") == "port blocked"
    underlay.barriers.block("b", GOSSIP)
    assert obstacle(world, "b", "c") == ""


def test_until_the_routes_know_a_dead_link_is_in_the_way_unless_another_path_is_as_short() -> None:
    world = cluster(leaf_spine(HOSTS, SPEC), convergence_delay=5 * MS)
    underlay = world.underlay
    underlay.set_link_state("leaf-1", "spine-1", False)
    assert obstacle(world, "a", "d") == ""
    underlay.set_link_state("leaf-1", "spine-2", False)
    assert obstacle(world, "a", "d") == "link down"
    world.simulator.run_for(5 * MS)
    assert obstacle(world, "a", "d") == "no route"
    assert obstacle(world, "a", "b") == ""
