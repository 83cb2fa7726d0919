"""Fragments: sizes seen on the wire, and that pieces make the whole again."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay import Reassembler, fragment
from overlaysim.overlay.encapsulation import Tunnel, encapsulation
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, Opaque, Packet, Payload, decode
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
    reassembler = Reassembler()
    results = [reassembler.receive(piece, 0) for piece in reversed(pieces)]
    whole = results[-1]
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert whole is not None
    assert decode(whole.pack()).find(ICMP) is not None
    assert [piece.pack() for piece in fragment(whole, 1450)] == [p.pack() for p in pieces]


def test_outer_fragments_of_the_kernel_come_out_byte_for_byte() -> None:
    # An overlay MTU forced to 1500 over a 1500-byte underlay: 1472-byte pings in 1514 + 84.
    frames = [data for _, data in read_pcap(CAPTURES / "kernel-vxlan-frag.pcap")]
    large = [data for data in frames if (ip := decode(data).find(IPv4)) and ip.is_fragment]
    assert [len(data) for data in large] == [1514, 84, 1514, 84]
    reassembler = Reassembler()
    for first, second in (large[:2], large[2:]):
        assert reassembler.receive(decode(first), 0) is None
        whole = reassembler.receive(decode(second), 0)
        assert whole is not None
        assert LINUX.decapsulate(decode(whole.pack()))[1].length == 14 + 20 + 8 + 1472
        assert [piece.pack() for piece in fragment(whole, 1500)] == [first, second]


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


def test_what_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="8 bytes of headers behind IP do not fit an MTU of 27"):
        fragment(datagram(100), 27)
    with pytest.raises(ValueError, match="only IPv4 packets"):
        fragment(Packet((INNER,), b"x" * 2000), 1450)


def test_repeated_pieces_are_ignored_and_overlapping_ones_end_it() -> None:
    first, second = fragment(datagram(1451), 1450)
    reassembler = Reassembler()
    assert reassembler.receive(first, 0) is None
    assert reassembler.receive(first, 0) is None
    assert reassembler.receive(second, 0) is not None
    assert reassembler.next_expiry() is None
    middle = fragment(datagram(1451), 1000)[1]
    assert reassembler.receive(first, 0) is None
    assert reassembler.receive(middle, 0) is None
    assert reassembler.next_expiry() is None
    assert reassembler.receive(second, 0) is None


def test_incomplete_packets_are_given_up_after_30_seconds() -> None:
    first, second = fragment(datagram(1451), 1450)
    later, _ = fragment(datagram(1451, ident=8), 1450)
    reassembler = Reassembler()
    reassembler.receive(first, 0)
    reassembler.receive(later, SECOND)
    assert reassembler.next_expiry() == 30 * SECOND
    assert reassembler.expire(30 * SECOND - 1) == []
    assert reassembler.expire(30 * SECOND) == [[first]]
    assert reassembler.next_expiry() == 31 * SECOND
    assert reassembler.receive(second, 30 * SECOND) is None


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
        packet, mtu, smaller = in_tunnel(packet), mtu + 50, smaller + 50
    pieces = fragment(packet, mtu)
    assert all(piece.length - 14 <= mtu for piece in pieces)
    pieces = [tiny for piece in pieces for tiny in fragment(piece, smaller)]
    Random(seed).shuffle(pieces)
    reassembler = Reassembler()
    results = [reassembler.receive(piece, 0) for piece in pieces]
    assert results[:-1] == [None] * (len(pieces) - 1)
    whole = results[-1]
    assert whole is not None
    assert whole.pack() == packet.pack()
    assert whole.recomputed() == packet.recomputed()
    assert type(whole.payload) is type(payload)
