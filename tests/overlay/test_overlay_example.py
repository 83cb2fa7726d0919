"""Example packets of every encapsulation, and what is said of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from overlaysim.overlay.encapsulation import (
    CannotCarry,
    Carries,
    Encapsulation,
    encapsulation,
    encapsulations,
    example,
    summarise,
)
from overlaysim.overlay.encapsulation.summary import added_range
from overlaysim.wire import Dot1Q, IPv4, IPv6, MalformedPacket, ServiceTag

DATA = Path(__file__).parents[1] / "data" / "encapsulation"
ALL = [(known, family) for known in encapsulations() for family in known.families]
IDS = [f"{known.name}-ipv{family}" for known, family in ALL]


@pytest.mark.parametrize(("known", "family"), ALL, ids=IDS)
@pytest.mark.parametrize("payload", [0, 55, 1000])
def test_an_example_has_exactly_the_added_bytes(
    known: Encapsulation, family: int, payload: int
) -> None:
    shown = example(known, family=family, payload=payload)
    layers = shown.packet.layers
    added = sum(layers[place].header_length + layers[place].tail_length for place in shown.added)
    assert added - shown.left_out == known.added(shown.inner, family)
    assert shown.packet.length == 14 + shown.inner + known.added(shown.inner, family)
    assert len(shown.packet.pack()) == shown.packet.length
    assert known.claims(known.decode(shown.packet.pack()))


@pytest.mark.parametrize(("known", "family"), ALL, ids=IDS)
def test_what_is_said_of_entropy_and_network_is_seen_in_the_packet(
    known: Encapsulation, family: int
) -> None:
    shown = example(known, family=family)
    layers = shown.packet.layers
    origins: dict[str, set[tuple[str, str]]] = {}
    for (place, field), words in shown.notes.items():
        assert place in shown.added
        origins.setdefault(words, set()).add((type(layers[place]).__name__, field))
    by_flow = origins.get("the flow's hash", set())
    told = {"UDP source port": ("UDP", "src_port"), "TCP source port": ("TCP", "src_port"),
            "IPv6 flow label": ("IPv6", "flow_label")}  # fmt: skip
    if known.entropy in told:
        assert told[known.entropy] in by_flow
    elif known.entropy.startswith(("none", "SPI", "inner")) and not any(
        type(layer).__name__ == "VXLAN"
        for layer in layers  # whose port is inside the cipher
    ):
        assert by_flow == set()
    if known.network is not None:
        kind, field, _ = known.network
        assert (kind.__name__, field) in origins["the network"]
    else:
        assert "the network" not in origins


def test_versions_follow_from_what_is_possible() -> None:
    def shown(name: str, **options: int) -> tuple[int, type]:
        built = example(encapsulation(name), **options)
        inner = [layer for layer in built.packet.layers if isinstance(layer, IPv4 | IPv6)][-1]
        return built.family, type(inner)

    assert shown("vxlan") == (4, IPv4)
    assert shown("vxlan", family=6) == (6, IPv4)
    assert shown("vxlan", inner=6) == (4, IPv6)
    assert shown("6in4") == (4, IPv6)
    assert shown("ip-in-ipv6") == (6, IPv4)
    assert shown("esp-transport-aes-gcm16", family=6) == (6, IPv6)
    assert shown("esp-transport-aes-gcm16", inner=6) == (6, IPv6)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ipip", {"family": 6}, "ipip is specified over IPv4 only"),
        ("6in4", {"inner": 4}, "6in4 carries IPv6 packets only"),
        ("esp-transport-aes-gcm16", {"family": 4, "inner": 6}, "one IP version in and out"),
    ],
)
def test_impossible_examples(name: str, options: dict[str, int], message: str) -> None:
    with pytest.raises(CannotCarry, match=message):
        example(encapsulation(name), **options)


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(MalformedPacket, match=r"VXLAN\.vni: 16777216 does not fit"):
        example(encapsulation("vxlan"), network=2**24)
    with pytest.raises(MalformedPacket, match="total_length: 65536 does not fit"):
        example(encapsulation("ipip"), payload=65536 - 48)


def test_a_network_of_two_tags_is_told_by_the_inner_one() -> None:
    known = encapsulation("802.1ad-qinq")
    packet = example(known, network=0x123456 & 0xFFFFFF).packet
    assert (packet.layer(1, ServiceTag).vid, packet.layer(2, Dot1Q).vid) == (0x123, 0x456)
    assert known.decapsulate(known.decode(packet.pack()))[0] == 0x456


def facts(name: str, **options: int) -> dict[str, str]:
    return dict(example(encapsulation(name), **options).facts)


def test_facts() -> None:
    vxlan = facts("vxlan")
    assert vxlan["added"] == "50 bytes over IPv4, 70 over IPv6"
    assert vxlan["inner MTU"] == "1450 over IPv4, 1430 over IPv6, if the underlay's is 1500"
    assert vxlan["network"] == "24 bits: vni of VXLAN"
    assert vxlan["padding"] == "none"
    assert "too long" not in vxlan
    assert facts("vxlan", mtu=9000)["inner MTU"].startswith("8950 over IPv4, 8930 over")
    assert facts("wireguard")["padding"].startswith("zeros up to a multiple of 16")
    assert facts("vxlan-esp-docker")["added"] == "76-79 bytes over IPv4, 96-99 over IPv6"
    assert facts("esp-transport-aes-gcm16")["added"] == "34-37 bytes"
    assert facts("ip-in-ipv6")["added"] == "40 bytes over IPv6"
    assert facts("802.1q")["outer DF"] == "no outer IP header"
    assert facts("ip-in-ipv6")["outer DF"] == "none in IPv6"
    assert facts("gre")["outer DF"] == "as inside; set for an inner IPv6 packet"
    assert facts("gre")["network"] == "not told by the packet"


def test_a_packet_too_long_for_the_underlay_is_told() -> None:
    assert "too long" not in facts("vxlan", payload=1422)
    assert facts("vxlan", payload=1423)["too long"].startswith("1501 bytes where")
    assert "too long" not in facts("802.1q", payload=1472)


def rows() -> list[dict[str, str]]:
    with (DATA / "table.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_a_summary_is_the_row_of_the_table(row: dict[str, str]) -> None:
    known = encapsulation(row["name"])
    summary = summarise(known, (1500, 9000))
    for family in (4, 6):
        least, _, most = row[f"added_bytes_ipv{family}"].partition("-")
        expected = (int(least), int(most or least)) if least else None
        assert summary.added.get(family) == expected
    family = known.families[0]
    assert summary.inner_mtu[family] == {
        1500: int(row["inner_mtu_1500"]), 9000: int(row["inner_mtu_9000"]),
    }  # fmt: skip
    word = {Carries.SEGMENT: "segment", Carries.DATAGRAM: "datagram", Carries.PACKET: "packet"}
    assert summary.carries == word.get(known.carries, "frame")


def test_what_is_added_over_no_such_outer_version() -> None:
    with pytest.raises(CannotCarry, match="ip-in-ipv6 is specified over IPv6 only"):
        added_range(encapsulation("ip-in-ipv6"), 4)
