"""A stack packed by one function gives the bytes that its layers give one by one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from header_strategies import PAYLOADS, STRANGE, usual_stack
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import INNER, OUTER

from overlaysim.wire import (
    ICMP,
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    Header,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    MalformedPacket,
    Opaque,
    Packet,
    decode,
)
from overlaysim.wire.computed import Checksum, Computed, Length
from overlaysim.wire.fused import PACKERS, Packer, can_be_fused, compile_packer

MACS = "02:42:0a:00:01:02", "02:42:0a:00:01:04"
UDP_IN_VXLAN = (*OUTER, *INNER, UDP(40_000, 1024))


def layer_by_layer(packet: Packet) -> bytes:
    """What packing means, without the accelerator."""
    data = bytes(packet.payload)
    for index in range(len(packet.layers) - 1, -1, -1):
        data = packet.layers[index].enclose(data, packet.layers, index)
    return data


@cache
def packer(kinds: tuple[type[Header], ...]) -> Packer:
    assert can_be_fused(kinds)
    return compile_packer(kinds)


def kinds_of(layers: Sequence[Header]) -> tuple[type[Header], ...]:
    return tuple(map(type, layers))


def fused(packet: Packet) -> bytes | None:
    """What the function of the packet's stack answers when it has seen the addresses before."""
    pack = packer(kinds_of(packet.layers))
    pack(packet.layers, packet.payload)
    return pack(packet.layers, packet.payload)


def outcome(packet: Packet) -> bytes | tuple[type[Exception], str]:
    try:
        return layer_by_layer(packet)
    except (MalformedPacket, TypeError, OverflowError) as error:
        return type(error), str(error)


@given(usual_stack(), PAYLOADS)
def test_usual_packets_are_fused_and_give_the_same_bytes(
    layers: tuple[Header, ...], payload: bytes | Opaque
) -> None:
    packet = Packet(layers, payload)
    expected = outcome(packet)
    assert fused(packet) == (expected if isinstance(expected, bytes) else None)


@given(usual_stack(), PAYLOADS, st.data())
def test_strange_values_give_the_same_bytes_or_the_same_error(
    layers: tuple[Header, ...], payload: bytes | Opaque, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 2))):
        index = data.draw(st.integers(0, len(layers) - 1))
        name = data.draw(st.sampled_from(layers[index]._fields))
        strange = layers[index].replace(**{name: data.draw(st.sampled_from(STRANGE))})
        layers = (*layers[:index], strange, *layers[index + 1 :])
    packet = Packet(layers, payload)
    expected = outcome(packet)
    assert fused(packet) in ({None, expected} if isinstance(expected, bytes) else {None})


ENDS = st.sampled_from([
    (UDP(1025, 1026),), (UDP(1025, 1026, checksum=0),), (ICMP(8, 0, 7, 1),),
    (TCP(1025, 1026, 5, 6, 0x10, 500),), (TCP(1, 2, 5, 6, 0x10, 500, options=bytes(12), urgent=3),),
])  # fmt: skip
ENDS6 = st.sampled_from([
    (UDP(1025, 1026),), (ICMPv6(128, 0, 7, 1),), (TCP(1025, 1026, 5, 6, 0x10, 500),),
    (HopByHop(bytes.fromhex("050200000100")), ICMPv6(143, sequence=1)),
])  # fmt: skip
U8, U16 = st.integers(0, 255), st.integers(0, 65_535)
IP4 = st.tuples(U8, U8, U16, st.booleans()).map(
    lambda values: IPv4("10.0.1.4", "10.0.1.2", None, *values)
)
IP6 = st.tuples(U8, U8, U16).map(lambda values: IPv6("fd00::4", "fd00::2", None, *values))
NETWORK = (st.tuples(IP4, ENDS) | st.tuples(IP6, ENDS6)).map(lambda parts: (parts[0], *parts[1]))
UNDERLAY = st.sampled_from([
    (), OUTER, (OUTER[0], IPv6("fd09::1", "fd09::2"), *OUTER[2:]),
    (*OUTER[:2], UDP(50_000, 4789, checksum=0), VXLAN(7)),
])  # fmt: skip


@given(UNDERLAY, NETWORK, PAYLOADS.filter(lambda payload: len(payload) < 60_000))
def test_a_fused_packet_is_read_again(
    outer: tuple[Header, ...], inner: tuple[Header, ...], payload: bytes | Opaque
) -> None:
    packet = Packet((*outer, Ethernet(*MACS), *inner), payload)
    data = fused(packet)
    assert data == layer_by_layer(packet)
    assert decode(data) == Packet(packet.resolved().layers, bytes(payload))
    assert decode(data).recomputed().pack() == data


@pytest.mark.parametrize("place", [2, 6], ids=["outer", "inner"])
def test_a_udp_checksum_of_zero_travels_as_all_ones(place: int) -> None:
    """Adding a checksum to what it covers leaves nothing to be complemented."""
    packet = Packet(UDP_IN_VXLAN, bytes(9))
    header = packet.layers[place]
    missing = packet.resolved().layers[place].checksum
    zero = packet.replace(place, header.replace(src_port=(header.src_port + missing) % 0xFFFF))
    assert fused(zero) == layer_by_layer(zero)
    assert decode(fused(zero)).layers[place].checksum == 0xFFFF


@pytest.mark.parametrize("payload", [b"", bytes(1), bytes(999), Opaque(1)])
def test_a_checksum_over_nothing_but_zeros(payload: bytes | Opaque) -> None:
    """Its complement is 0xffff, while that of any other sum that leaves no remainder is 0."""
    zeros = Packet((Ethernet(*MACS, 0), ICMP(0)), payload)
    assert fused(zeros) == layer_by_layer(zeros)
    assert fused(zeros)[-len(payload) - 6 :][:2] == b"\xff\xff"
    quoting = Packet((ICMP(0), IPv4("0.0.0.0", "0.0.0.0", protocol=0, ttl=0)), payload)
    assert fused(quoting) == layer_by_layer(quoting)


def test_an_error_message_quotes_a_packet_with_its_own_checksums() -> None:
    packet = Packet((IPv4("10.0.1.1", "10.0.1.4"), ICMP(3, 4), *UDP_IN_VXLAN[5:]), Opaque(77))
    assert fused(packet) == layer_by_layer(packet)


OUT_OF_RANGE: list[tuple[int, dict[str, Any], str]] = [
    (0, {"dst": "02:42"}, '"02:42" is not a MAC address'),
    (1, {"ttl": 256}, "IPv4.ttl: 256 does not fit; allowed is 0 to 255 (8 bits)"),
    (1, {"tos": -1}, "IPv4.tos: -1 does not fit"),
    (1, {"ident": 65_536}, "IPv4.ident: 65536 does not fit"),
    (1, {"ident": None}, "IPv4.ident: None is not an integer"),
    (1, {"df": 2}, "IPv4.df: 2 does not fit"),
    (1, {"dst": "10.0.0.300"}, '"10.0.0.300" is not an IPv4 address'),
    (1, {"options": b"abc"}, "the options (3 bytes) of 4"),
    (2, {"src_port": 65_536}, "UDP.src_port: 65536 does not fit"),
    (3, {"vni": 1 << 24}, "VXLAN.vni: 16777216 does not fit; allowed is 0 to 16777215 (24 bits)"),
    (3, {"vni": 5.0}, "VXLAN.vni: 5.0 is not an integer"),
    (3, {"reserved2": 256}, "VXLAN.reserved2: 256 does not fit"),
    (6, {"dst_port": "http"}, "UDP.dst_port: 'http' is not an integer"),
]


@pytest.mark.parametrize(("index", "change", "message"), OUT_OF_RANGE)
def test_what_no_wire_can_carry_is_still_named(
    index: int, change: dict[str, Any], message: str
) -> None:
    PACKERS[kinds_of(UDP_IN_VXLAN)] = packer(kinds_of(UDP_IN_VXLAN))
    packet = Packet(UDP_IN_VXLAN, b"abc")
    assert packet.pack() == layer_by_layer(packet)
    with pytest.raises(MalformedPacket) as error:
        packet.replace(index, packet.layers[index].replace(**change)).pack()
    assert message in str(error.value)


def test_a_packet_too_long_for_its_length_field_is_refused() -> None:
    PACKERS[kinds_of(UDP_IN_VXLAN)] = packer(kinds_of(UDP_IN_VXLAN))
    assert len(Packet(UDP_IN_VXLAN, Opaque(65_535 - 78)).pack()) == 65_535 + 14
    with pytest.raises(MalformedPacket, match=r"IPv4.total_length: 65536 does not fit"):
        Packet(UDP_IN_VXLAN, Opaque(65_536 - 78)).pack()


@pytest.mark.parametrize(
    "layers",
    [
        (INNER[0], INNER[1].replace(mf=True), ICMP(8)),
        (INNER[0], INNER[1].replace(offset=8, protocol=1)),
        (INNER[0], INNER[1].replace(options=bytes(4)), ICMP(8)),
        (INNER[0], INNER[1].replace(total_length=1000), ICMP(8)),
        (INNER[0], INNER[1], UDP(1, 2, length=9)),
        (INNER[0].replace(ethertype=0x0806), *INNER[1:], ICMP(8)),
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_layers(layers: tuple[Header, ...]) -> None:
    packet = Packet(layers, b"payload")
    assert fused(packet) is None
    assert packet.pack() == layer_by_layer(packet)


def test_trailers_are_left_to_the_layers() -> None:
    PACKERS[kinds_of(UDP_IN_VXLAN)] = packer(kinds_of(UDP_IN_VXLAN))
    packet = Packet(UDP_IN_VXLAN, b"abc", ((5, b"padding"), (1, b"more")))
    data = packet.pack()
    assert data.endswith(b"abcpaddingmore")
    assert decode(data).trailers == packet.trailers


def test_a_stack_is_compiled_when_it_keeps_coming() -> None:
    class Counted(Header, ethertype=0x88B5):
        WIRE = "number:32"
        number: int

    packets = [Packet((Ethernet(*MACS), Counted(number)), b"abc") for number in range(100)]
    first = packets[0].pack()
    rare = PACKERS[kinds_of(packets[0].layers)]
    assert rare(packets[0].layers, b"abc") is None
    assert [packet.pack() for packet in packets] == [layer_by_layer(packet) for packet in packets]
    assert PACKERS[kinds_of(packets[0].layers)](packets[0].layers, b"abc") == first


def test_a_declared_header_of_a_user_is_fused() -> None:
    class Telemetry(Header, udp_port=9999):
        WIRE = "version=1:4 kind:4 bottom:flag spare:7 length:16 check:16 tag:16"
        NEXT = "tag", "ethertype"
        COMPUTED = Computed(length=Length("length", without=4), checksum=Checksum("check"))
        kind: int
        bottom: bool = False
        spare: int = 0
        length: int | None = None
        check: int | None = None
        tag: int | None = None

        def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
            kind, bottom, spare, length, check, tag = self.announcing(layers, index)
            length = len(body) + 4 if length is None else length
            header = self.CODEC.pack(kind, bottom, spare, length, check or 0, tag)
            if check is None:
                from overlaysim.wire.checksum import checksum, insert_checksum

                return insert_checksum(header, 4, checksum(header + body))
            return header

    for header in (Telemetry(3), Telemetry(15, bottom=True, spare=127), Telemetry(0, check=5)):
        packet = Packet((*OUTER[:3], header, *INNER, UDP(1, 2)), Opaque(333))
        assert fused(packet) == layer_by_layer(packet)
    assert fused(packet.replace(3, Telemetry(16))) is None


class Overriding(UDP, protocol=200):
    __slots__ = ()

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        return bytes(8)


class Enclosing(Header, protocol=201):
    WIRE = "a:16"
    a: int

    def enclose(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        return self.pack(body, layers, index) + body + b"!"


class OfOddLength(Header, protocol=202):
    WIRE = "a:8"
    a: int


class OfHighNumber(Header, protocol=256):
    WIRE = "a:16"
    a: int


@pytest.mark.parametrize(
    ("layers", "data"),
    [
        ((Overriding(1, 2),), bytes(8) + b"abc"),
        ((Enclosing(1),), b"\0\1abc!"),
        ((OfOddLength(1),), b"\1abc"),
        ((UDP(1, 2, checksum=0),), bytes((0, 1, 0, 2, 0, 11, 0, 0)) + b"abc"),
        ((IPv4("1.2.3.4", "5.6.7.8", protocol=9), OfHighNumber(1)), None),
        ((), b"abc"),
    ],
)
def test_what_is_not_declared_is_not_fused(layers: tuple[Header, ...], data: bytes | None) -> None:
    assert not can_be_fused(kinds_of(layers))
    packet = Packet(layers, b"abc")
    assert packet.pack() == layer_by_layer(packet)
    assert data is None or packet.pack() == data
