"""Flow hashes, against the source ports that real kernels chose."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.overlay import flow_hash, source_port, underlay_hash
from overlaysim.overlay.encapsulation.vxlan import VXLAN_LINUX
from overlaysim.wire import (
    ARP,
    ICMP,
    TCP,
    UDP,
    Ethernet,
    Header,
    IPv4,
    IPv6,
    Opaque,
    Packet,
    decode,
)
from overlaysim.wire.pcap import read_pcap

CAPTURES = Path(__file__).parents[1] / "data" / "pcaps"
KEY = 0x1234_5678_9ABC_DEF0


def frame(*layers: Header, size: int = 100) -> Packet:
    return Packet((Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04"), *layers), Opaque(size))


def ip(src: str = "10.0.1.4", dst: str = "10.0.1.2", **fields: int) -> IPv4:
    return IPv4(src, dst, **fields)


@pytest.mark.parametrize("name", ["docker-ping-vxlan", "kernel-vxlan-udp", "kernel-vxlan-ping4"])
def test_flows_that_shared_a_port_on_the_wire_share_a_hash_here(name: str) -> None:
    # All hosts of these captures share one kernel and so one key: pings and UDP have one port in
    # both directions, ARP its own, and the two directions of a TCP connection differ.
    pairs = Counter()
    for _, data in read_pcap(CAPTURES / f"{name}.pcap"):
        outer = decode(data)
        udp = outer.find(UDP)
        if udp is not None and udp.dst_port == 4789:
            pairs[udp.src_port, flow_hash(VXLAN_LINUX.decapsulate(outer)[1], KEY)] += 1
    ports = {port for port, _ in pairs}
    hashes = {number for _, number in pairs}
    assert len(ports) == len(hashes) == len(pairs) >= 2


def test_the_key_of_the_host_decides() -> None:
    ping = frame(ip(), ICMP(8, ident=1, sequence=1))
    assert flow_hash(ping, KEY) == flow_hash(ping, KEY)
    assert flow_hash(ping, KEY) != flow_hash(ping, KEY + 1)


def test_pings_count_by_addresses_alone() -> None:
    first = frame(ip(), ICMP(8, ident=1, sequence=1))
    other = frame(ip(), ICMP(8, ident=2, sequence=9), size=4)
    answer = frame(ip("10.0.1.2", "10.0.1.4"), ICMP(0, ident=1, sequence=1))
    elsewhere = frame(ip(dst="10.0.1.3"), ICMP(8, ident=1, sequence=1))
    assert len({flow_hash(packet, KEY) for packet in (first, other, answer)}) == 1
    assert flow_hash(elsewhere, KEY) != flow_hash(first, KEY)


def test_udp_is_symmetric_and_tcp_is_not() -> None:
    there, back = ip(), ip("10.0.1.2", "10.0.1.4")
    assert flow_hash(frame(there, UDP(1, 2)), KEY) == flow_hash(frame(back, UDP(2, 1)), KEY)
    assert flow_hash(frame(there, UDP(1, 2)), KEY) != flow_hash(frame(there, UDP(2, 1)), KEY)
    assert flow_hash(frame(there, TCP(1, 2, 0, 0, 16, 1)), KEY) != flow_hash(
        frame(back, TCP(2, 1, 0, 0, 16, 1)), KEY
    )


def test_ipv6_counts_by_its_own_addresses_and_ports() -> None:
    there, back = IPv6("fd00::1", "fd00::2"), IPv6("fd00::2", "fd00::1")
    assert flow_hash(frame(there, UDP(1, 2)), KEY) == flow_hash(frame(back, UDP(2, 1)), KEY)
    assert flow_hash(frame(there, UDP(1, 2)), KEY) != flow_hash(frame(there, UDP(1, 3)), KEY)


def test_all_pieces_of_a_datagram_share_a_hash() -> None:
    first = frame(ip(mf=True, protocol=17), UDP(1, 2))
    rest = frame(ip(offset=1424, protocol=17))
    whole = frame(ip(), UDP(1, 2))
    assert flow_hash(first, KEY) == flow_hash(rest, KEY) != flow_hash(whole, KEY)
    assert underlay_hash(first) == underlay_hash(rest) != underlay_hash(whole)


def test_a_computed_protocol_counts_like_an_explicit_one() -> None:
    assert flow_hash(frame(ip(), UDP(1, 2)), KEY) == flow_hash(
        frame(ip(protocol=17), UDP(1, 2)), KEY
    )


def test_arp_has_one_hash_of_its_own() -> None:
    def arp(target: str) -> Packet:
        return frame(ARP(1, "02:42:0a:00:01:02", "10.0.1.2", "00:00:00:00:00:00", target))

    assert flow_hash(arp("10.0.1.3"), KEY) == flow_hash(arp("10.0.1.4"), KEY)
    assert flow_hash(arp("10.0.1.3"), KEY) != flow_hash(frame(ip(), ICMP(8)), KEY)


def test_switches_look_at_the_outer_headers_only_and_at_their_direction() -> None:
    def tunnelled(port: int, src: str, dst: str, ident: int) -> Packet:
        return frame(ip(), ICMP(8, ident=ident)).wrap(
            Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02"), IPv4(src, dst), UDP(port, 4789)
        )

    one = underlay_hash(tunnelled(49974, "10.77.0.12", "10.77.0.11", 1))
    assert one == underlay_hash(tunnelled(49974, "10.77.0.12", "10.77.0.11", 2))
    assert one != underlay_hash(tunnelled(49975, "10.77.0.12", "10.77.0.11", 1))
    assert one != underlay_hash(tunnelled(49974, "10.77.0.11", "10.77.0.12", 1))


@given(st.integers(0, 2**32 - 1))
def test_ports_lie_in_the_ephemeral_range(number: int) -> None:
    assert 32768 <= source_port(number) <= 60998
    assert 10000 <= source_port(number, 10000, 10100) <= 10099


def test_ports_at_the_ends_of_the_hash() -> None:
    # With "srcport 10000 10100" the port 10100 was never seen, 10000 to 10099 were.
    assert source_port(0) == 32768
    assert source_port(2**32 - 1) == 60998


def test_flows_spread_evenly_over_ports_and_paths() -> None:
    flows = [frame(ip(dst=f"10.0.{n // 250}.{n % 250 + 1}"), UDP(1000 + n, 9)) for n in range(4000)]
    paths = Counter(flow_hash(flow, KEY) * 4 >> 32 for flow in flows)
    # Binomial with 4000 draws and p = 1/4: five standard deviations are 137.
    assert all(abs(count - 1000) < 137 for count in paths.values())
    assert len({source_port(flow_hash(flow, KEY)) for flow in flows}) > 3600
