"""The translations of a load balancer, on packets in a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay import Reassembler, fragment
from overlaysim.overlay.ipvs import UDP_TIMEOUT, VirtualServer
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, Opaque, Packet, decode

CLIENT, OTHER, BALANCER, VIP = "10.0.1.4", "10.0.1.20", "10.0.1.5", "10.0.1.6"
ONE, TWO, THREE = "10.0.1.7", "10.0.1.8", "10.0.1.9"
ALL = {VIP: {ONE: 1, TWO: 1, THREE: 1}}


def datagram(source: str, port: int, target: str, to_port: int, size: int = 20) -> Packet:
    return Packet((IPv4(source, target, 17, ident=77), UDP(port, to_port)), Opaque(size, "udp"))


def server(services: dict[str, dict[str, int]] | None = None) -> VirtualServer:
    made = VirtualServer(BALANCER)
    made.serve(ALL if services is None else services)
    return made


def sockets(packet: Packet | None) -> tuple[str, int, str, int]:
    assert packet is not None
    ip, udp = packet.layer(0, IPv4), packet.layer(1, UDP)
    return ip.src, udp.src_port, ip.dst, udp.dst_port


def chosen(balancer: VirtualServer, port: int, now: int = 0) -> str | None:
    packet = balancer.forward(datagram(CLIENT, port, VIP, 53), now)
    return None if packet is None else packet.layer(0, IPv4).dst


def test_flows_take_turns_and_stay_where_they_are() -> None:
    balancer = server()
    assert [chosen(balancer, port) for port in (1001, 1002, 1003, 1004)] == [ONE, TWO, THREE, ONE]
    assert [chosen(balancer, port) for port in (1003, 1001, 1002)] == [THREE, ONE, TWO]


def test_backends_see_the_balancer_and_clients_the_virtual_address() -> None:
    balancer = server()
    forward = balancer.forward(datagram(CLIENT, 5000, VIP, 53), 0)
    assert sockets(forward) == (BALANCER, 5000, ONE, 53)
    back = balancer.reverse(datagram(ONE, 53, BALANCER, 5000), 0)
    assert sockets(back) == (VIP, 53, CLIENT, 5000)


def test_each_service_has_its_own_turn() -> None:
    other = "10.0.1.30"
    balancer = server({VIP: {ONE: 1, TWO: 1}, other: {ONE: 1, TWO: 1}})
    assert chosen(balancer, 1) == ONE
    packet = balancer.forward(datagram(CLIENT, 1, other, 53), 0)
    assert sockets(packet)[2] == ONE
    assert chosen(balancer, 2) == TWO


def test_two_clients_with_one_port_are_kept_apart_at_one_backend() -> None:
    balancer = server({VIP: {ONE: 1}})
    first = balancer.forward(datagram(CLIENT, 5000, VIP, 53), 0)
    second = balancer.forward(datagram(OTHER, 5000, VIP, 53), 0)
    assert sockets(first) == (BALANCER, 5000, ONE, 53)
    assert sockets(second) == (BALANCER, 5001, ONE, 53)
    back = balancer.reverse(datagram(ONE, 53, BALANCER, 5001), 0)
    assert sockets(back) == (VIP, 53, OTHER, 5000)


def test_weight_nothing_keeps_old_flows_and_gets_no_new_ones() -> None:
    balancer = server()
    assert chosen(balancer, 1) == ONE
    balancer.serve({VIP: {ONE: 0, TWO: 1, THREE: 1}})
    assert chosen(balancer, 1) == ONE
    assert [chosen(balancer, port) for port in (2, 3, 4)] == [TWO, THREE, TWO]
    balancer.serve({VIP: {ONE: 0, TWO: 0, THREE: 0}})
    assert chosen(balancer, 1) == ONE
    assert chosen(balancer, 5) is None


def test_a_backend_that_is_gone_loses_its_flows_at_once() -> None:
    balancer = server()
    assert chosen(balancer, 1) == ONE
    balancer.serve({VIP: {TWO: 1, THREE: 1}})
    assert balancer.reverse(datagram(ONE, 53, BALANCER, 1), 0) is None
    assert chosen(balancer, 1) == TWO


def test_a_service_that_is_gone_takes_nobody() -> None:
    balancer = server()
    assert chosen(balancer, 1) == ONE
    balancer.serve({})
    assert chosen(balancer, 1) is None


def test_a_silent_flow_is_forgotten_and_a_busy_one_is_not() -> None:
    balancer = server()
    assert chosen(balancer, 1, 0) == ONE
    assert chosen(balancer, 2, 0) == TWO
    assert chosen(balancer, 1, UDP_TIMEOUT - 1) == ONE
    assert chosen(balancer, 2, UDP_TIMEOUT) == THREE
    assert chosen(balancer, 1, 2 * UDP_TIMEOUT - 2) == ONE
    # what comes back keeps a flow alive as well
    assert balancer.reverse(datagram(ONE, 53, BALANCER, 1), 3 * UDP_TIMEOUT - 3) is not None
    assert chosen(balancer, 1, 4 * UDP_TIMEOUT - 4) == ONE


def test_strangers_are_not_translated() -> None:
    balancer = server()
    chosen(balancer, 5000)
    assert balancer.reverse(datagram(TWO, 53, BALANCER, 5000), 0) is None
    assert balancer.reverse(datagram(ONE, 54, BALANCER, 5000), 0) is None
    echo = Packet((IPv4(ONE, BALANCER, 1), ICMP(8, 0, 1, 1)), b"")
    assert balancer.reverse(echo, 0) is None


def test_an_error_about_a_datagram_finds_its_sender() -> None:
    balancer = server()
    original = datagram(CLIENT, 5000, VIP, 53)
    forward = balancer.forward(original, 0)
    assert forward is not None
    error = Packet((IPv4(ONE, BALANCER, 1), ICMP(3, 3)), forward.pack()[:28])
    back = balancer.reverse(error, 0)
    assert back is not None
    ip = back.layer(0, IPv4)
    assert (ip.src, ip.dst) == (VIP, CLIENT)
    quoted = IPv4.parse(bytes(back.payload), 0, 28), UDP.parse(bytes(back.payload), 20, 28)
    assert (quoted[0].src, quoted[1].src_port) == (CLIENT, 5000)
    assert (quoted[0].dst, quoted[1].dst_port) == (VIP, 53)
    assert quoted[1].checksum == original.resolved().layer(1, UDP).checksum


@pytest.mark.parametrize("payload", [b"", b"too short", bytes(28)])
def test_an_error_about_nothing_known_is_left_alone(payload: bytes) -> None:
    balancer = server()
    chosen(balancer, 5000)
    error = Packet((IPv4(ONE, BALANCER, 1), ICMP(3, 3)), payload)
    assert balancer.reverse(error, 0) is None


def test_fragments_follow_their_first_both_ways() -> None:
    balancer, reassembler = server(), Reassembler()
    for piece in fragment(datagram(CLIENT, 5000, VIP, 53, size=4000), 1450):
        forwarded = balancer.forward(piece, 0)
        assert forwarded is not None
        assert forwarded.layer(0, IPv4).dst == ONE
        whole = reassembler.receive(forwarded, 0)
    assert whole is not None
    assert sockets(whole.packet) == (BALANCER, 5000, ONE, 53)
    for piece in fragment(datagram(ONE, 53, BALANCER, 5000, size=4000), 1450):
        back = balancer.reverse(piece, SECOND)
        assert back is not None
        whole = reassembler.receive(back, 0)
    assert whole is not None
    assert sockets(whole.packet) == (VIP, 53, CLIENT, 5000)


def test_a_piece_without_its_first_goes_nowhere() -> None:
    balancer = server()
    late = fragment(datagram(CLIENT, 5000, VIP, 53, size=4000), 1450)[1]
    assert balancer.forward(late, 0) is None
    assert balancer.reverse(late, 0) is None


@given(
    port=st.integers(1, 65_535),
    to_port=st.integers(1, 65_535),
    size=st.integers(0, 5000),
    mtu=st.sampled_from([1450, 8950]),
)
def test_translated_packets_have_right_checksums(
    port: int, to_port: int, size: int, mtu: int
) -> None:
    # once around, each piece by itself: the bytes are those of a packet sent that way from the
    # start, but for the TTL
    balancer = server({VIP: {ONE: 1}})
    pieces = fragment(datagram(CLIENT, port, VIP, to_port, size), mtu)
    there = [balancer.forward(piece, 0) for piece in pieces]
    expected = fragment(datagram(BALANCER, port, ONE, to_port, size), mtu)
    for packet, reference in zip(there, expected, strict=True):
        assert packet is not None
        ip = reference.layer(0, IPv4).replace(ttl=63, checksum=None)
        assert packet.pack() == reference.replace(0, ip).pack()


def test_a_whole_translated_frame_decodes() -> None:
    packet = server().forward(datagram(CLIENT, 5000, VIP, 1053, 200), 0)
    assert packet is not None
    frame = packet.wrap(Ethernet("02:42:0a:00:01:07", "02:42:0a:00:01:05"))
    assert decode(frame.pack()).recomputed().pack() == frame.pack()
