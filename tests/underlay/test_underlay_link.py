"""One link at a time: arithmetic, queue limits, loss, jitter, MTU, counters."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from underlay_world import World

from overlaysim.errors import ModelError
from overlaysim.sim import Hop, composition
from overlaysim.underlay import LinkSpec, line, listed, star
from overlaysim.units import NS, US, transmission_time

GBIT = 1_000_000_000


def direct(**fields: object) -> World:
    """Two hosts on one link of 1 Gbit/s without delay, where a byte lasts 8 ns."""
    spec = LinkSpec(**{"rate": GBIT, "delay": 0, **fields})  # type: ignore[arg-type]
    return World(listed(["a", "b"], [], [("a", "b", spec)]), framing="none")


def test_store_and_forward_by_hand() -> None:
    """1092 + 24 B at 10 Gbit/s last 892.8 ns, twice, and 5 us pass on each of the two links."""
    world = World(star(["a", "b"], LinkSpec(rate=10 * GBIT, delay=5 * US)), trace=True)
    world.simulator.run_to(100)
    journey = world.send("a", "b")
    world.simulator.run_to(US * 20)
    arrival = 100 + 892_800 + 5 * US
    assert journey.hops == [
        Hop("a->switch", 100, 100, arrival, 0, 1092),
        Hop("switch->b", arrival, arrival, arrival + 892_800 + 5 * US, 0, 1092),
    ]
    assert journey.ended == arrival + 892_800 + 5 * US
    assert (journey.queue, journey.transmit, journey.propagate) == (0, 2 * 892_800, 10 * US)
    assert (journey.outcome, journey.reached) == ("delivered", "b")


def test_framing_none_counts_the_frame_alone() -> None:
    world = direct(delay=3)
    journey = world.send("a", "b", 1000)
    world.simulator.run_to(US * 10)
    assert journey.ended == 8 * US + 3


def test_the_second_of_two_frames_waits_for_the_first() -> None:
    """8 us behind it at the host; 4 us at the switch, to which it comes 13 us after birth."""
    world = World(star(["a", "b"], LinkSpec(rate=GBIT, delay=US)), framing="none", trace=True)
    first, second = world.send("a", "b", 1000), world.send("a", "b", 500)
    world.simulator.run_to(100 * US)
    assert second.queue == (8 + 4) * US
    assert second.ended == (13 + 4 + 4 + 1) * US
    assert second.hops is not None
    assert [hop.waiting for hop in second.hops] == [1, 1]
    assert sum(second.parts) == second.ended - second.born
    assert sum(first.parts) == first.ended


def test_both_directions_of_a_link_are_independent() -> None:
    world = direct()
    there, back = world.send("a", "b", 1000), world.send("b", "a", 1000)
    world.simulator.run_to(8 * US)
    assert there.ended == back.ended == 8 * US


def test_drop_tail_holds_its_limit_plus_the_frame_in_transmission() -> None:
    world = direct(queue_packets=3)
    for _ in range(6):
        world.send("a", "b", 1000)
    world.simulator.run_to(8 * US)  # one has left, so there is room for one more
    world.send("a", "b", 1000)
    world.send("a", "b", 1000)
    world.simulator.run_to(100 * US)
    full, sent = "queue full", "delivered"
    assert world.outcomes() == [sent, sent, sent, sent, full, full, sent, full]
    link = world.underlay.links["a", "b"]
    assert link.drops == {"queue full": 3}
    assert link.largest_queue == 3
    assert world.journeys[4].where == "a->b"


def test_a_queue_of_zero_packets_only_transmits() -> None:
    world = direct(queue_packets=0)
    world.send("a", "b", 1000)
    world.send("a", "b", 1000)
    world.simulator.run_to(8 * US)
    world.send("a", "b", 1000)
    world.simulator.run_to(100 * US)
    assert world.outcomes() == ["delivered", "queue full", "delivered"]


def test_queue_limit_in_bytes_counts_waiting_bytes_alone() -> None:
    world = direct(queue_packets=None, queue_bytes=1000)
    for length in (1500, 600, 401, 400, 60):  # the first does not wait; 600 + 401 is too much
        world.send("a", "b", length)
    world.simulator.run_to(100 * US)
    full, sent = "queue full", "delivered"
    assert world.outcomes() == [sent, sent, full, sent, full]


def test_a_byte_limit_set_later_counts_the_frames_that_wait_already() -> None:
    world = direct(queue_packets=None)
    for _ in range(4):
        world.send("a", "b", 500)
    world.underlay.change_link("a", "b", queue_bytes=1999)
    world.send("a", "b", 499)
    world.send("a", "b", 1)
    world.simulator.run_to(4 * US)  # the next frame is in transmission now
    world.send("a", "b", 500)
    world.simulator.run_to(100 * US)
    assert world.outcomes() == [*["delivered"] * 5, "queue full", "delivered"]


@given(
    frames=st.lists(st.tuples(st.integers(0, 20_000), st.integers(60, 1514)), max_size=60),
    packets=st.none() | st.integers(0, 5),
    size=st.none() | st.integers(0, 6000),
)
def test_agrees_with_a_queue_written_the_plain_way(
    frames: list[tuple[int, int]], packets: int | None, size: int | None
) -> None:
    """Against a twin that serves a list of frames one after the other."""
    world = direct(queue_packets=packets, queue_bytes=size, delay=7)
    expected: list[int | None] = []
    queue: deque[tuple[int, int]] = deque()  # (start, length) of everything accepted
    now = free = 0
    for gap, length in frames:
        now += gap * NS
        world.send_at(now, "a", "b", length)
        waiting = [frame for frame in queue if frame[0] > now]
        room = packets is None or len(waiting) < packets
        room = room and (size is None or sum(frame[1] for frame in waiting) + length <= size)
        if free > now and not room:
            expected.append(None)
            continue
        start = max(now, free)
        free = start + length * 8 * NS
        queue.append((start, length))
        expected.append(free + 7)
    world.simulator.run_to(now + free + US)
    arrivals = [None if journey.reason else journey.ended for journey in world.journeys]
    assert arrivals == expected


def test_counters_of_a_link() -> None:
    world = World(star(["a", "b"], LinkSpec(rate=GBIT, delay=US)))
    for length in (1000, 1000, 100):
        world.send("a", "b", length)
    world.simulator.run_to(100 * US)
    link = world.underlay.links["a", "switch"]
    assert link.compositions == {composition("data", 1000): 2, composition("data", 100): 1}
    assert link.frames == 3
    assert link.bytes == 2100 + 3 * 24
    assert link.busy == (2100 + 3 * 24) * 8 * NS
    assert world.underlay.links["b", "switch"].frames == 0


def test_counters_while_frames_are_on_their_way() -> None:
    world = direct(delay=10 * US)
    for _ in range(3):
        world.send("a", "b", 1000)
    link = world.underlay.links["a", "b"]
    world.simulator.run_to(9 * US)  # one on the wire, one in transmission, one waiting
    assert (link.held, link.waiting(), world.underlay.in_flight) == (3, 1, 3)
    world.simulator.run_to(18 * US)
    assert (link.held, link.waiting(), link.frames) == (2, 0, 1)


def test_frames_longer_than_the_mtu_are_dropped_by_whoever_would_send_them() -> None:
    topology = line(["a", "b"]).with_links({("switch-1", "switch-2"): {"mtu": 1400}})
    world = World(topology)
    for length in (1414, 1415, 1514, 1515):
        world.send("a", "b", length)
    world.simulator.run_to(US * 1000)
    assert world.outcomes() == ["delivered", "mtu", "mtu", "mtu"]
    assert [journey.where for journey in world.journeys[1:]] == [
        "switch-1->switch-2", "switch-1->switch-2", "a->switch-1",
    ]  # fmt: skip


def test_random_loss_has_its_rate_and_still_occupies_the_link() -> None:
    world = direct(loss=0.1, queue_packets=None)
    count = 20_000
    for _ in range(count):
        world.send("a", "b", 100)
    world.simulator.run_to(count * 800 * NS)
    lost = world.outcomes().count("loss")
    assert abs(lost - 0.1 * count) < 4 * (count * 0.1 * 0.9) ** 0.5
    assert world.underlay.links["a", "b"].frames == count
    assert world.journeys[-1].ended == count * 800 * NS
    for journey in world.journeys:
        assert journey.ended is not None
        assert sum(journey.parts) == journey.ended - journey.born


def test_loss_depends_on_the_seed_and_the_link_alone() -> None:
    def lost(seed: int, hosts: list[str]) -> list[str]:
        world = World(star(hosts, LinkSpec(loss=0.3)), seed=seed)
        for _ in range(60):
            world.send("a", "b", 100)
        world.simulator.run_to(10_000 * US)
        return world.outcomes()

    assert lost(1, ["a", "b"]) == lost(1, ["c", "b", "a"])
    assert lost(1, ["a", "b"]) != lost(2, ["a", "b"])


def test_jitter_is_uniform_within_its_bounds() -> None:
    world = direct(jitter=50 * US, delay=10 * US)
    for number in range(1000):
        world.send_at(number * 100 * US, "a", "b", 1000)
    world.simulator.run_to(1001 * 100 * US)
    extra = [journey.propagate - 10 * US for journey in world.journeys]
    assert 0 <= min(extra) < US
    assert 49 * US < max(extra) <= 50 * US
    assert sum(extra) / 1000 == pytest.approx(25 * US, rel=0.07)  # 4 standard deviations


def test_frames_with_jitter_do_not_overtake() -> None:
    world = direct(jitter=50 * US, queue_packets=None)
    for _ in range(300):
        world.send("a", "b", 1000)
    world.simulator.run_to(10_000 * US)
    ends = [journey.ended or 0 for journey in world.journeys]
    assert ends == sorted(ends)
    assert all(sum(journey.parts) == journey.ended for journey in world.journeys)


def test_frames_do_not_overtake_when_a_link_gets_shorter() -> None:
    world = direct(delay=100 * US)
    world.send("a", "b", 1000)
    world.underlay.change_link("a", "b", delay=0)
    later = world.send("a", "b", 1000)
    world.simulator.run_to(200 * US)
    assert later.ended == 108 * US + 1
    assert sum(later.parts) == later.ended


def test_other_properties_hold_for_frames_that_enter_later() -> None:
    world = direct()
    world.send("a", "b", 1000)
    world.underlay.change_link("a", "b", rate=GBIT // 10)
    later = world.send("a", "b", 1000)
    world.simulator.run_to(1000 * US)
    assert world.journeys[0].ended == 8 * US
    assert (later.queue, later.transmit) == (8 * US, 80 * US)


def test_a_frame_whose_parts_do_not_add_up_is_refused() -> None:
    world = direct()
    journey = world.simulator.ledger.create("data", 0, source="a", intended="b")
    journey.destination, journey.length = "b", 100
    with pytest.raises(ModelError, match="frame of 100 B, but its parts add up to 0"):
        world.underlay.send(journey, "a")


@given(st.integers(60, 9000), st.sampled_from([10**6, 10**9, 4 * 10**11, 3 * 10**9]))
def test_serialisation_is_rounded_once(length: int, rate: int) -> None:
    world = direct(rate=rate, mtu=9000)
    journey = world.send("a", "b", length)
    world.simulator.run_to(10**12)
    assert journey.ended == transmission_time(length, rate)
