"""The outer header under each option of a VXLAN device: the kernel's bytes and ours."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product

import pytest
from underlay_bench import INNER, Host, again, drain

from overlaysim.overlay.encapsulation import DeviceSettings
from overlaysim.wire import UDP, IPv4, Packet, decode

OVER_4 = {
    "": DeviceSettings(),
    "ttl 9": DeviceSettings(ttl=9),
    "ttl inherit": DeviceSettings(ttl="inherit"),
    "tos 0x10": DeviceSettings(tos=0x10),
    "tos inherit": DeviceSettings(tos="inherit"),
    "df set": DeviceSettings(df="set"),
    "df unset": DeviceSettings(df="unset"),
    "df inherit": DeviceSettings(df="inherit"),
    "noudpcsum": DeviceSettings(udp_checksum=False),
    "udpcsum": DeviceSettings(udp_checksum=True),
    "srcport 40000 40010": DeviceSettings(ports=(40_000, 40_010)),
    "df inherit tos inherit ttl inherit noudpcsum": DeviceSettings(
        "inherit", "inherit", "inherit", False
    ),
}
OVER_6 = {
    "": DeviceSettings(),
    "ttl 9": DeviceSettings(ttl=9),
    "ttl inherit": DeviceSettings(ttl="inherit"),
    "tos 0x10": DeviceSettings(tos=0x10),
    "tos inherit": DeviceSettings(tos="inherit"),
    "df set": DeviceSettings(df="set"),
    "udp6zerocsumtx": DeviceSettings(udp_checksum=False),
    "flowlabel 0x12345": DeviceSettings(flow_label=0x12345),
    "srcport 40000 40010": DeviceSettings(ports=(40_000, 40_010)),
}
CASES = [(4, *case) for case in OVER_4.items()] + [(6, *case) for case in OVER_6.items()]
IDS = [f"ipv{family} {options or 'defaults'}" for family, options, _ in CASES]

TRAFFIC_CLASSES = (0, 1, 2, 3, 0xB8, 0xBB)
HOPS = (64, 37)


@pytest.mark.parametrize(("family", "options", "settings"), CASES, ids=IDS)
def test_outer_fields_are_the_kernels(
    hosts: tuple[Host, Host], family: int, options: str, settings: DeviceSettings
) -> None:
    """Inner ECN and DSCP, TTL and DF in all combinations, inner IPv4 and IPv6."""
    kernel, other = hosts
    kernel.set_up_vxlan(family, options)
    kernel.know_inner_neighbour()
    with closing(other.namespace.wire("wire")) as wire:
        number = send_all(kernel)
        seen = [packet for packet in map(decode, drain(wire)) if is_ours(packet)]
    assert len(seen) == number
    ports = set()
    for packet in seen:
        assert again(packet, settings).pack() == packet.pack()
        ports.add(packet.layer(2, UDP).src_port)
    low, high = settings.ports or (32_768, 60_999)
    assert all(low <= port < high for port in ports)
    fields = {describe(packet) for packet in seen}
    print(f"\nIPv{family} {options or 'defaults'}: {number} frames equal; outer {span(fields)}")


PORT = 9000
_MTU_DISCOVER, _DONT, _DO = 10, 0, 2
"""From ``<linux/in.h>``: whether a socket's packets have DF."""


def is_ours(packet: Packet) -> bool:
    """Whether a frame holds one of the datagrams that were sent, and no neighbour discovery."""
    inner = packet.find_last(UDP)
    return inner is not None and inner.dst_port == PORT and inner is not packet.layers[2]


def send_all(host: Host) -> int:
    """Send a datagram for each combination; return how many there were."""
    number = 0
    for tos, hops, df in product(TRAFFIC_CLASSES, HOPS, (False, True)):
        with sender(host, socket.AF_INET) as client:
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
            client.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _DO if df else _DONT)
            client.sendto(b"outer fields", (INNER["b"][4], PORT))
            number += 1
    for tos, hops in product(TRAFFIC_CLASSES, HOPS):
        with sender(host, socket.AF_INET6) as client:
            client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
            client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
            client.sendto(b"outer fields", (INNER["b"][6], PORT))
            number += 1
    return number


@contextmanager
def sender(host: Host, family: int) -> Iterator[socket.socket]:
    with closing(host.namespace.socket(family, socket.SOCK_DGRAM)) as client:
        yield client


def describe(packet: Packet) -> tuple[tuple[str, int], ...]:
    """The outer fields that a device's options are about."""
    ip, udp = packet.layers[1], packet.layer(2, UDP)
    if isinstance(ip, IPv4):
        fields = {"ttl": ip.ttl, "tos": ip.tos, "df": int(ip.df)}
    else:
        fields = {"hops": ip.hop_limit, "class": ip.traffic_class, "label": ip.flow_label}
    return tuple({**fields, "checksum": int(udp.checksum != 0)}.items())


def span(fields: set[tuple[tuple[str, int], ...]]) -> str:
    """The values that each field took."""
    names = [name for name, _ in next(iter(fields))]
    values = {name: sorted({dict(field)[name] for field in fields}) for name in names}
    return ", ".join(f"{name} {'/'.join(map(str, seen))}" for name, seen in values.items())
