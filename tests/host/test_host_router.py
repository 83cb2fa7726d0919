"""Routers of the underlay: hops, fragments, errors."""

from __future__ import annotations

import pytest
from underlay_lab import UnderlayLab, chain

from overlaysim.overlay.icmp_errors import read_too_big
from overlaysim.sim.events import FrameSeen
from overlaysim.underlay import LinkSpec, listed
from overlaysim.units import MS
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, IPv6, Packet


def test_a_router_counts_a_hop_and_takes_no_time() -> None:
    lab = UnderlayLab(chain([1500, 1500, 1500]))
    journey = lab.send(lab.packet(100))
    lab.run(MS)
    assert lab.taken[0].layer(1, IPv4).ttl == 62
    assert sum(journey.parts) == journey.transmit + journey.propagate
    assert [hop.link for hop in journey.hops or ()] == ["a->r1", "r1->r2", "r2->b"]


def test_what_is_too_long_and_may_be_cut_is_cut() -> None:
    # Seen at a router with a 1400-byte next link: 1478 becomes 1396 + 102.
    lab = UnderlayLab(chain([1500, 1400, 1500]))
    sent = lab.packet(1478)
    journey = lab.send(sent)
    lab.run(MS)
    assert lab.fates() == [("fragment", "delivered", "b"), ("data", "delivered", "b")]
    assert [hop.length for hop in journey.hops or ()] == [1492, 1410, 1410]
    further = lab.ended[0]
    assert (further.source, further.intended, further.born) == (
        "r1",
        "b",
        journey.hops[0].delivered,
    )
    assert [hop.length for hop in further.hops or ()] == [116, 116]
    assert sum(further.parts) == further.ended - further.born
    assert lab.taken[0].layer(1, IPv4).ttl == 62
    expected = sent.replace(1, sent.layer(1, IPv4).replace(ttl=62))
    assert lab.taken[0].pack() == expected.pack()


def test_the_first_fragment_waits_for_the_last_and_that_is_queueing() -> None:
    lab = UnderlayLab(chain([1500, 1400]))
    journey = lab.send(lab.packet(1478))
    lab.run(MS)
    waited = (116 + 24) * 8 * 1000  # the second follows the first at 1 Gbit/s
    assert journey.queue == waited
    assert sum(journey.parts) == journey.ended - journey.born
    assert (journey.length, journey.composition.length) == (1492, 1492)
    assert journey.composition.fragmentation == 0


def test_fragments_are_cut_again_further_on() -> None:
    lab = UnderlayLab(chain([1500, 1400, 700, 1500]))
    sent = lab.packet(1478)
    lab.send(sent)
    lab.run(MS)
    assert [kind for kind, _, _ in lab.fates()] == ["fragment"] * 3 + ["data"]
    assert len(lab.taken) == 1
    assert lab.taken[0].payload == sent.payload
    link = lab.underlay.links["r2", "r3"]
    assert sum(c.length * n for c, n in link.compositions.items()) == 1492 + 3 * 34
    assert sum(c.fragmentation * n for c, n in link.compositions.items()) == 3 * 34


def test_df_is_respected_and_the_sender_told() -> None:
    lab = UnderlayLab(chain([1500, 1500, 1400, 1500]))
    frames: list[Packet] = []
    lab.simulator.bus.subscribe(FrameSeen, lambda e: frames.append(e.packet))
    lab.send(lab.packet(1478, df=True))
    lab.run(MS)
    assert lab.fates() == [
        ("data", "fragmentation needed", "r2"), ("icmp", "delivered", "a"),
    ]  # fmt: skip
    sent, error = frames
    said = read_too_big(error.inner(1))
    assert said is not None
    assert (said.mtu, said.reporter) == (1400, lab.places["r2"].address)
    assert error.length == 14 + 576
    ip = error.layer(1, IPv4)
    assert (ip.tos, ip.df, ip.ttl, ip.dst) == (0xC0, False, 63, lab.places["a"].address)
    quoted = sent.replace(1, sent.layer(1, IPv4).replace(ttl=63))  # one router had passed it on
    assert bytes(error.payload) == quoted.pack()[14 : 14 + 548]
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1400


def test_a_host_learns_and_sends_no_more_than_the_path_carries() -> None:
    lab = UnderlayLab(chain([1500, 1400, 1300, 1500]))
    for _ in range(4):
        lab.send(lab.packet(1300 + 178, df=True))
        lab.run(MS)
    assert [reason for kind, reason, _ in lab.fates() if kind == "data"] == [
        "fragmentation needed", "mtu", "mtu", "mtu",
    ]  # fmt: skip
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1400
    lab.send(lab.packet(1400, df=True))
    lab.run(MS)
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1300
    lab.send(lab.packet(1478))
    lab.run(MS)
    assert lab.taken[-1].length == 1492
    assert lab.ended[-2].source == "a"  # it was the host that cut it


def test_an_error_longer_than_the_way_back_is_cut_too() -> None:
    lab = UnderlayLab(chain([300, 1500, 250, 1500]))
    lab.send(lab.packet(300, df=True))
    lab.run(MS)
    kinds = [(kind, place) for kind, reason, place in lab.fates() if reason == "delivered"]
    assert kinds == [("fragment", "a"), ("icmp", "a")]
    assert lab.hosts["a"].mtu(lab.places["b"]) == 300  # below 552: locked at what there is
    assert lab.hosts["a"].paths.learned(lab.places["b"].address, lab.simulator.now).locked


def test_without_hops_left_a_packet_ends_at_the_router() -> None:
    lab = UnderlayLab(chain([1500, 1500, 1500]))
    lab.send(lab.packet(100, ttl=2))
    lab.run(MS)
    assert lab.fates() == [("data", "hop limit", "r2"), ("icmp", "delivered", "a")]
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1500


@pytest.mark.parametrize("df", [True, False])
def test_a_switch_in_the_same_place_is_a_black_hole(df: bool) -> None:
    links = [("a", "s1", LinkSpec()), ("s1", "s2", LinkSpec(mtu=1400)), ("s2", "b", LinkSpec())]
    lab = UnderlayLab(listed(["a", "b"], ["s1", "s2"], links))
    lab.send(lab.packet(1478, df=df))
    lab.send(lab.packet(1400, df=df))
    lab.run(MS)
    assert lab.fates() == [("data", "mtu", "s1->s2"), ("data", "delivered", "b")]
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1500


def test_fragments_take_the_path_of_their_addresses_the_first_that_of_its_flow() -> None:
    spec = LinkSpec()
    links = [("a", "r1", spec), *((x, y, spec) for x in ("r1", "r2") for y in ("s1", "s2")),
             ("r2", "b", spec)]  # fmt: skip
    lab = UnderlayLab(listed(["a", "b"], ["s1", "s2"], links, ["r1", "r2"]))
    lab.underlay.change_link("a", "r1", mtu=1400)
    ways = set()
    for port in range(20):
        packet = lab.packet(1478)
        packet = packet.replace(2, UDP(40000 + port, 4789))
        journey = lab.send(packet)
        lab.run(MS)
        further = next(j for j in reversed(lab.ended) if j.kind == "fragment")
        ways.add(tuple(j.hops[1].link for j in (journey, further)))
    assert len({first for first, _ in ways}) == 2
    assert len({second for _, second in ways}) == 1


def test_a_filter_on_the_port_does_not_see_later_fragments() -> None:
    lab = UnderlayLab(chain([1500, 1500]))
    lab.underlay.change_link("a", "r1", mtu=1400)
    lab.underlay.block_on_link("r1", "b", frozenset({("udp", 4789)}))
    lab.send(lab.packet(1478))
    lab.run(MS)
    assert lab.fates() == [("data", "port blocked", "r1->b"), ("fragment", "delivered", "b")]


def test_a_change_of_a_links_mtu_counts_from_the_next_packet_on() -> None:
    lab = UnderlayLab(chain([1500, 1500]))
    for mtu, pieces in ((1500, 1), (1000, 2), (1500, 1)):
        lab.underlay.change_link("a", "r1", mtu=mtu)
        assert lab.hosts["a"].mtu(lab.places["b"]) == mtu
        before = len(lab.ended)
        lab.send(lab.packet(1478))
        lab.run(MS)
        assert len(lab.ended) - before == pieces


@pytest.mark.parametrize("mine", [True, False])
def test_errors_about_packets_that_were_never_sent_teach_nothing(mine: bool) -> None:
    lab = UnderlayLab(chain([1500, 1500]))
    a, b = lab.places["a"], lab.places["b"]
    if not mine:
        lab.send(lab.packet(100))  # a does send to b, but not this one
    source = a.address if mine else "10.77.0.99"
    quoted = Packet((IPv4(source, b.address, df=True), UDP(1, 2)), b"x" * 600)
    error = Packet((IPv4("10.77.0.3", a.address), ICMP(3, 4, 0, 1000)), quoted.pack()[:548])
    lab.send(error.wrap(Ethernet(a.mac, b.mac)), source="b", target="a")
    lab.run(MS)
    assert lab.hosts["a"].mtu(b) == 1500


# ---- IPv6 ---------------------------------------------------------------------------------------


def test_routers_do_not_cut_ipv6_but_tell_and_then_its_host_does() -> None:
    lab = UnderlayLab(chain([1500, 1400, 1500]), net="fd09::")
    sent = lab.packet_6(1478)
    lab.send(sent)
    lab.run(MS)
    assert lab.fates() == [("data", "fragmentation needed", "r1"), ("icmp", "delivered", "a")]
    assert lab.ended[1].length == 14 + 1280
    assert lab.hosts["a"].mtu(lab.places["b"]) == 1400
    lab.ended.clear()
    lab.send(lab.packet_6(1478))
    lab.run(MS)
    assert lab.fates() == [("fragment", "delivered", "b"), ("data", "delivered", "b")]
    (whole,) = lab.taken
    assert whole.layer(1, IPv6).hop_limit == 62
    assert whole.payload == sent.payload


def test_ipv6_has_hops_to_count_too() -> None:
    lab = UnderlayLab(chain([1500, 1500]), net="fd09::")
    packet = lab.packet_6(100)
    lab.send(packet.replace(1, packet.layer(1, IPv6).replace(hop_limit=1)))
    lab.run(MS)
    assert lab.fates() == [("data", "hop limit", "r1"), ("icmp", "delivered", "a")]
