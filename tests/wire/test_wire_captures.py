"""Every captured frame decodes in full and comes back byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_samples import CAPTURES, DOCKER

from overlaysim.wire import (
    ARP,
    ICMP,
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    HopByHop,
    ICMPv6,
    IPv4,
    IPv6,
    MalformedPacket,
    decode,
    read_pcap,
)

FRAMES = {path.name: [frame for _, frame in read_pcap(path)] for path in CAPTURES}
FRAME_COUNTS = {
    "docker-ping-vxlan.pcap": 50,
    "kernel-vxlan-arp-flood.pcap": 8,
    "kernel-vxlan-bridged-fragneeded.pcap": 10,
    "kernel-vxlan-df-tos-inherit-nocsum.pcap": 6,
    "kernel-vxlan-frag.pcap": 6,
    "kernel-vxlan-inner6.pcap": 8,
    "kernel-vxlan-outer6.pcap": 12,
    "kernel-vxlan-ping4.pcap": 8,
    "kernel-vxlan-tcp-handshake.pcap": 10,
    "kernel-vxlan-udp.pcap": 16,
    "kernel-vxlan-underlay-pmtu-df-set.pcap": 16,
}


def layers(name: str, number: int) -> list[type]:
    return [type(layer) for layer in decode(FRAMES[name][number - 1]).layers]


def test_all_captures_are_there() -> None:
    assert {name: len(frames) for name, frames in FRAMES.items()} == FRAME_COUNTS


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_frame_packs_to_the_same_bytes(path: Path) -> None:
    for frame in FRAMES[path.name]:
        packet = decode(frame)
        assert packet.pack() == frame
        assert packet.length == len(frame)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_lengths_and_checksums_are_what_the_kernel_computed(path: Path) -> None:
    for frame in FRAMES[path.name]:
        packet = decode(frame)
        assert packet.recomputed().pack() == frame
        assert packet.recomputed().length == len(frame)


def test_recomputing_forgets_what_it_computes() -> None:
    packet = decode(FRAMES[DOCKER.name][0]).recomputed()
    for kind, fields in (
        (Ethernet, ["ethertype"]),
        (IPv4, ["protocol", "total_length", "checksum"]),
        (UDP, ["length", "checksum"]),
        (ICMP, ["checksum"]),
    ):
        for layer in packet.layers:
            if isinstance(layer, kind):
                assert [getattr(layer, field) for field in fields] == [None] * len(fields)


def test_every_frame_decodes_to_its_last_header() -> None:
    """No frame is left with bytes that a known header should have claimed."""
    last = {ARP, ICMP, ICMPv6, TCP, UDP}
    for name, frames in FRAMES.items():
        for frame in frames:
            packet = decode(frame)
            fragment = packet.find_last(IPv4)
            if fragment is not None and fragment.offset:
                assert packet.layers[-1] is fragment
            else:
                assert type(packet.layers[-1]) in last, (name, packet)


def test_first_docker_ping() -> None:
    packet = decode(FRAMES[DOCKER.name][0])
    outer, inner = packet.find(IPv4), packet.find_last(IPv4)
    udp, vxlan, icmp = packet.find(UDP), packet.find(VXLAN), packet.find(ICMP)
    assert layers(DOCKER.name, 1) == [Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, ICMP]
    assert packet.length == 148
    assert (outer.ttl, outer.df, outer.tos, outer.total_length) == (64, False, 0, 134)
    assert (udp.src_port, udp.dst_port, udp.length) == (49974, 4789, 114)
    assert udp.checksum != 0
    assert vxlan == VXLAN(4097)
    assert (inner.src, inner.dst, inner.total_length, inner.ttl) == ("10.0.1.4", "10.0.1.2", 84, 64)
    assert packet.layers[4] == Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04", 0x0800)
    assert (icmp.type, icmp.code, icmp.ident, icmp.sequence) == (8, 0, 0x6495, 1)
    assert len(packet.payload) == 56


def test_docker_fragments_hold_the_inner_icmp_header_once() -> None:
    first, second = (decode(FRAMES[DOCKER.name][number]) for number in (16, 17))
    assert (first.length, second.length) == (1508, 91)
    assert first.find_last(IPv4).mf
    assert first.find(ICMP).ident == 0x6499
    assert second.find_last(IPv4).offset == 1424
    assert second.find(ICMP) is None
    assert second.find_last(IPv4).protocol == ICMP.BINDINGS["protocol"]


def test_outer_fragment_stops_behind_its_first_header() -> None:
    assert layers("kernel-vxlan-frag.pcap", 3) == [Ethernet, IPv4, UDP]
    assert layers("kernel-vxlan-frag.pcap", 4) == [Ethernet, IPv4]
    assert decode(FRAMES["kernel-vxlan-frag.pcap"][2]).find(UDP).length == 1530


def test_arp_in_vxlan_is_not_padded() -> None:
    packet = decode(FRAMES["kernel-vxlan-ping4.pcap"][0])
    arp = packet.find(ARP)
    assert packet.length == 92
    assert (arp.operation, arp.sender_ip, arp.target_ip) == (1, "192.168.77.1", "192.168.77.2")
    assert packet.trailers == ()


def test_segments_keep_their_options() -> None:
    tcp = decode(FRAMES["kernel-vxlan-tcp-handshake.pcap"][0]).find(TCP)
    assert (tcp.dst_port, tcp.flags, tcp.header_length) == (8080, 0x02, 40)
    assert tcp.options[:4] == bytes((2, 4)) + (1410).to_bytes(2, "big")


def test_ipv6_outside_and_inside() -> None:
    assert layers("kernel-vxlan-outer6.pcap", 9) == [
        Ethernet, IPv6, UDP, VXLAN, Ethernet, IPv6, ICMPv6,
    ]  # fmt: skip
    assert layers("kernel-vxlan-bridged-fragneeded.pcap", 1) == [Ethernet, IPv6, HopByHop, ICMPv6]
    ip = decode(FRAMES["kernel-vxlan-outer6.pcap"][8]).find(IPv6)
    assert (ip.src, ip.dst, ip.payload_length, ip.hop_limit) == ("fd09::1", "fd09::2", 134, 64)


def test_absent_udp_checksum_stays_absent() -> None:
    packet = decode(FRAMES["kernel-vxlan-df-tos-inherit-nocsum.pcap"][2])
    outer = packet.find(IPv4)
    assert packet.recomputed().find(UDP).checksum == 0
    assert (outer.df, outer.tos) == (True, 0xB8)


def test_fragmentation_needed_carries_the_mtu() -> None:
    icmp = decode(FRAMES["kernel-vxlan-underlay-pmtu-df-set.pcap"][11]).find(ICMP)
    assert (icmp.type, icmp.code, icmp.ident, icmp.sequence) == (3, 4, 0, 1400)


def test_cut_frames_are_refused() -> None:
    frame = FRAMES[DOCKER.name][0]
    for length in range(len(frame)):
        with pytest.raises(MalformedPacket):
            decode(frame[:length])
