"""Whatever happens, no frame is lost count of, and no picosecond of a frame either."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from underlay_world import World

from overlaysim.underlay import (
    LinkSpec,
    Topology,
    dumbbell,
    fat_tree,
    leaf_spine,
    line,
    ring,
    star,
)
from overlaysim.units import US

HOSTS = ["a", "b", "c", "d", "e"]
SPAN = 400
"""Microseconds in which things happen."""

specs = st.builds(
    LinkSpec,
    rate=st.sampled_from([10**8, 10**9, 10**10]),
    delay=st.integers(0, 30).map(lambda us: us * US),
    queue_packets=st.none() | st.integers(0, 6),
    queue_bytes=st.none() | st.integers(0, 4000),
    loss=st.sampled_from([0.0, 0.0, 0.2, 1.0]),
    jitter=st.sampled_from([0, 0, 20 * US]),
    mtu=st.sampled_from([1500, 1500, 1000]),
)
topologies = st.builds(
    lambda build, spec: build(HOSTS, spec),
    st.sampled_from([star, line, ring, leaf_spine, fat_tree, dumbbell]),
    specs,
)
frames = st.lists(
    st.tuples(
        st.integers(0, SPAN), st.permutations(HOSTS).map(lambda hosts: hosts[:2]),
        st.integers(60, 1514), st.integers(0, 2**32 - 1),
    ),
    min_size=1, max_size=60,
)  # fmt: skip


@settings(deadline=None)
@given(st.data(), topologies, frames, st.sampled_from([0, 15 * US, 100 * US]), st.booleans())
def test_created_is_delivered_plus_dropped_plus_in_flight_at_any_instant(
    data: st.DataObject,
    topology: Topology,
    sent: list[tuple[int, list[str], int, int]],
    convergence_delay: int,
    trace: bool,
) -> None:
    world = World(topology, convergence_delay=convergence_delay, trace=trace)
    instants = st.integers(0, SPAN)
    links = st.sampled_from([(a, b) for a, b, _ in topology.links])
    for at, (source, destination), length, flow in sent:
        world.simulator.call_at(
            at * US, lambda args: world.send(*args), (source, destination, length, flow)
        )
    for at, (a, b), up in data.draw(st.lists(st.tuples(instants, links, st.booleans()))):
        world.simulator.call_at(
            at * US, lambda args: world.underlay.set_link_state(*args), (a, b, up)
        )
    for at, (a, b), limit in data.draw(st.lists(st.tuples(instants, links, instants))):
        world.simulator.call_at(
            at * US,
            lambda args: world.underlay.change_link(args[0], args[1], queue_bytes=args[2] * 10),
            (a, b, limit),
        )
    for at in range(0, SPAN, 7):
        world.simulator.run_to(at * US)
        world.check_conservation()
    world.simulator.run_to(10_000 * US)
    world.check_conservation()
    assert world.underlay.in_flight == 0
    for journey in world.journeys:
        assert journey.ended is not None
        assert sum(journey.parts) == journey.ended - journey.born
        assert min(journey.parts) >= 0
    check_links(world, trace)


def check_links(world: World, trace: bool) -> None:
    """What the links counted agrees with what the ledger and the frames know."""
    links = world.underlay.links.values()
    dropped = world.simulator.ledger.dropped
    by_links = sum(link.drops.total() for link in links)
    assert by_links == dropped.total() - dropped["data", "no route"]
    assert sum(link.busy for link in links) == sum(journey.transmit for journey in world.journeys)
    if trace:
        arrived = sum(len(journey.hops or ()) for journey in world.journeys)
        on_the_wire = sum(link.frames for link in links) - arrived
        lost = dropped["data", "loss"]
        assert lost <= on_the_wire <= lost + dropped["data", "link down"]


@settings(deadline=None, max_examples=25)
@given(topologies, frames)
def test_the_same_seed_gives_the_same_run(
    topology: Topology, sent: list[tuple[int, list[str], int, int]]
) -> None:
    def run() -> list[tuple[str | None, int | None]]:
        world = World(topology, seed=3)
        for at, (source, destination), length, _ in sent:
            world.send_at(at * US, source, destination, length)
        world.simulator.run_to(10_000 * US)
        return [(journey.reason, journey.ended) for journey in world.journeys]

    assert run() == run()
