"""Packets that the simulator builds are right in the eyes of Wireshark's dissectors."""

from __future__ import annotations

from pathlib import Path

from wire_samples import INNER, OUTER, overlay_ping, tshark_fields, write_capture

from overlaysim.wire import ARP, TCP, UDP, Ethernet, ICMPv6, IPv4, IPv6, Opaque, Packet

GOOD = "1"
"""What tshark prints as the status of a checksum that holds."""


def test_overlay_pings_are_whole(tmp_path: Path) -> None:
    capture = tmp_path / "pings.pcapng"
    sizes = [0, 1, 8, 56, 1000, 1422]
    write_capture(capture, *(overlay_ping(Opaque(size)).pack() for size in sizes))
    rows = tshark_fields(
        capture,
        "frame.len", "ip.checksum.status", "udp.checksum.status", "icmp.checksum.status",
        "vxlan.vni", "icmp.seq", "_ws.malformed", "_ws.expert.message",
    )  # fmt: skip
    assert len(rows) == len(sizes)
    for size, row in zip(sizes, rows, strict=True):
        assert row[:5] == [str(92 + size), f"{GOOD},{GOOD}", GOOD, GOOD, "4097"]
        assert row[5].split(",")[0] == "3"
        assert row[6] == ""
        assert "alformed" not in row[7]


def test_control_streams_and_arp_are_whole(tmp_path: Path) -> None:
    host = Ethernet("02:00:00:00:00:02", "02:00:00:00:00:01")
    ip = IPv4("10.9.0.1", "10.9.0.2")
    options = bytes.fromhex("020405b4 0402080a 00000001 00000000 01030307")
    capture = tmp_path / "control.pcapng"
    write_capture(
        capture,
        Packet((host, ip, TCP(40000, 7946, 1, 0, 0x02, 64240, options=options))).pack(),
        Packet((host, ip, TCP(40000, 2377, 2, 1, 0x18, 501)), Opaque(777)).pack(),
        Packet((host, ip, UDP(7946, 7946)), Opaque(60)).pack(),
        Packet((host, ARP(1, host.src, "10.9.0.1", "00:00:00:00:00:00", "10.9.0.2"))).pack(),
        Packet((host, IPv6("fd09::1", "fd09::2"), ICMPv6(128, 0, 1, 1)), Opaque(56)).pack(),
    )
    rows = tshark_fields(
        capture,
        "tcp.checksum.status", "tcp.len", "tcp.options.mss_val", "udp.checksum.status",
        "arp.dst.proto_ipv4", "icmpv6.checksum.status", "_ws.malformed",
    )  # fmt: skip
    assert rows == [
        [GOOD, "0", "1460", "", "", "", ""],
        [GOOD, "777", "", "", "", "", ""],
        ["", "", "", GOOD, "", "", ""],
        ["", "", "", "", "10.9.0.2", "", ""],
        ["", "", "", "", "", GOOD, ""],
    ]


def test_decoded_fields_agree_with_tshark(tmp_path: Path) -> None:
    """The same packet through our decoder and theirs."""
    packet = Packet((*OUTER, *INNER, TCP(45000, 80, 77, 88, 0x12, 64240)), Opaque(9))
    capture = tmp_path / "one.pcapng"
    write_capture(capture, packet.pack())
    (row,) = tshark_fields(
        capture, "ip.id", "ip.flags.df", "ip.len", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags"
    )
    resolved = packet.resolved()
    outer, inner, tcp = resolved.find(IPv4), resolved.find_last(IPv4), resolved.find(TCP)
    assert [[int(value, 0) for value in field.split(",")] for field in row] == [
        [outer.ident, inner.ident], [outer.df, inner.df], [outer.total_length, inner.total_length],
        [tcp.seq], [tcp.ack], [tcp.flags],
    ]  # fmt: skip
