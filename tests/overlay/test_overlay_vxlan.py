"""Into and out of the tunnel, against captures of Docker and of the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from overlaysim.overlay.encapsulation import DeviceSettings, NotDelivered, Tunnel, encapsulation
from overlaysim.wire import (
    ICMP,
    UDP,
    VXLAN,
    Ethernet,
    IPv4,
    IPv6,
    Opaque,
    Packet,
    decode,
)
from overlaysim.wire.pcap import read_pcap

CAPTURES = Path(__file__).parents[1] / "data" / "pcaps"
LINUX = encapsulation("vxlan")
INNER = Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04")


def ping(size: int = 56, **ip: Any) -> Packet:
    return Packet(
        (INNER, IPv4("10.0.1.4", "10.0.1.2", **ip), ICMP(8, ident=1)), Opaque(size, "echo")
    )


def tunnelled(inner: Packet, **changes: Any) -> Packet:
    settings: dict[str, Any] = {
        "network": 4097, "source": "10.77.0.12", "target": "10.77.0.11",
        "source_mac": "02:00:00:00:00:12", "target_mac": "02:00:00:00:00:11", "ident": 7,
    }  # fmt: skip
    return LINUX.encapsulate(inner, Tunnel(**(settings | changes)))


def test_docker_frames_can_be_taken_apart_and_put_together_again() -> None:
    frames = [data for _, data in read_pcap(CAPTURES / "docker-ping-vxlan.pcap")]
    for data in frames:
        outer = decode(data)
        vni, inner = LINUX.decapsulate(outer)
        ethernet, ip, udp = outer.layers[:3]
        assert isinstance(ethernet, Ethernet)
        assert isinstance(ip, IPv4)
        assert isinstance(udp, UDP)
        assert vni is not None
        again = tunnelled(
            inner, network=vni, source=ip.src, target=ip.dst, source_mac=ethernet.src,
            target_mac=ethernet.dst, ident=ip.ident,
            settings=DeviceSettings(ports=(udp.src_port, udp.src_port + 1)),
        )  # fmt: skip
        assert vni == 4097
        assert again.pack() == data
    assert len(frames) == 50


@pytest.mark.parametrize(
    ("size", "inner", "frame"), [(56, 84, 148), (1000, 1028, 1092), (1422, 1450, 1514)]
)
def test_lengths(size: int, inner: int, frame: int) -> None:
    packet = ping(size)
    assert packet.length == inner + 14
    assert tunnelled(packet).length == frame


def test_outer_header_has_ttl_64_and_no_df_even_if_the_inner_one_has() -> None:
    outer = tunnelled(ping(df=True, tos=0xB8)).find(IPv4)
    assert outer is not None
    assert (outer.ttl, outer.df, outer.tos, outer.src, outer.dst) == (
        64, False, 0, "10.77.0.12", "10.77.0.11",
    )  # fmt: skip


@pytest.mark.parametrize(("inner", "outer"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_ecn_goes_out_as_the_kernel_sends_it(inner: int, outer: int) -> None:
    packet = tunnelled(ping(tos=0xB8 | inner)).find(IPv4)
    assert packet is not None
    assert packet.tos == outer
    six = Packet((INNER, IPv6("fd00::1", "fd00::2", traffic_class=inner), UDP(1, 2)), Opaque(1))
    packet = tunnelled(six).find(IPv4)
    assert packet is not None
    assert packet.tos == outer


def test_round_trip() -> None:
    assert LINUX.decapsulate(tunnelled(ping(), network=42)) == (42, ping())


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (VXLAN(1, flags=0), "the I flag is clear"),
        (VXLAN(1, flags=0x0C), "reserved bits are set"),
        (VXLAN(1, reserved=1), "reserved bits are set"),
        (VXLAN(1, reserved2=1), "reserved bits are set"),
    ],
)
def test_headers_the_kernel_drops(header: VXLAN, reason: str) -> None:
    with pytest.raises(NotDelivered, match=reason):
        LINUX.decapsulate(tunnelled(ping()).replace(3, header))


def test_other_packets_the_kernel_drops() -> None:
    with pytest.raises(NotDelivered, match="there is no vxlan packet"):
        LINUX.decapsulate(ping())
    with pytest.raises(NotDelivered, match="no whole Ethernet header"):
        LINUX.decapsulate(Packet(tunnelled(ping()).layers[:4], b"\x00" * 7))


def test_congestion_marked_on_the_way() -> None:
    def marked(tos: int) -> Packet:
        outer = tunnelled(ping(tos=tos))
        ip = outer.layers[1]
        assert isinstance(ip, IPv4)
        return outer.replace(1, ip.replace(tos=3))

    with pytest.raises(NotDelivered, match="congestion"):
        LINUX.decapsulate(marked(0))
    assert LINUX.decapsulate(marked(2))[0] == 4097
