"""A host's own IP on the underlay: putting fragments together, and losing some."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underlay_lab import SMALLEST_MTU, UnderlayLab, chain

from overlaysim.host.cutting import cut_journey
from overlaysim.sim import composition
from overlaysim.underlay import LinkSpec, listed
from overlaysim.units import MS, SECOND, US
from overlaysim.wire import UDP, Ethernet, IPv6, Opaque, Packet
from overlaysim.wire.ipv6 import IPv6Fragment


def direct(**fields: object) -> UnderlayLab:
    """Two hosts on one link of 1400 bytes."""
    spec = LinkSpec(**{"mtu": 1400, **fields})  # type: ignore[arg-type]
    return UnderlayLab(listed(["a", "b"], [], [("a", "b", spec)]))


def test_a_packet_longer_than_the_first_link_is_cut_by_its_host() -> None:
    lab = direct()
    journey = lab.send(lab.packet(1478))
    assert [(c.length, n) for c, n in lab.underlay.links["a", "b"].compositions.items()] == []
    lab.run(MS)
    lengths = [c.length for c in lab.underlay.links["a", "b"].compositions]
    assert lengths == [1410, 116]
    assert lab.fates() == [("fragment", "delivered", "b"), ("data", "delivered", "b")]
    assert lab.ended[0].source == "a"
    assert journey.packet.length == 1492


def test_with_df_it_is_lost_and_nobody_told() -> None:
    lab = direct()
    lab.send(lab.packet(1401, df=True))
    lab.send(lab.packet(1400, df=True))
    lab.run(MS)
    assert lab.fates() == [("data", "mtu", "a"), ("data", "delivered", "b")]


def test_a_packet_whose_other_fragments_are_lost_is_dropped_after_30_seconds() -> None:
    lab = direct()
    journey = lab.send(lab.packet(1478))
    lab.simulator.run_for(62 * US)  # the first fragment is here since 61.472 us, the second is not
    assert lab.hosts["b"].in_hand == 1
    lab.underlay.set_link_state("a", "b", False)
    lab.run(30 * SECOND - 2 * US)
    assert lab.hosts["b"].in_hand == 1
    lab.run(2 * US)
    assert lab.hosts["b"].in_hand == 0
    assert lab.fates() == [("fragment", "link down", "a->b"), ("data", "fragment lost", "b")]
    assert sum(journey.parts) == journey.ended - journey.born
    assert journey.queue == 30 * SECOND


def test_a_packet_whose_first_fragment_is_lost_ends_there() -> None:
    lab = direct(rate=10**6, queue_packets=0)
    lab.send(lab.packet(100))
    journey = lab.send(lab.packet(1478))
    lab.run(SECOND)
    assert journey.reason == "queue full"
    assert len(lab.taken) == 1
    assert lab.hosts["b"].in_hand == 0


def test_a_host_that_loses_power_loses_what_it_holds() -> None:
    lab = direct()
    lab.send(lab.packet(1478))
    lab.simulator.run_for(62 * US)
    lab.hosts["b"].paths.learn("10.77.0.1", 900, 1400, lab.simulator.now)
    lab.hosts["b"].reboot()
    lab.run(MS)
    assert lab.fates() == [("data", "host down", "b"), ("fragment", "delivered", "b")]
    assert lab.hosts["b"].mtu(lab.places["a"]) == 1400


def test_of_several_first_links_the_smallest_mtu_counts() -> None:
    wide, narrow = LinkSpec(mtu=9000), LinkSpec(mtu=1500)
    links = [("a", "s1", wide), ("a", "s2", narrow), ("b", "s1", wide), ("b", "s2", wide)]
    lab = UnderlayLab(listed(["a", "b"], ["s1", "s2"], links))
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1500
    lab.underlay.set_link_state("a", "s2", False)
    assert lab.hosts["a"].mtu(lab.places["b"]) == 9000
    lab.underlay.set_link_state("a", "s1", False)  # no way at all: what the interfaces are like
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1500


@pytest.mark.parametrize("may_cut", [True, False])
def test_ipv6_is_cut_at_its_source_or_not_at_all(may_cut: bool) -> None:
    lab = UnderlayLab(chain([1500]), net="fd09::")
    packet = lab.packet_6(1520)
    journey = lab.simulator.ledger.create("data", 0, source="a", intended="b")
    journey.composition = composition("data", 1472, 0, 0, 62)
    lab.hosts["a"].send(journey, packet, lab.places["b"], may_cut=may_cut)
    lab.run(MS)
    if may_cut:
        lengths = [c.length for c in lab.underlay.links["a", "b"].compositions]
        assert lengths == [14 + 40 + 8 + 1448, 14 + 40 + 8 + 32]
        assert lab.taken[0].pack() == packet.pack()
    else:
        assert lab.fates() == [("data", "mtu", "a")]


def test_the_account_of_ipv6_fragments_shows_the_fragment_header() -> None:
    lab = direct()
    a, b = lab.places["a"], lab.places["b"]
    packet = Packet((Ethernet(b.mac, a.mac), IPv6("fd09::1", "fd09::2"), UDP(1, 2)), Opaque(1472))
    journey = lab.simulator.ledger.create("data", 0, source="a", intended="b")
    journey.packet, journey.composition = packet, composition("data", 1472, 0, 0, 62)
    first, second = cut_journey(lab.simulator, journey, 1500, "a", ident=9)
    assert (first.composition.fragmentation, second.composition.fragmentation) == (8, 62)
    assert first.packet.find(IPv6Fragment).ident == 9


@settings(max_examples=60, deadline=None)
@given(
    mtus=st.lists(st.integers(SMALLEST_MTU, 3000), min_size=1, max_size=4),
    packets=st.lists(st.tuples(st.integers(28, 4000), st.booleans()), min_size=1, max_size=6),
    loss=st.sampled_from([0.0, 0.2]),
    queue=st.sampled_from([None, 3]),
    seed=st.integers(0, 2**32),
)
def test_no_packet_is_lost_from_the_books_whatever_the_mtus(
    mtus: list[int], packets: list[tuple[int, bool]], loss: float, queue: int | None, seed: int
) -> None:
    lab = UnderlayLab(chain(mtus, loss=loss, queue_packets=queue), seed)
    sent = [lab.send(lab.packet(length, df=df)) for length, df in packets]
    for _ in range(20):
        lab.run(100 * US)
    lab.run(31 * SECOND)
    assert lab.simulator.ledger.in_flight == 0
    for journey in lab.ended:
        assert sum(journey.parts) == journey.ended - journey.born
        assert journey.length == journey.composition.length
    if not loss and queue is None:
        fits = [not df or length <= min(mtus) for length, df in packets]
        assert [journey.outcome == "delivered" for journey in sent] == fits
        assert all(packet.payload_length for packet in lab.taken) or 28 in dict(packets)
    for link in lab.underlay.links.values():
        for c in link.compositions:
            assert c.length - 14 <= link.spec.mtu
