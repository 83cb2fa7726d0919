"""A packet knows its length, packs itself and can be taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import INNER, OUTER, overlay_ping

from overlaysim.wire import (
    ARP,
    ICMP,
    TCP,
    UDP,
    VXLAN,
    ZERO_MAC,
    EspGcm16,
    Ethernet,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    MalformedPacket,
    Opaque,
    Packet,
    checksum,
    decode,
)

TRANSPORT = st.sampled_from(
    [ICMP(8, 0, 1, 1), UDP(4000, 53), TCP(40000, 7946, 1, 2, 0x18, 500, options=bytes(12))]
)


@given(TRANSPORT, st.integers(0, 1500))
def test_length_is_that_of_the_bytes(transport: ICMP | UDP | TCP, size: int) -> None:
    packet = Packet((*OUTER, *INNER, transport), Opaque(size))
    data = packet.pack()
    assert packet.length == len(data)
    assert decode(data).layers == packet.resolved().layers
    assert decode(data).recomputed().layers == packet.layers


@given(TRANSPORT, st.binary(max_size=99))
def test_checksums_come_out_as_zero_sums(transport: ICMP | UDP | TCP, payload: bytes) -> None:
    """The receiver's test of RFC 1071: the sum over data and checksum has no bits clear."""
    ip = IPv4("10.0.1.4", "10.0.1.2")
    data = Packet((ip, transport), payload).pack()
    pseudo = data[12:20] + bytes((0, data[9])) + (len(data) - 20).to_bytes(2, "big")
    assert checksum(data[:20]) == 0
    assert checksum((b"" if isinstance(transport, ICMP) else pseudo) + data[20:]) == 0


def test_udp_checksum_zero_travels_as_all_ones() -> None:
    """RFC 768: an all zero transmitted checksum means that the sender generated none."""
    ip = IPv4("10.0.1.4", "10.0.1.2")
    probe = Packet((ip, UDP(1, 2)), bytes(2)).resolved().find(UDP)
    zero = Packet((ip, UDP(1, 2)), probe.checksum.to_bytes(2, "big"))
    assert zero.resolved().find(UDP).checksum == 0xFFFF


def test_checksum_of_nothing_but_zeros() -> None:
    assert checksum(bytes(8)) == 0xFFFF
    assert checksum(b"\xff\xff") == 0
    assert checksum(b"\x12") == checksum(b"\x12\x00") == 0xEDFF


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_pieces_of_an_opaque_payload_are_its_bytes(length: int, first: int, last: int) -> None:
    whole = Opaque(length, "data")
    assert bytes(whole[first:last]) == bytes(whole)[first:last]
    assert len(whole[first:last]) == len(bytes(whole)[first:last])
    assert bytes(whole[first:][last:]) == bytes(whole)[first:][last:]


def test_opaque_payload_of_any_length() -> None:
    assert bytes(Opaque(200_000, start=3))[-3:] == bytes(
        ((199_997 + 3) % 256, (199_998 + 3) % 256, (199_999 + 3) % 256)
    )
    with pytest.raises(ValueError, match="thinned"):
        Opaque(9)[::2]


def test_wrap_and_inner_are_inverse() -> None:
    inner = Packet((*INNER, ICMP(8)), Opaque(56))
    outer = inner.wrap(*OUTER)
    assert outer.layers[:4] == OUTER
    assert outer.inner(4) == inner
    assert (inner.length, outer.length) == (98, 148)


def test_find_looks_from_both_ends() -> None:
    packet = overlay_ping()
    assert packet.find(IPv4) is OUTER[1]
    assert packet.find_last(IPv4) is INNER[1]
    assert packet.find(TCP) is None
    assert packet.find_last(TCP) is None


def test_a_layer_at_a_known_place() -> None:
    packet = overlay_ping()
    assert packet.layer(3, VXLAN) is OUTER[3]
    assert packet.layer(-2, IPv4) is INNER[1]
    assert packet.payload_length == 56
    with pytest.raises(MalformedPacket, match=r"layer 2 is UDP\(.*, not TCP"):
        packet.layer(2, TCP)
    with pytest.raises(MalformedPacket, match="layer 9 is None, not TCP"):
        packet.layer(9, TCP)


def test_replace_changes_one_layer() -> None:
    packet = overlay_ping()
    other = packet.replace(3, VXLAN(5))
    assert other.find(VXLAN) == VXLAN(5)
    assert packet.find(VXLAN) == VXLAN(4097)
    assert other != packet
    assert other.replace(3, VXLAN(4097)) == packet
    assert hash(other.replace(3, VXLAN(4097))) == hash(packet)


def test_describe_shows_what_is_on_the_wire() -> None:
    rows = overlay_ping().describe()
    assert [name for name, _ in rows] == [
        "Ethernet", "IPv4", "UDP", "VXLAN", "Ethernet", "IPv4", "ICMP",
    ]  # fmt: skip
    assert rows[3][1] == {"vni": 4097, "flags": 8, "reserved": 0, "reserved2": 0}
    assert rows[1][1]["total_length"] == 134
    assert rows[2][1]["length"] == 114
    assert rows[5][1]["protocol"] == 1


def test_fragments_carry_the_checksum_of_the_whole() -> None:
    """Cut as RFC 791 section 3.2 does, then put together: the checksum still holds."""
    whole = Packet((IPv4("10.0.1.4", "10.0.1.2", ident=9), ICMP(8, 0, 1, 1)), Opaque(1473))
    explicit = whole.resolved()
    ip, icmp = explicit.layers
    first = Packet(
        (ip.replace(mf=True, total_length=None, checksum=None), icmp), explicit.payload[:1416]
    )
    ip = ip.replace(offset=1424, total_length=None, checksum=None)
    rest = Packet((ip,), whole.payload[1416:])
    assert decode(first.pack(), IPv4).recomputed().pack() == first.pack()
    assert decode(rest.pack(), IPv4).layers == rest.resolved().layers
    assert first.pack()[20:] + rest.pack()[20:] == whole.pack()[20:]


def test_padding_of_a_short_frame_is_kept_apart() -> None:
    packet = Packet((*INNER, ICMP(8)), b"ab")
    padded = decode(packet.pack() + bytes(16))
    assert padded.payload == b"ab"
    assert padded.trailers == ((1, bytes(16)),)
    assert padded.recomputed().pack() == packet.pack() + bytes(16)
    assert padded.length == 60
    tunnelled = padded.wrap(*OUTER)
    assert decode(tunnelled.pack()).trailers == ((5, bytes(16)),)
    assert tunnelled.inner(4) == padded
    assert tunnelled.inner(6).trailers == ()


def test_padding_behind_arp_is_not_its_payload() -> None:
    arp = Packet((INNER[0], ARP(1, INNER[0].src, "10.0.1.4", ZERO_MAC, "10.0.1.2")))
    padded = decode(arp.pack() + bytes(18))
    assert (padded.length, padded.payload, padded.trailers) == (60, b"", ((1, bytes(18)),))


@pytest.mark.parametrize("length", [0, 7, 11])
def test_impossible_lengths_are_refused(length: int) -> None:
    """Shorter than the header itself, or longer than the bytes there are."""
    ip = IPv4("10.0.1.4", "10.0.1.2")
    with pytest.raises(MalformedPacket, match="UDP ending at byte 28: states"):
        decode(Packet((ip, UDP(1, 2, length, 0)), b"ab").pack(), IPv4)
    with pytest.raises(MalformedPacket, match="IPv4 ending at byte 20: states"):
        decode(Packet((ip.replace(total_length=12 + length), ICMP(8))).pack()[:22], IPv4)


def test_trailers_at_two_layers() -> None:
    inner = decode(Packet((*INNER, ICMP(8)), b"ab").pack() + b"in")
    outer = decode(inner.wrap(*OUTER).pack() + b"out")
    assert outer.trailers == ((5, b"in"), (1, b"out"))
    assert outer.recomputed().pack() == outer.pack()


def test_checksum_reaches_over_extension_headers() -> None:
    ip = IPv6("fe80::1", "ff02::16", hop_limit=1)
    plain = Packet((ip, ICMPv6(143, sequence=1)), bytes(20))
    extended = Packet((ip, HopByHop(bytes.fromhex("050200000100")), *plain.layers[1:]), bytes(20))
    assert extended.resolved().layers[-1] == plain.resolved().layers[-1]
    assert decode(extended.pack(), IPv6) == Packet(extended.resolved().layers, bytes(20))


def test_a_header_without_a_number_is_named() -> None:
    packet = Packet((Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02"), UDP(1, 2, 8, 0)))
    with pytest.raises(MalformedPacket, match="cannot compute the ethertype: UDP has none"):
        packet.pack()


def test_unknown_protocols_are_payload() -> None:
    packet = decode(Packet((INNER[0], INNER[1].replace(protocol=89)), b"ospf").pack())
    assert packet.payload == b"ospf"
    assert packet.recomputed().find(IPv4).protocol == 89


@given(TRANSPORT, st.integers(0, 99), st.booleans(), st.booleans())
def test_lengths_come_along_when_headers_are_added_and_taken_off(
    transport: ICMP | UDP | TCP, size: int, padded: bool, known: bool
) -> None:
    esp = EspGcm16.around(size, 1, 1)
    trailers = ((0, b"ab"), (1, b"c")) if padded else ()
    packet = Packet((*INNER, esp, transport), Opaque(size), trailers)
    if known:
        assert packet.length > size
    outside = packet.wrap(*OUTER, EspGcm16.around(size, 1, 1))
    made = [outside, *(outside.inner(count) for count in range(len(outside.layers) + 1))]
    for one in (*made, made[1].wrap(esp)):
        assert one.length == Packet(one.layers, one.payload, one.trailers).length
