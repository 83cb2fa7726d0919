"""The arithmetic of one datagram, against its formulas, its specifications and real frames."""

from __future__ import annotations

import csv
from math import ceil, floor
from pathlib import Path

import pytest

from overlaysim.compare.arithmetic import load_of
from overlaysim.compare.datagram import (
    EXTRAS,
    FRAME,
    PAYLOAD,
    PIECES,
    STUFFING,
    Road,
    Way,
    datagram,
)
from overlaysim.compare.frames import Flow, Receiver, frames_of
from overlaysim.compare.mix import single
from overlaysim.overlay.encapsulation import encapsulation, encapsulations

DATA = Path(__file__).parents[1] / "data" / "encapsulation"
ROADS = [Road(known, family) for known in encapsulations() for family in known.families]
IDS = [f"{road.encapsulation.name}-ipv{road.family}" for road in ROADS]


def road(name: str, family: int = 4, **other: object) -> Road:
    return Road(encapsulation(name), family, **other)  # type: ignore[arg-type]


def efficiencies() -> list[dict[str, str]]:
    with (DATA / "efficiency.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row", efficiencies(), ids=lambda row: f"{row['encapsulation']}-ipv{row['family']}"
)
def test_efficiencies_of_the_reference_table(row: dict[str, str]) -> None:
    there = road(row["encapsulation"], int(row["family"]))
    limit = int(row["limited_payload"])
    assert there.way(limit) is Way.WHOLE
    assert there.way(limit + 1) is not Way.WHOLE
    cells = {str(size): size for size in (18, 64, 128, 256, 512, 1024, 1400)}
    for column, size in {**cells, "limited_efficiency": limit}.items():
        if row[column] == ">MTU":
            assert there.way(size) is not Way.WHOLE
        else:
            found = 100 * float(load_of(there, single(size)).efficiency)
            assert found == pytest.approx(float(row[column]), abs=0.005001)


@pytest.mark.parametrize("there", ROADS, ids=IDS)
def test_a_large_packet_costs_its_added_bytes_and_38_of_ethernet(there: Road) -> None:
    """(P + 66) / (P + 66 + H) for IPv4 inside."""
    for payload in (64, 1000):
        packet = there.packet(payload)
        added = there.encapsulation.added(packet, there.family)
        assert datagram(there, payload).wire == packet + added + 14 + 24
    plain = 1000 + 66 if there.inner == 4 else 1000 + 86
    assert datagram(there, 1000).wire == plain + there.encapsulation.added(
        there.packet(1000), there.family
    )


@pytest.mark.parametrize("payload", [1473, 2000, 2900, 8000, 65_000])
@pytest.mark.parametrize("mtu", [1280, 1500, 9000])
def test_outer_fragments_over_ipv4(payload: int, mtu: int) -> None:
    sent = datagram(road("vxlan", mtu=mtu), payload)
    length = payload + 28 + 50
    if length <= mtu:
        assert sent.way is Way.WHOLE
        return
    count = ceil((length - 20) / (8 * floor((mtu - 20) / 8)))
    assert (sent.way, len(sent.frames)) == (Way.OUTER, count)
    assert sent.wire == length + 14 + 24 + (count - 1) * (20 + 14 + 24)


@pytest.mark.parametrize("payload", [1403, 1473, 2000, 2900, 8000, 65_000])
@pytest.mark.parametrize("mtu", [1280, 1500, 9000])
def test_outer_fragments_over_ipv6(payload: int, mtu: int) -> None:
    sent = datagram(road("geneve-opt8", 6, mtu=mtu), payload)
    length = payload + 28 + 78
    if length <= mtu:
        assert sent.way is Way.WHOLE
        return
    count = ceil((length - 40) / (8 * floor((mtu - 48) / 8)))
    assert (sent.way, len(sent.frames)) == (Way.OUTER, count)
    assert sent.wire == length - 40 + count * (48 + 14 + 24)


@pytest.mark.parametrize(("family", "header"), [(4, 20), (6, 40)])
@pytest.mark.parametrize("payload", [1473, 3000, 20_000, 64_000])
def test_stt_lets_the_card_cut_large_frames(family: int, header: int, payload: int) -> None:
    sent = datagram(road("stt-single-segment", family), payload)
    frame = 14 + payload + 28
    count = ceil((18 + frame) / (1500 - header - 20))
    assert (sent.way, len(sent.frames)) == (Way.SEGMENTS, count)
    assert sent.wire == 18 + frame + count * (header + 20 + 14 + 24)


def test_headers_cost_less_per_byte_the_larger_an_stt_frame_is() -> None:
    there = road("stt-single-segment")
    shares = [load_of(there, single(size)).efficiency for size in (1400, 2832, 14_000, 60_000)]
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("name", "other", "way"),
    [
        ("vxlan", {}, Way.OUTER),
        ("vxlan", {"cut": "inner"}, Way.INNER),
        ("none", {}, Way.WHOLE),
        ("802.1q", {}, Way.WHOLE),
        ("mpls-1-label", {}, Way.INNER),  # there is no outer IP header
        ("gre", {}, Way.OUTER),
        ("gre", {"wanted": 6}, Way.INNER),  # DF follows the inner packet, and IPv6 has it always
        ("6in4", {}, Way.INNER),
        ("vxlan", {"wanted": 6}, Way.OUTER),
        ("esp-transport-aes-gcm16", {"cut": "inner"}, Way.OUTER),  # RFC 4303 section 3.3.4
        ("masque-connect-ip", {}, Way.INNER),  # DF is set: RFC 9000 section 14
        ("masque-connect-udp", {}, Way.NOT),
        ("stt-single-segment", {"cut": "inner"}, Way.SEGMENTS),
    ],
)
def test_what_becomes_of_a_packet_of_1500_bytes(
    name: str, other: dict[str, object], way: Way
) -> None:
    there = road(name, **other)
    assert datagram(there, 1500 - there.packet(0)).way is way


def test_an_untagged_packet_that_is_cut_before_it_is_encapsulated() -> None:
    """A 1451-byte packet is 1444 + 27 at an MTU of 1450, frames of 1508 + 91 (seen on Linux)."""
    sent = datagram(road("vxlan", cut="inner"), 1451 - 28)
    assert sent.frames == (1508, 91)
    assert sent.layers[PIECES] == 20


def test_short_frames_are_filled_up() -> None:
    last = datagram(road("vxlan"), 1423)  # one byte too long: 1500 + 21
    assert (last.frames, last.wire, last.layers[STUFFING]) == ((1514, 35), 1538 + 84, 25)
    sent = datagram(road("none"), 1)
    assert (sent.frames, sent.wire, sent.layers[STUFFING]) == ((43,), 84, 17)
    assert datagram(road("none"), 18).layers[STUFFING] == 0


@pytest.mark.parametrize("there", ROADS, ids=IDS)
@pytest.mark.parametrize("cut", ["outer", "inner"])
@pytest.mark.parametrize("wanted", [4, 6])
def test_real_frames_have_these_lengths_and_come_out_again(
    there: Road, cut: str, wanted: int
) -> None:
    for mtu in (1280, 1500, 9000):
        there = Road(there.encapsulation, there.family, wanted, mtu, cut)
        for payload in (1, 18, 512, 1400, 1472, 3000, 12_000):
            sent = datagram(there, payload)
            frames = frames_of(there, sent, Flow(), number=3)
            assert [frame.length for frame in frames] == [max(60, size) for size in sent.frames]
            assert [len(frame.pack()) for frame in frames] == [frame.length for frame in frames]
            assert all(frame.length - 14 - there.encapsulation.tag <= mtu for frame in frames)
            receiver = Receiver(there)
            received = [receiver.receive(frame) for frame in frames]
            assert received == [None] * (len(frames) - 1) + [payload] * bool(frames)
            assert sum(sent.layers.values()) == sent.wire
            assert sent.layers[PAYLOAD] == (payload if frames else 0)
            assert sent.layers[EXTRAS] == 24 * len(frames)
            assert sent.layers[FRAME] == 14 * len(frames)
