"""Fragments: sizes seen on the wire, and that pieces make the whole again."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay import Reassembler, fragment
from overlaysim.overlay.encapsulation import Tunnel, encapsulation
from overlaysim.wire import (
    ICMP,
    UDP,
    Ethernet,
    HopByHop,
    IPv4,
    IPv6,
    Opaque,
    Packet,
    Payload,
    decode,
)
from overlaysim.wire.ipv6 import IPv6Fragment
from overlaysim.wire.pcap import read_pcap

CAPTURES = Path(__file__).parents[1] / "data" / "pcaps"
LINUX = encapsulation("vxlan")
INNER = Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04")


def datagram(length: int, ident: int = 7) -> Packet:
    """An IPv4 packet of ``length`` bytes in a frame."""
    return Packet(
        (INNER, IPv4("10.0.1.4", "10.0.1.2", ident=ident), UDP(40000, 9)), Opaque(length - 28)
    )


def in_tunnel(packet: Packet) -> Packet:
    ends = ("10.77.0.12", "10.77.0.11", "02:00:00:00:00:12", "02:00:00:00:00:11")
    return LINUX.encapsulate(packet, Tunnel(*ends, network=4097, ident=1))


def joined(pieces: Iterable[Packet]) -> Packet:
    """Put the pieces together; only the last of them makes the packet whole."""
    reassembler = Reassembler()
    results = [reassembler.receive(piece, 0) for piece in pieces]
    assert results[:-1] == [None] * (len(results) - 1)
    assert results[-1] is not None
    assert reassembler.next_expiry() is None
    assert reassembler.take_lost() == []
    return results[-1].packet


@pytest.mark.parametrize(
    ("length", "pieces", "frames"),
    [
        (1450, [1450], [1514]),
        (1451, [1444, 27], [1508, 91]),
        (3028, [1444, 1444, 180], [1508, 1508, 244]),
        (4028, [1444, 1444, 1180], [1508, 1508, 1244]),
    ],
)
def test_sizes_at_the_mtu_of_an_overlay(length: int, pieces: list[int], frames: list[int]) -> None:
    # Measured for 1451 and 3028 bytes on a VXLAN device, for 4028 on a Docker overlay.
    cut = fragment(datagram(length), 1450)
    assert [piece.length - 14 for piece in cut] == pieces
    assert [in_tunnel(piece).length for piece in cut] == frames


@pytest.mark.parametrize("numbers", [(17, 18), (19, 20), (21, 22, 23), (24, 25, 26)])
def test_docker_fragments_come_out_byte_for_byte(numbers: tuple[int, ...]) -> None:
    frames = [data for _, data in read_pcap(CAPTURES / "docker-ping-vxlan.pcap")]
    pieces = [LINUX.decapsulate(decode(frames[number - 1]))[1] for number in numbers]
    whole = joined(reversed(pieces))
    assert whole.find(ICMP) is not None
    assert [piece.pack() for piece in fragment(whole, 1450)] == [p.pack() for p in pieces]


def test_outer_fragments_of_the_kernel_come_out_byte_for_byte() -> None:
    # An overlay MTU forced to 1500 over a 1500-byte underlay: 1472-byte pings in 1514 + 84.
    frames = [data for _, data in read_pcap(CAPTURES / "kernel-vxlan-frag.pcap")]
    large = [data for data in frames if (ip := decode(data).find(IPv4)) and ip.is_fragment]
    assert [len(data) for data in large] == [1514, 84, 1514, 84]
    for pair in (large[:2], large[2:]):
        whole = joined(map(decode, pair))
        assert LINUX.decapsulate(whole)[1].length == 14 + 20 + 8 + 1472
        assert [piece.pack() for piece in fragment(whole, 1500)] == pair


def test_a_router_cuts_pieces_again() -> None:
    # Seen at a router with a 1400-byte next link: 1478 becomes 1396 + 102.
    cut = fragment(datagram(1478), 1400)
    assert [piece.length - 14 for piece in cut] == [1396, 102]
    again = [smaller for piece in cut for smaller in fragment(piece, 700)]
    offsets = [(ip.offset, ip.mf) for piece in again if (ip := piece.find(IPv4))]
    assert offsets == [(0, True), (680, True), (1360, True), (1376, False)]


def test_only_the_first_piece_has_the_header_behind_ip() -> None:
    first, second = fragment(datagram(1451), 1450)
    assert first.find(UDP) is not None
    assert second.find(UDP) is None
    assert first.find(UDP).length == 1431  # type: ignore[union-attr]


def test_bare_packets_can_be_cut_too() -> None:
    cut = fragment(datagram(1451).inner(1), 1450)
    assert [piece.length for piece in cut] == [1444, 27]


def test_headers_that_do_not_fit_the_first_piece_are_cut_like_all_else() -> None:
    packet = in_tunnel(datagram(200))  # 20 + 8 + 8 + 14 + 20 + 8 bytes of headers
    pieces = fragment(packet, 68)
    assert [piece.length for piece in pieces[:2]] == [14 + 68, 14 + 68]
    assert [type(layer).__name__ for layer in pieces[0].layers] == [
        "Ethernet", "IPv4", "UDP", "VXLAN", "Ethernet",
    ]  # fmt: skip
    assert joined(pieces).recomputed() == decode(packet.pack()).recomputed()


def test_what_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="an MTU of 27 leaves no room behind 20 bytes of headers"):
        fragment(datagram(100), 27)
    with pytest.raises(ValueError, match="there is no IP packet in"):
        fragment(Packet((INNER,), b"x" * 2000), 1450)


# ---- IPv6: cut at the source only, by a header of its own --------------------------------------

HOST_6 = Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02")


def datagram_6(length: int, *options: HopByHop) -> Packet:
    """An IPv6 packet of ``length`` bytes in a frame."""
    headers = 48 + sum(header.header_length for header in options)
    layers = (HOST_6, IPv6("fd09::1", "fd09::2"), *options, UDP(40000, 9))
    return Packet(layers, Opaque(length - headers))


def test_pieces_of_ipv6_carry_a_fragment_header() -> None:
    packet = datagram_6(1520)
    first, second = fragment(packet, 1500, ident=77)
    assert [first.length - 14, second.length - 14] == [40 + 8 + 1448, 40 + 8 + 32]
    for piece, offset, more in ((first, 0, True), (second, 1448, False)):
        header = piece.layer(2, IPv6Fragment)
        assert (header.ident, header.offset, header.mf, header.next_header) == (
            77, offset, more, 17,
        )  # fmt: skip
        assert decode(piece.pack()).layer(1, IPv6).next_header == 44
        assert decode(piece.pack()).pack() == piece.pack()
    assert isinstance(first.layers[3], UDP)
    assert joined([second, first]).pack() == packet.pack()


def test_hop_by_hop_options_are_in_every_piece_of_ipv6() -> None:
    packet = datagram_6(3000, HopByHop(b"\x05\x02\x00\x00\x01\x00"))
    pieces = fragment(packet, 1500)
    assert len(pieces) == 3
    assert all(isinstance(piece.layers[2], HopByHop) for piece in pieces)
    assert joined(pieces).pack() == packet.pack()


# ---- properties ---------------------------------------------------------------------------------

PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    st.binary(max_size=400), st.builds(Opaque, st.integers(0, 6000), st.just("echo"))
)


@given(
    payload=PAYLOADS,
    mtu=st.integers(68, 2000),
    smaller=st.integers(68, 2000),
    tunnel=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_pieces_in_any_order_make_the_whole_again(
    payload: Payload, mtu: int, smaller: int, tunnel: bool, seed: int
) -> None:
    packet = Packet((INNER, IPv4("10.0.1.4", "10.0.1.2", ident=7), ICMP(8, ident=3)), payload)
    if tunnel:
        packet = in_tunnel(packet)
    pieces = fragment(packet, mtu)
    assert all(piece.length - 14 <= mtu for piece in pieces)
    pieces = [tiny for piece in pieces for tiny in fragment(piece, smaller)]
    assert all(piece.length - 14 <= smaller for piece in pieces)
    Random(seed).shuffle(pieces)
    whole = joined(pieces)
    assert whole.pack() == packet.pack()
    assert [type(layer) for layer in whole.layers] == [type(layer) for layer in packet.layers]
    if min(mtu, smaller) >= 20 + 64:  # every header stays whole: nothing has to be read again
        assert type(whole.payload) is type(payload)


@given(length=st.integers(1281, 20_000), mtu=st.integers(68, 9000))
def test_the_number_of_pieces_of_ipv4_is_that_of_the_formula(length: int, mtu: int) -> None:
    # n = ceil((L - 20) / (8 * floor((M - 20) / 8))) when L > M
    expected = ceil((length - 20) / (8 * ((mtu - 20) // 8))) if length > mtu else 1
    pieces = fragment(datagram(length), mtu)
    assert len(pieces) == expected
    assert sum(piece.length for piece in pieces) == length + 14 + (expected - 1) * (20 + 14)


@given(length=st.integers(1281, 20_000), mtu=st.integers(1280, 9000))
def test_the_number_of_pieces_of_ipv6_is_that_of_the_formula(length: int, mtu: int) -> None:
    # n = ceil((L - 40) / (8 * floor((M - 48) / 8))), and each carries a fragment header of 8 bytes
    expected = ceil((length - 40) / (8 * ((mtu - 48) // 8))) if length > mtu else 1
    pieces = fragment(datagram_6(length), mtu)
    assert len(pieces) == expected
    headers = (expected - 1) * (40 + 14) + (8 * expected if expected > 1 else 0)
    assert sum(piece.length for piece in pieces) == length + 14 + headers
    assert joined(pieces).pack() == datagram_6(length).pack()
