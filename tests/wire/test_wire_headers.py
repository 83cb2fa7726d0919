"""Headers are values; packing and unpacking are inverse for all of them."""

from __future__ import annotations

import copy
import pickle
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.wire import (
    ARP,
    ESP,
    GRE,
    GTPU,
    GUE,
    HEADERS,
    ICMP,
    MPLS,
    NVGRE,
    STT,
    TCP,
    UDP,
    VXLAN,
    DestinationOptions,
    Dot1Q,
    Ethernet,
    Geneve,
    Header,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    IPv6Fragment,
    L2TPv3,
    L2TPv3Cookie,
    L2TPv3overUDP,
    MalformedPacket,
    ServiceTag,
    VxlanGbp,
    VxlanGpe,
    WireGuard,
)
from overlaysim.wire.guess import AnyIP, IpOrFrame
from overlaysim.wire.stt import SttFirstSegment


def bits(width: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << width) - 1)


def multiple(of: int, most: int, rest: int = 0) -> st.SearchStrategy[bytes]:
    lengths = st.integers(0, most).map(lambda words: words * of + rest)
    return lengths.flatmap(lambda length: st.binary(min_size=length, max_size=length))


MAC = st.binary(min_size=6, max_size=6).map(lambda data: data.hex(":"))
IP4 = st.binary(min_size=4, max_size=4).map(lambda data: str(IPv4Address(data)))
IP6 = st.binary(min_size=16, max_size=16).map(lambda data: str(IPv6Address(data)))
U8, U16, U32, U64 = bits(8), bits(16), bits(32), bits(64)
FLAG = st.booleans()


@st.composite
def gre(draw: st.DrawFn) -> GRE:
    """Any optional field may be missing; the checksum brings another 16 bits with it."""
    key, sequence = draw(st.none() | U32), draw(st.none() | U32)
    if draw(FLAG):
        return GRE(key, sequence, True, draw(U16), draw(U16), draw(bits(9)), draw(U16))
    return GRE(key, sequence, False, draw(U16), None, draw(bits(9)))


@st.composite
def gtpu(draw: st.DrawFn) -> GTPU:
    """With any of the three flags there are four more bytes; the last names an extension."""
    extension, sequenced, npdu = draw(FLAG), draw(FLAG), draw(FLAG)
    optional = b""
    if extension or sequenced or npdu:
        optional = draw(st.binary(min_size=3, max_size=3))
        for words in draw(st.lists(st.integers(1, 4), max_size=3)) if extension else ():
            optional += bytes((draw(st.integers(1, 255)), words)) + bytes(4 * words - 2)
        optional += b"\0" if extension else bytes((draw(U8),))
    return GTPU(draw(U32), optional, extension, sequenced, npdu, draw(U8), draw(U16), draw(bits(1)))


_STT = (U64, U8, U8, U16, bits(3), FLAG, bits(12), U8, U16)

EXPLICIT = {
    Ethernet: st.builds(Ethernet, MAC, MAC, U16),
    ARP: st.builds(ARP, U16, MAC, IP4, MAC, IP4),
    IPv4: st.builds(
        IPv4, IP4, IP4, U8, U8, U8, U16, FLAG, FLAG, bits(13).map(lambda units: units * 8),
        U16, U16, multiple(4, 10), FLAG,
    ),
    IPv6: st.builds(IPv6, IP6, IP6, U8, U8, U8, bits(20), U16),
    HopByHop: st.builds(HopByHop, multiple(8, 4, 6), U8),
    UDP: st.builds(UDP, U16, U16, U16, U16),
    TCP: st.builds(TCP, U16, U16, U32, U32, U8, U16, multiple(4, 10), U16, U16, bits(4)),
    ICMP: st.builds(ICMP, U8, U8, U16, U16, U16),
    ICMPv6: st.builds(ICMPv6, U8, U8, U16, U16, U16),
    VXLAN: st.builds(VXLAN, bits(24), U8, bits(24), U8),
    Dot1Q: st.builds(Dot1Q, bits(12), bits(3), FLAG, U16),
    ServiceTag: st.builds(ServiceTag, bits(12), bits(3), FLAG, U16),
    DestinationOptions: st.builds(DestinationOptions, multiple(8, 4, 6), U8),
    IPv6Fragment: st.builds(
        IPv6Fragment, U32, bits(13).map(lambda units: units * 8), FLAG, U8, U8, bits(2)
    ),
    VxlanGbp: st.builds(
        VxlanGbp, bits(24), U16, FLAG, FLAG, FLAG, bits(3), bits(4), bits(2), bits(3), U8
    ),
    VxlanGpe: st.builds(
        VxlanGpe, bits(24), U8, FLAG, FLAG, FLAG, FLAG, bits(2), U16, U8
    ),
    Geneve: st.builds(Geneve, bits(24), multiple(4, 63), U16, FLAG, FLAG, bits(6), U8),
    GRE: gre(),
    NVGRE: st.builds(NVGRE, bits(24), U8),
    GUE: st.builds(GUE, U8, FLAG, U16, multiple(4, 31)),
    MPLS: st.builds(MPLS, bits(20), bits(3), FLAG, U8),
    GTPU: gtpu(),
    STT: st.builds(STT, *_STT),
    SttFirstSegment: st.builds(SttFirstSegment, *_STT),
    L2TPv3: st.builds(L2TPv3, U32, st.just(b""), st.just(b"")),
    L2TPv3Cookie: st.builds(
        L2TPv3Cookie, U32, st.binary(min_size=8, max_size=8), st.binary(min_size=4, max_size=4)
    ),
    L2TPv3overUDP: st.builds(L2TPv3overUDP, U32, bits(11), U16, st.just(b""), st.just(b"")),
    ESP: st.builds(ESP, U32, U32),
    WireGuard: st.builds(WireGuard, U32, U64, bits(24)),
}  # fmt: skip
"""For every header, instances in which nothing is left to compute."""


def test_every_header_is_tested_here() -> None:
    """But for the two that stand for others; and what only a look at the bytes tells apart."""
    chosen = {VxlanGbp, NVGRE, SttFirstSegment, L2TPv3Cookie}
    assert set(EXPLICIT) - chosen == set(HEADERS) - {AnyIP, IpOrFrame}


@pytest.mark.parametrize("kind", EXPLICIT, ids=lambda kind: kind.__name__)
def test_unpack_is_the_inverse_of_pack(kind: type[Header]) -> None:
    @given(EXPLICIT[kind], st.binary(max_size=8), st.binary(max_size=8))
    def check(header: Header, before: bytes, behind: bytes) -> None:
        packed = header.pack(b"", (header,), 0)
        assert len(packed) == header.header_length
        data = before + packed + behind
        again = kind.parse(data, len(before), len(data))
        assert again == header
        assert hash(again) == hash(header)
        assert [type(value) for value in again] == [type(value) for value in header]

    check()


@pytest.mark.parametrize("kind", EXPLICIT, ids=lambda kind: kind.__name__)
def test_a_cut_header_is_refused(kind: type[Header]) -> None:
    @given(EXPLICIT[kind], st.data())
    def check(header: Header, data: st.DataObject) -> None:
        packed = header.pack(b"", (header,), 0)
        length = data.draw(st.integers(0, len(packed) - 1))
        with pytest.raises(MalformedPacket):
            kind.parse(packed, 0, length)

    check()


def test_vxlan_bytes_are_those_of_the_standard() -> None:
    """RFC 7348 section 5: flags, 24 reserved bits, 24 bits of VNI, 8 reserved bits."""
    vxlan = VXLAN(0x001001)
    assert vxlan.pack(b"", (vxlan,), 0) == bytes.fromhex("0800000000100100")


def test_ipv4_checksum_of_a_known_header() -> None:
    """The worked example of the article "IPv4 header checksum" that many textbooks repeat."""
    expected = bytes.fromhex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7")
    header = IPv4("192.168.0.1", "192.168.0.199", protocol=17, df=True)
    assert header.pack(bytes(0x73 - 20), (header,), 0) == expected


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (VXLAN(1 << 24), r"VXLAN.vni: 16777216 does not fit; allowed is 0 to 16777215 \(24 bits\)"),
        (VXLAN(1, reserved=1 << 24), r"VXLAN.reserved: 16777216 does not fit"),
        (VXLAN(1, flags=256), r"VXLAN.flags: 256 does not fit"),
        (VXLAN(-1), r"VXLAN.vni: -1 does not fit"),
        (VXLAN(None), r"VXLAN.vni: None is not an integer"),
        (UDP(65536, 53, 8, 0), r"UDP.src_port: 65536 does not fit"),
        (Ethernet("02:42", "02:42:0a:00:00:01", 1), r'"02:42" is not a MAC address'),
        (Ethernet(7, "02:42:0a:00:00:01", 1), r"Ethernet.dst: 7 is not an address as text"),
        (Ethernet("02:42:0a:00:00:01", "02:42:0a:00:00:02"), r"ethertype: no header follows"),
        (IPv4("10.0.0.300", "10.0.0.1", 1), r'"10.0.0.300" is not an IPv4 address'),
        (IPv4("10.0.0.3", "10.0.0.1", 1, offset=4), r"multiple of 8"),
        (IPv4("10.0.0.3", "10.0.0.1", 1, options=b"abc"), r"options \(3 bytes\) of 4"),
        (IPv6("10.0.0.3", "::1", 1), r'"10.0.0.3" is not an IPv6 address'),
        (UDP(1, 2), r"UDP: the checksum covers addresses of an IP header"),
        (TCP(1, 2, 0, 0, 0, 0, b"abc"), r"TCP.options: 3 bytes are not a multiple of 4"),
        (TCP(1, 2, 0, 0, 0, 0, bytes(44), checksum=0), r"TCP.header_words: 16 does not fit"),
        (HopByHop(bytes(5), 58), r"HopByHop: 5 bytes of options"),
    ],
)
def test_impossible_values_are_named(header: Header, message: str) -> None:
    with pytest.raises(MalformedPacket, match=message):
        header.pack(b"", (header,), 0)


def test_headers_are_immutable_values() -> None:
    vxlan = VXLAN(7)
    with pytest.raises(AttributeError):
        vxlan.vni = 8  # type: ignore[misc]
    assert vxlan == VXLAN(vni=7)
    assert vxlan != VXLAN(8)
    assert vxlan.replace(vni=8) == VXLAN(8)
    with pytest.raises(TypeError, match="VXLAN has no field vin"):
        vxlan.replace(vin=8)
    assert {vxlan: 1}[VXLAN(7)] == 1
    assert repr(vxlan) == "VXLAN(vni=7)"
    assert pickle.loads(pickle.dumps(vxlan)) == copy.copy(vxlan) == vxlan


def test_headers_of_different_classes_differ() -> None:
    assert ICMP(8, 0, 1, 2) != ICMPv6(8, 0, 1, 2)
    assert ICMP(8, 0, 1, 2) != (8, 0, 1, 2, None)


def test_a_layout_that_leaves_bits_over_is_refused() -> None:
    with pytest.raises(ValueError, match="Odd: the layout does not fall into words"):

        class Odd(Header):
            WIRE = "a:3 b:4"
            a: int
            b: int
