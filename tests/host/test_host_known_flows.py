"""A host remembers which network a flow's packets are for as long as its devices stay."""

from __future__ import annotations

import pytest

from overlaysim.host import known_flows
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.segment import NetworkInfo, Segment
from overlaysim.host.tunnels import Refusal, Tunnels
from overlaysim.overlay.encapsulation import TunnelChoice, encapsulation
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Simulator
from overlaysim.wire import UDP, Ethernet, IPv4, IPv6, Opaque, Packet

A = HostAddress("host-a", "10.77.0.11", "02:00:0a:4d:00:0b")
B = HostAddress("host-b", "10.77.0.12", "02:00:0a:4d:00:0c")
HERE, THERE = "02:42:0a:00:01:02", "02:42:0a:00:01:03"


def segment(vni: int = 4097, known: str = "vxlan", family: int = 4, ident: str = "n") -> Segment:
    choice = TunnelChoice(encapsulation(known), family)
    info = NetworkInfo(
        ident, ident, ident, "10.0.1.0/24", "10.0.1.1", vni, 1450, tunnel=choice
    )  # fmt: skip
    vtep = Vtep(vni, A.address)
    return Segment(Simulator(), "host", info, vtep, lambda *_: None)


def both() -> tuple[Tunnels, Tunnels]:
    directory = Directory()
    directory.add_host(A)
    directory.add_host(B)
    return Tunnels(A, directory, 1), Tunnels(B, directory, 2)


def frame(port: int = 1, tos: int = 0) -> Packet:
    ip = IPv4("10.0.1.2", "10.0.1.3", tos=tos)
    return Packet((Ethernet(THERE, HERE), ip, UDP(port, 2)), Opaque(10))


def sent(sender: Tunnels, network: Segment, whole: Packet, ident: int = 0) -> Packet:
    return sender.wrap(network, whole, B, ident=ident, mtu=1500)


@pytest.mark.parametrize(
    ("known", "family"),
    [("vxlan", 4), ("vxlan", 6), ("geneve-opt8", 4), ("nvgre", 4), ("vxlan-esp-docker", 4),
     ("gre-key", 4)],
)  # fmt: skip
def test_the_second_packet_is_taken_like_the_first(known: str, family: int) -> None:
    sender, receiver = both()
    network, other = segment(known=known, family=family), segment(4098, known, family, "m")
    for one in (network, other):
        sender.add(one)
        receiver.add(one)
    for ident in range(3):
        for one in (network, other):
            arrival = receiver.take(sent(sender, one, frame(), ident))
            assert arrival is not None
            assert (arrival.segment, arrival.vtep) == (one, A.address)
            assert arrival.frame.layers[1:] == frame().layers[1:]


def test_it_goes_with_the_device() -> None:
    sender, receiver = both()
    network = segment()
    receiver.add(network)
    packet = sent(sender, network, frame())
    assert receiver.take(packet) is not None
    receiver.remove(network)
    assert receiver.take(packet) is None  # no tunnels at all, and so nobody's
    receiver.add(segment(4098, ident="m"))
    with pytest.raises(Refusal, match="unknown VNI"):
        receiver.take(packet)
    anew = segment()
    receiver.add(anew)
    arrival = receiver.take(packet)
    assert arrival is not None
    assert arrival.segment is anew


def test_of_two_devices_with_one_identifier_the_older_has_the_packets() -> None:
    sender, receiver = both()
    first, second = segment(), segment(ident="m")
    receiver.add(first)
    receiver.add(second)
    packet = sent(sender, first, frame())
    assert [receiver.take(packet).segment for _ in range(2)] == [first, first]  # type: ignore[union-attr]
    receiver.remove(first)
    assert receiver.take(packet).segment is second  # type: ignore[union-attr]


def test_a_congestion_mark_is_looked_at_in_every_packet() -> None:
    sender, receiver = both()
    network = segment()
    receiver.add(network)
    packet = sent(sender, network, frame())
    assert receiver.take(packet) is not None
    marked = packet.replace(1, packet.layer(1, IPv4).replace(tos=3))
    with pytest.raises(Refusal, match="refused by tunnel"):
        receiver.take(marked)
    capable = sent(sender, network, frame(tos=2))
    assert receiver.take(capable.replace(1, capable.layer(1, IPv4).replace(tos=3))) is not None


def test_without_a_checksum_it_is_taken_over_ipv4_only() -> None:
    sender, receiver = both()
    network = segment()
    receiver.add(network)
    packet = sent(sender, network, frame())
    bare = packet.replace(2, packet.layer(2, UDP).replace(checksum=0))
    assert receiver.take(bare) is not None
    over_6 = bare.replace(1, IPv6(A.address6, B.address6))
    with pytest.raises(Refusal, match="refused by tunnel"):
        receiver.take(over_6)


def test_what_holds_no_frame_is_not_taken() -> None:
    sender, receiver = both()
    network = segment()
    receiver.add(network)
    packet = sent(sender, network, frame())
    assert receiver.take(packet) is not None
    for behind in ((), packet.layers[5:]):  # nothing that can be read, and bare IP
        assert receiver.take(Packet((*packet.layers[:4], *behind), bytes(50))) is None
    elsewhere = packet.replace(1, packet.layer(1, IPv4).replace(dst="10.77.0.13"))
    assert receiver.take(elsewhere) is None


def test_no_more_than_so_many_flows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_flows, "_MOST", 2)
    sender, receiver = both()
    network = segment()
    receiver.add(network)
    for port in (1, 2, 3, 4, 1):
        arrival = receiver.take(sent(sender, network, frame(port)))
        assert arrival is not None
        assert arrival.segment is network
        assert len(receiver._flows._networks) <= 2


def test_a_host_that_comes_back_with_another_mac_is_reached_there() -> None:
    sender, _ = both()
    network = segment()
    sender.add(network)
    moved = HostAddress(B.name, B.address, "02:00:0a:4d:00:ff")
    targets = [B, moved, B]
    packets = [sender.wrap(network, frame(), to, ident=0, mtu=1500) for to in targets]
    assert [packet.layer(0, Ethernet).dst for packet in packets] == [to.mac for to in targets]
