"""Packets as JSON and back: nothing is lost, and mistakes are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_corpus import corpus, sample_packets
from wire_samples import overlay_ping

from overlaysim.wire import (
    UDP,
    VXLAN,
    EspGcm16,
    Ethernet,
    Header,
    IPv4,
    MalformedPacket,
    Packet,
    decode,
    frame_from_json,
    frame_to_json,
)
from overlaysim.wire.as_json import malformed_to_json


def through_text(content: dict[str, Any]) -> Packet:
    return frame_from_json(json.loads(json.dumps(content)))


def test_every_field_stands_under_its_name() -> None:
    content = frame_to_json(
        Packet((VXLAN(42), EspGcm16(7, 1, bytes(8), b"\x01")), b"\xab", ((0, b"\0"),))
    )
    assert content == {
        "layers": [
            {"layer": "VXLAN", "vni": 42, "flags": 8, "reserved": 0, "reserved2": 0},
            {"layer": "EspGcm16", "spi": 7, "sequence": 1, "iv": "0000000000000000",
             "padding": "01", "next_header": None, "icv": None},
        ],
        "trailers": [{"behind_layer": 0, "bytes": "00"}],
        "payload": "ab",
    }  # fmt: skip


def test_every_packet_of_the_corpus_comes_back() -> None:
    for packet in sample_packets():
        again = through_text(frame_to_json(packet))
        assert again.layers == packet.layers
        assert again.pack() == packet.pack()


@given(st.binary(max_size=200))
def test_random_bytes_come_back(data: bytes) -> None:
    try:
        content = frame_to_json(decode(data))
    except MalformedPacket as error:
        content = malformed_to_json(str(error), data)
    assert through_text(content).pack() == data


@given(
    st.sampled_from(corpus()),
    st.lists(st.tuples(st.integers(0, 159), st.integers(0, 255)), max_size=6),
)
def test_mutated_frames_come_back(
    sample: tuple[type[Header], bytes], changes: list[tuple[int, int]]
) -> None:
    data = bytearray(sample[1])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        packet = decode(bytes(data), sample[0])
    except MalformedPacket:
        return
    again = through_text(frame_to_json(packet))
    assert again == packet
    assert again.pack() == bytes(data)


class Odd(Header, udp_port=7777):
    """A header of a user's, with every type that a field may have."""

    WIRE = "number:8 flag:flag rest:7 mac:mac length:8"
    number: int
    flag: bool
    mac: str
    extra: bytes
    maybe: bytes | None = None
    rest: int = 0


def test_a_header_declared_elsewhere_is_found_by_its_name() -> None:
    packet = Packet((Odd(1, True, "02:00:00:00:00:01", b"\xff\x00"),))
    assert through_text(frame_to_json(packet)) == packet
    packet = Packet((Odd(1, True, "02:00:00:00:00:01", b"", b"1"),))
    assert through_text(frame_to_json(packet)) == packet


def test_other_keys_are_passed_over_and_values_may_be_changed() -> None:
    content = frame_to_json(overlay_ping()) | {"number": 1, "quoted": [{"layer": "nonsense"}]}
    content["layers"][3]["vni"] = 9
    packet = through_text(content)
    assert packet.find(VXLAN) == VXLAN(9)
    udp, ip = packet.find(UDP), packet.find(IPv4)
    assert udp is not None
    assert ip is not None
    assert udp.checksum is None  # computed, and so right for the new number, too
    assert decode(packet.pack()).recomputed().pack() == packet.pack()


def test_what_is_wrong_is_told() -> None:
    good = frame_to_json(Packet((Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x0800),)))
    ethernet = good["layers"][0]
    for change, message in (
        ({"layers": [{"layer": "VXLN"}]}, 'no header is called "VXLN"; did you mean VXLAN?'),
        ({"layers": [ethernet | {"vni": 1}]}, 'Ethernet: "vni" is no field of it'),
        ({"layers": [{"layer": "VXLAN", "vni": 1, "flags": 8, "reserved": 0}]},
         'VXLAN: "reserved2" is missing'),
        ({"layers": [{"vni": 1}]}, "a frame without 'layer'"),
        ({"payload": "0"}, 'payload: "0" are not hex digits in pairs'),
        ({"trailers": [{"behind_layer": 0, "bytes": 5}]},
         'trailers: "5" are not hex digits in pairs'),
        ({"malformed": "why"}, "a frame without 'bytes'"),
    ):  # fmt: skip
        with pytest.raises(MalformedPacket) as refused:
            frame_from_json(good | change)
        assert str(refused.value) == message
    with pytest.raises(MalformedPacket, match="a frame without 'trailers'"):
        frame_from_json({"layers": []})
    with pytest.raises(MalformedPacket, match=r"Ethernet\.dst: 5 is not an address as text"):
        frame_from_json(good | {"layers": [ethernet | {"dst": 5}]}).pack()
