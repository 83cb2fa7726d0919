"""Path MTU discovery: what routes remember, what tunnels and routers say, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlaysim.overlay.icmp_errors import icmp_error, read_too_big, too_big
from overlaysim.overlay.pmtu import EXPIRES, PathMtus, tunnel_answer
from overlaysim.units import SECOND
from overlaysim.wire import (
    ARP,
    ICMP,
    UDP,
    VXLAN,
    Ethernet,
    ICMPv6,
    IPv4,
    IPv6,
    Opaque,
    Packet,
    checksum,
    decode,
    read_pcap,
)
from overlaysim.wire.ipv6 import IPv6Fragment

CAPTURES = Path(__file__).parents[1] / "data" / "pcaps"
FRAME = Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04")
A, B = "10.0.1.4", "10.0.1.2"


def captured(name: str) -> list[bytes]:
    return [data for _, data in read_pcap(CAPTURES / name)]


def ping(length: int = 1500, **ip: object) -> Packet:
    """An echo request of ``length`` bytes of IPv4, in a frame, with DF unless told otherwise."""
    header = IPv4(**{"src": A, "dst": B, "df": True, **ip})  # type: ignore[arg-type]
    return Packet((FRAME, header, ICMP(8, ident=3)), Opaque(length - 28))


def ping_6(length: int = 1500, kind: int = 128, source: str = "fd77::1") -> Packet:
    layers = (FRAME, IPv6(source, "fd77::2", hop_limit=63), ICMPv6(kind))
    return Packet(layers, Opaque(length - 48))


# ---- routes -------------------------------------------------------------------------------------


def test_a_route_remembers_a_path_mtu_for_ten_minutes() -> None:
    routes = PathMtus()
    assert routes.mtu(B, 1500, 0) == 1500
    routes.learn(B, 1400, 1500, SECOND)
    assert routes.mtu(B, 1500, SECOND) == 1400
    assert routes.mtu(A, 1500, SECOND) == 1500
    assert routes.mtu(B, 1300, SECOND) == 1300  # the first link has become narrower still
    last = SECOND + EXPIRES - 1
    assert routes.mtu(B, 1500, last) == 1400
    assert routes.mtu(B, 1500, last + 1) == 1500
    assert routes.learned(B, last + 1) is None


def test_a_path_mtu_is_never_raised() -> None:
    routes = PathMtus()
    routes.learn(B, 1600, 1500, 0)
    assert routes.learned(B, 0) is None
    routes.learn(B, 1400, 1500, 0)
    routes.learn(B, 1450, 1500, SECOND)
    assert routes.mtu(B, 1500, SECOND) == 1400


def test_what_is_known_is_refreshed_in_the_second_half_of_its_life() -> None:
    routes = PathMtus()
    routes.learn(B, 1400, 1500, 0)
    for now, expires in ((EXPIRES // 2 - 1, EXPIRES), (EXPIRES // 2, EXPIRES * 3 // 2)):
        routes.learn(B, 1400, 1500, now)
        entry = routes.learned(B, now)
        assert entry is not None
        assert entry.expires == expires


def test_below_552_a_route_is_locked_and_learns_no_more() -> None:
    routes = PathMtus()
    routes.learn(B, 300, 1500, 0)
    routes.learn(B, 200, 1500, SECOND)
    entry = routes.learned(B, SECOND)
    assert entry is not None
    assert (entry.mtu, entry.locked, entry.expires) == (552, True, EXPIRES)
    routes.learn(A, 300, 500, 0)  # nor is a path given more than its first link carries
    assert routes.mtu(A, 500, 0) == 500
    routes.forget()
    assert routes.learned(B, SECOND) is None


# ---- what a tunnel answers ----------------------------------------------------------------------


def test_the_tunnel_answers_as_the_kernel_does_byte_for_byte() -> None:
    frames = captured("kernel-vxlan-bridged-fragneeded.pcap")
    answer = tunnel_answer(decode(frames[4]), 1450)
    assert answer is not None
    assert answer.pack() == frames[5]
    ip = answer.layer(1, IPv4)
    assert (answer.length - 14, ip.src, ip.ttl, ip.df, ip.ident) == (
        576, "192.168.77.2", 64, True, 0,
    )  # fmt: skip


def test_the_tunnel_copies_the_ttl() -> None:
    answer = tunnel_answer(ping(ttl=37), 1450)
    assert answer is not None
    assert answer.layer(1, IPv4).ttl == 37


@pytest.mark.parametrize(
    ("frame", "mtu"),
    [
        (ping(), 575),
        (ping(df=False), 1450),
        (ping(mf=True), 1450),
        (ping(offset=1480), 1450),
        (ping(src="0.0.0.0"), 1450),
        (ping(src="127.0.0.1"), 1450),
        (ping(src="255.255.255.255"), 1450),
        (ping(dst="224.0.0.1"), 1450),
        (ping(dst="255.255.255.255"), 1450),
        (Packet((FRAME, IPv4(A, B, df=True), ICMP(3, 3)), Opaque(1500)), 1450),
        (Packet((FRAME, ARP(1, A, B, A, B)), Opaque(1500)), 1450),
        (ping_6(), 1279),
        (ping_6(kind=1), 1450),
        (ping_6(kind=137), 1450),
        (ping_6(source="::"), 1450),
        (ping_6(source="ff02::1"), 1450),
    ],
)
def test_the_tunnel_is_silent(frame: Packet, mtu: int) -> None:
    assert tunnel_answer(frame, mtu) is None


def test_the_narrowest_paths_that_a_tunnel_tells_of() -> None:
    assert tunnel_answer(ping(), 576) is not None
    assert tunnel_answer(ping_6(), 1280) is not None


def test_about_ipv6_the_tunnel_says_packet_too_big() -> None:
    answer = tunnel_answer(ping_6(), 1430)
    assert answer is not None
    assert answer.length - 14 == 1280
    ethernet, ip, icmp = decode(answer.pack()).layers
    assert (ethernet.src, ethernet.dst) == (FRAME.dst, FRAME.src)
    assert (ip.src, ip.dst, ip.hop_limit) == ("fd77::2", "fd77::1", 63)
    assert (icmp.type, icmp.code, icmp.ident << 16 | icmp.sequence) == (2, 0, 1430)
    assert checksum(answer.pack()[54:], ip.pseudo_header_sum(58, 1240)) == 0
    assert answer.payload == ping_6().pack()[14:][:1232]


# ---- what a router says -------------------------------------------------------------------------


def test_a_router_says_what_the_kernels_said_byte_for_byte() -> None:
    frames = captured("kernel-vxlan-underlay-pmtu-df-set.pcap")
    sent, seen = decode(frames[10]), decode(frames[11])
    said = too_big(sent.inner(1), 1400, "10.9.1.254", ident=seen.layer(1, IPv4).ident)
    assert said is not None
    assert said.pack() == frames[11][14:]
    assert said.length == 576


def test_a_router_says_packet_too_big_about_ipv6() -> None:
    said = too_big(ping_6().inner(1), 1400, "fd09::fe")
    assert said is not None
    error = read_too_big(decode(said.pack(), IPv6))
    assert error is not None
    assert (error.reporter, error.mtu, error.source, error.destination) == (
        "fd09::fe", 1400, "fd77::1", "fd77::2",
    )  # fmt: skip


def test_no_error_is_about_an_error_or_a_later_fragment() -> None:
    error = Packet((IPv4(A, B), ICMP(3, 4)), b"x" * 600)
    assert too_big(error, 576, "10.0.0.1") is None
    later = Packet((IPv4(A, B, protocol=17, offset=1480),), b"x" * 600)
    assert icmp_error(later, "10.0.0.1", 3, 3) is None
    later_6 = Packet(
        (IPv6("fd09::1", "fd09::2"), IPv6Fragment(1, 1448, next_header=17)), b"x" * 2000
    )
    assert too_big(later_6, 1400, "fd09::fe") is None
    first_6 = Packet(
        (IPv6("fd09::1", "fd09::2"), IPv6Fragment(1, 0, True, 17), UDP(1, 2)), b"x" * 2000
    )
    assert too_big(first_6, 1400, "fd09::fe") is not None


# ---- reading errors -----------------------------------------------------------------------------


def test_an_error_tells_what_it_is_about() -> None:
    frames = captured("kernel-vxlan-underlay-pmtu-df-set.pcap")
    error = read_too_big(decode(frames[11]).inner(1))
    assert error is not None
    assert (error.reporter, error.mtu) == ("10.9.1.254", 1400)
    assert (error.source, error.destination) == ("10.9.1.1", "10.9.2.2")
    assert isinstance(error.transport, UDP)
    assert error.transport.dst_port == 4789
    assert decode(frames[10]).find(VXLAN) is not None


@pytest.mark.parametrize(
    "packet",
    [
        Packet((IPv4(A, B), ICMP(3, 3)), ping().pack()[14:]),
        Packet((IPv4(A, B), ICMP(8, 4, 0, 1400)), ping().pack()[14:]),
        Packet((IPv4(A, B), ICMP(3, 4, 0, 0)), ping().pack()[14:]),  # before RFC 1191: no MTU
        Packet((IPv4(A, B), ICMP(3, 4, 0, 1400)), b"\x45\x00"),
        Packet((IPv6("fd09::1", "fd09::2"), ICMPv6(1, 0, 0, 1400)), ping_6().pack()[14:]),
        Packet((IPv4(A, B), UDP(1, 2)), b"x"),
        Packet((IPv4(A, B, protocol=1, offset=8),), b"x"),
    ],
)
def test_what_says_no_path_mtu(packet: Packet) -> None:
    assert read_too_big(packet) is None


def test_a_quote_may_end_anywhere() -> None:
    data = ping().pack()[14:]
    for length in range(len(data)):
        error = read_too_big(Packet((IPv4(B, A), ICMP(3, 4, 0, 1400)), data[:length]))
        if length < 20:
            assert error is None
        else:
            assert error is not None
            assert (error.source, error.destination) == (A, B)
            assert isinstance(error.transport, ICMP) is (length >= 28)
