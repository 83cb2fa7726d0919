"""Captured frames in full: what is cut off, quoted, in fragments, and behind other link types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wire_corpus import CAPTURE_FILES, DATA, frames_of
from wire_samples import DOCKER, overlay_ping

from overlaysim.wire import (
    HEADERS,
    ICMP,
    UDP,
    CapturedFrame,
    EspGcm16,
    ICMPv6,
    IPv4,
    IPv6,
    MalformedPacket,
    Packet,
    dissect,
    frame_from_json,
)
from overlaysim.wire.decode import bindings_of

PING = overlay_ping().pack()
TUNNEL = ["Ethernet", "IPv4", "UDP", "VXLAN"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [dissect(frame, number) for number, frame in enumerate(frames_of(path), start=1)]


def pcap(name: str) -> list[dict[str, Any]]:
    return lines(DATA / "pcaps" / f"{name}.pcap")


def recording(name: str) -> list[dict[str, Any]]:
    return lines(DATA / "captures" / name)


def names(content: dict[str, Any], key: str = "layers") -> list[str]:
    return [layer["layer"] for layer in content[key]]


def field(content: dict[str, Any], layer: str, name: str, key: str = "layers") -> Any:
    return next(header[name] for header in content[key] if header["layer"] == layer)


def read(data: bytes, *, missing: int = 0, link_type: int = 1) -> dict[str, Any]:
    return dissect(CapturedFrame(data, len(data) + missing, link_type, None), 1)


# ---- whole frames --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CAPTURE_FILES, ids=lambda path: path.name)
def test_every_recorded_frame_is_decoded_and_built_again(path: Path) -> None:
    for frame, content in zip(frames_of(path), lines(path), strict=True):
        assert "malformed" not in content
        again = frame_from_json(json.loads(json.dumps(content)))
        assert again.pack() == frame.data


def test_the_first_line_of_a_capture() -> None:
    content = lines(DOCKER)[0]
    payload = content.pop("payload")
    assert payload.endswith("3031323334353637")
    assert content == {
        "number": 1, "time_ns": 1795388346844897000, "seconds": "1795388346.844897",
        "link_type": 1, "captured_length": 148, "original_length": 148,
        "layers": content["layers"], "trailers": [],
    }  # fmt: skip
    assert names(content) == [*TUNNEL, "Ethernet", "IPv4", "ICMP"]


def test_a_malformed_frame_keeps_its_bytes() -> None:
    content = read(PING[:40])
    assert content["malformed"] == (
        "IPv4 ending at byte 34: states 114 bytes behind it, there are 6"
    )
    assert content["bytes"] == PING[:40].hex()
    assert "layers" not in content
    assert frame_from_json(content).pack() == PING[:40]


# ---- frames that the capture cut -----------------------------------------------------------------


@pytest.mark.parametrize("length", range(len(PING)))
def test_a_cut_frame_has_all_headers_that_are_whole(length: int) -> None:
    content = read(PING[:length], missing=len(PING) - length)
    ends = [14, 34, 42, 50, 64, 84, 92]
    assert len(content["layers"]) == sum(end <= length for end in ends)
    assert content["truncated"] == len(PING) - length
    assert ("stopped" in content) == (length < 92)
    assert frame_from_json(content).pack() == PING[:length]


def test_a_recording_cut_at_80_bytes() -> None:
    content = recording("cut-at-80.pcap")
    assert {(line["captured_length"], line["truncated"]) for line in content} == {
        (80, 40), (80, 68), (80, 88), (80, 164), (80, 1428),
    }  # fmt: skip
    assert names(content[0]) == [*TUNNEL, "Ethernet"]
    assert content[0]["stopped"] == "IPv6 at byte 64: needs 40 bytes, only 16 are left"
    assert len(content[0]["payload"]) == 2 * 16


def test_a_contradiction_in_front_of_the_cut_is_malformed() -> None:
    """The outer packet is whole, only the padding of the frame is missing."""
    short = Packet((*overlay_ping().layers[:4],), bytes(5)).pack()
    content = read(short + bytes(2), missing=7)
    assert content["malformed"] == "Ethernet at byte 50: needs 14 bytes, only 5 are left"


def test_a_header_that_ends_behind_its_body_is_not_read_without_its_end() -> None:
    """What stands where the capture ends would be taken for padding and integrity check."""
    link, ip = overlay_ping().layers[:2]
    esp = Packet((link, ip, EspGcm16.around(28, 7, 1), ip, UDP(1, 9)))
    data = esp.pack()
    bindings = bindings_of((*HEADERS, EspGcm16))
    whole, cut = (
        dissect(CapturedFrame(data[:length], len(data), 1, None), 1, bindings)
        for length in (len(data), len(data) - 1)
    )
    assert names(whole) == ["Ethernet", "IPv4", "EspGcm16", "IPv4", "UDP"]
    assert names(cut) == ["Ethernet", "IPv4"]
    assert cut["stopped"] == "EspGcm16 at byte 34: what stands at its end is missing"


def test_an_original_length_below_the_captured_one_is_passed_over() -> None:
    content = dissect(CapturedFrame(PING, 60, 1, None), 1)
    assert len(content["layers"]) == 7
    assert "truncated" not in content


def test_padding_behind_a_packet_is_there_as_far_as_it_was_kept() -> None:
    frame = Packet((*overlay_ping().layers[:2], UDP(1, 9)), b"four").recomputed().pack()
    content = read(frame + b"\x01\x02", missing=12)
    assert content["trailers"] == [{"behind_layer": 1, "bytes": "0102"}]
    assert content["payload"] == b"four".hex()


# ---- quotes --------------------------------------------------------------------------------------


def test_fragmentation_needed_of_a_router_quotes_the_tunnel() -> None:
    content = pcap("kernel-vxlan-underlay-pmtu-df-set")[11]
    assert names(content) == ["Ethernet", "IPv4", "ICMP"]
    assert content["next_hop_mtu"] == 1400
    assert names(content, "quoted") == [*TUNNEL[1:], "Ethernet", "IPv4", "ICMP"]
    assert field(content, "IPv4", "total_length", "quoted") == 1478
    assert field(content, "VXLAN", "vni", "quoted") == 42


def test_fragmentation_needed_of_a_bridge_quotes_the_ping() -> None:
    errors = [line for line in pcap("kernel-vxlan-bridged-fragneeded") if "quoted" in line]
    assert [line["next_hop_mtu"] for line in errors] == [1450]
    assert names(errors[0], "quoted") == ["IPv4", "ICMP"]
    assert field(errors[0], "IPv4", "total_length", "quoted") == 1451
    assert field(errors[0], "ICMP", "type", "quoted") == 8


def test_port_unreachable_quotes_a_datagram() -> None:
    errors = [line for line in pcap("kernel-vxlan-udp") if "quoted" in line]
    assert {tuple(names(line, "quoted")) for line in errors} == {("IPv4", "UDP")}
    assert all("next_hop_mtu" not in line for line in errors)
    assert names(errors[0]) == [*TUNNEL, "Ethernet", "IPv4", "ICMP"]


def test_packet_too_big_of_ipv6() -> None:
    quoted = (IPv6("fd00::1", "fd00::2", 17, payload_length=1400), UDP(5, 9, 1400, 1))
    data = Packet(quoted, bytes(30)).pack()
    error = Packet((IPv6("fd00::3", "fd00::1"), ICMPv6(2, 0, 1, 0x100)), data)
    content = read(error.pack(), link_type=229)
    assert content["next_hop_mtu"] == 0x10100
    assert names(content, "quoted") == ["IPv6", "UDP"]
    assert frame_from_json(content).pack() == error.pack()


@pytest.mark.parametrize("quote", [b"", b"\x45", bytes(60)])
def test_what_is_no_packet_is_not_quoted(quote: bytes) -> None:
    ip = IPv4("10.0.0.1", "10.0.0.2")
    content = read(Packet((ip, ICMP(3, 3)), quote).pack(), link_type=228)
    assert names(content) == ["IPv4", "ICMP"]
    assert "quoted" not in content


def test_an_echo_quotes_nothing() -> None:
    four, six = IPv4("10.0.0.1", "10.0.0.2"), IPv6("fd00::1", "fd00::2")
    for link_type, ip, echo in ((228, four, ICMP(8)), (229, six, ICMPv6(128))):
        data = Packet((ip, echo), Packet((ip, UDP(1, 2)), b"x").pack()).pack()
        assert names(read(data, link_type=link_type))[-1] == type(echo).__name__
        assert "quoted" not in read(data, link_type=link_type)


# ---- fragments -----------------------------------------------------------------------------------


def test_the_first_outer_fragment_shows_what_is_inside() -> None:
    first, second = pcap("kernel-vxlan-frag")[2:4]
    assert names(first) == [*TUNNEL, "Ethernet", "IPv4", "ICMP"]
    assert (field(first, "IPv4", "mf"), field(first, "UDP", "length")) == (True, 1530)
    assert "truncated" not in first
    assert names(second) == ["Ethernet", "IPv4"]
    assert field(second, "IPv4", "offset") == 1480


def test_a_first_fragment_that_ends_inside_a_header() -> None:
    whole = overlay_ping().resolved()
    ip = whole.layers[1].replace(mf=True, total_length=None, checksum=None)
    piece = Packet((whole.layers[0], ip), PING[34:74])
    content = read(piece.pack())
    assert names(content) == [*TUNNEL, "Ethernet"]
    assert content["stopped"] == "IPv4 at byte 64: needs 20 bytes, only 10 are left"
    assert frame_from_json(content).pack() == piece.pack()


# ---- link types ----------------------------------------------------------------------------------


def test_linux_cooked_captures() -> None:
    one, two = recording("linux-cooked-v1.pcap"), recording("linux-cooked-v2.pcap")
    assert names(one[3]) == ["LinuxCooked", *TUNNEL[1:], "Ethernet", "IPv4", "ICMP"]
    assert one[3]["layers"][0] == {
        "layer": "LinuxCooked", "packet_type": 4, "hardware_type": 1, "address_length": 6,
        "address": "02:00:00:00:00:01", "unused": one[3]["layers"][0]["unused"],
        "protocol": 0x0800,
    }  # fmt: skip
    assert names(two[3]) == ["LinuxCooked2", *TUNNEL[1:], "Ethernet", "IPv4", "ICMP"]
    assert [line["layers"][0]["interface_index"] for line in two[:4]] == [3, 2, 2, 2]
    assert len(two[0]["seconds"].split(".")[1]) == 9  # recorded with nanoseconds
    assert [names(line)[1:] for line in one] == [names(line)[1:] for line in two]


def test_raw_ip_of_both_versions() -> None:
    content = recording("raw-ip.pcap")
    assert [names(line) for line in content] == [["IPv4", "ICMP"]] * 2 + [["IPv6", "ICMPv6"]] * 2


def test_three_interfaces_of_two_link_types() -> None:
    content = recording("three-interfaces.pcapng")
    seen = {(line["interface"], line["link_type"], names(line)[0]) for line in content}
    assert seen == {("va", 1, "Ethernet"), ("vx", 1, "Ethernet"), ("tt", 101, "IPv4"),
                    ("tt", 101, "IPv6")}  # fmt: skip


@pytest.mark.parametrize(
    ("family", "link_type", "version"),
    [("00000002", 108, 4), ("02000000", 0, 4), ("00000002", 0, 4), ("1e000000", 0, 6),
     ("0000001c", 108, 6), ("0a000000", 0, 6)],
)  # fmt: skip
def test_loopback_interfaces(family: str, link_type: int, version: int) -> None:
    ip = IPv4("127.0.0.1", "127.0.0.1") if version == 4 else IPv6("::1", "::1")
    data = bytes.fromhex(family) + Packet((ip, UDP(1, 9)), b"x").pack()
    content = read(data, link_type=link_type)
    assert names(content) == ["Loopback", f"IPv{version}", "UDP"]
    assert content["layers"][0]["little_endian"] == (family[:2] != "00")
    assert frame_from_json(content).pack() == data


@pytest.mark.parametrize(
    ("data", "family"), [("00000007", 7), ("07000000", 7), ("0000ff00", 0xFF00)]
)
def test_behind_an_unknown_family_is_payload(data: str, family: int) -> None:
    content = read(bytes.fromhex(data) + b"appletalk", link_type=0)
    assert names(content) == ["Loopback"]
    assert content["layers"][0]["family"] == family
    assert content["payload"] == b"appletalk".hex()


def test_a_link_type_that_is_not_read() -> None:
    with pytest.raises(MalformedPacket) as refused:
        read(PING, link_type=127)
    assert str(refused.value).startswith("link type 127 is not read; 1 (Ethernet), 113 and 276")
