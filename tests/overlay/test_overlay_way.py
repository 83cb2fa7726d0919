"""What packets of a flow have in front of them is made once, and is right for each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from overlaysim.overlay.encapsulation import (
    CannotCarry,
    Carries,
    DeviceSettings,
    Encapsulation,
    Tunnel,
    Way,
    encapsulation,
    encapsulations,
)
from overlaysim.overlay.encapsulation import way as way_module
from overlaysim.wire import ARP, UDP, VXLAN, EspGcm16, Ethernet, Header, IPv4, IPv6, Opaque, Packet

HERE, THERE = "02:42:0a:00:01:02", "02:42:0a:00:01:03"
ALL = [(known, family) for known in encapsulations() for family in known.families]
IDS = [f"{known.name}-ipv{family}" for known, family in ALL]
COUNTING = {
    "gre-key-seq", "gre-csum-key-seq", "stt-single-segment", "wireguard", "vxlan-esp-docker",
    "esp-transport-aes-gcm16", "esp-tunnel-aes-gcm16", "esp-transport-aes-cbc-sha256",
    "esp-tunnel-aes-cbc-sha256", "esp-udp-tunnel-aes-gcm16", "vxlan-esp-gcm16",
    "vxlan-over-wireguard", "masque-connect-ip", "masque-connect-udp",
}  # fmt: skip
INHERITING = DeviceSettings(df="inherit", ttl="inherit", tos="inherit")


def ends(family: int, settings: DeviceSettings) -> Tunnel:
    source, target = ("10.77.0.1", "10.77.0.2") if family == 4 else ("fd77::1", "fd77::2")
    macs = "02:00:0a:4d:00:01", "02:00:0a:4d:00:02"
    return Tunnel(source, target, *macs, network=4097, settings=settings)


def frame(size: int = 100, version: int = 4, **changes: object) -> Packet:
    four, six = IPv4("10.0.1.2", "10.0.1.3"), IPv6("fd00:1::2", "fd00:1::3")
    ip: Header = (four if version == 4 else six).replace(**changes)
    return Packet((Ethernet(THERE, HERE), ip, UDP(1111, 2222)), Opaque(size))


FRAMES = [
    frame(), frame(101), frame(df=True), frame(tos=2), frame(tos=3), frame(tos=0xB8), frame(ttl=3),
    frame(ident=77), frame(version=6), frame(version=6, traffic_class=2),
    frame(version=6, hop_limit=3),
    Packet((Ethernet(THERE, HERE), ARP(1, HERE, "10.0.1.2", THERE, "10.0.1.3"))),
]  # fmt: skip


def outcome(known: Encapsulation, whole: Packet, tunnel: Tunnel) -> Packet | str:
    try:
        return known.encapsulate(whole, tunnel)
    except CannotCarry as error:
        return str(error)


@pytest.mark.parametrize("settings", [DeviceSettings(), INHERITING], ids=["fixed", "inherit"])
@pytest.mark.parametrize(("known", "family"), ALL, ids=IDS)
def test_each_packet_is_as_if_made_alone(
    known: Encapsulation, family: int, settings: DeviceSettings
) -> None:
    tunnel = ends(family, settings)
    way = Way(known, tunnel)
    number = 0
    for _ in range(2):  # new at first, then known
        for whole in FRAMES:
            for flow, mtu in ((1, 1500), (0xDEADBEEF, 1500), (1, 1400)):
                number += 1
                one = replace(tunnel, flow=flow, number=number, ident=number + 7, mtu=mtu)
                expected = outcome(known, whole, one)
                if isinstance(expected, str):
                    with pytest.raises(CannotCarry, match=expected):
                        way.encapsulate(whole, flow, number, number + 7, mtu)
                    continue
                packet = way.encapsulate(whole, flow, number, number + 7, mtu)
                assert packet == expected
                assert packet.length == Packet(packet.layers, packet.payload).length


def test_what_counts_packets_is_found_out() -> None:
    assert {known.name for known in encapsulations() if known.counts} == COUNTING


def test_headers_of_a_flow_are_one_object() -> None:
    way = Way(encapsulation("vxlan"), ends(4, DeviceSettings()))
    first = way.encapsulate(frame(), 1, 0, 1, 1500)
    second = way.encapsulate(frame(ident=5), 1, 1, 2, 1500)
    assert first.layers[2] is second.layers[2]
    assert (first.layer(1, IPv4).ident, second.layer(1, IPv4).ident) == (1, 2)


def test_no_more_than_so_many_headers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_module, "_MOST", 3)
    known, tunnel = encapsulation("vxlan"), ends(4, DeviceSettings())
    way = Way(known, tunnel)
    packets = [way.encapsulate(frame(), flow << 28, 0, 0, 1500) for flow in (1, 2, 3, 4, 1)]
    assert packets[0] == packets[4]
    assert packets[0].layers[2] is not packets[4].layers[2]
    assert all(packet.layer(3, VXLAN).vni == 4097 for packet in packets)


def test_the_inner_mtu_follows_the_path() -> None:
    way = Way(encapsulation("geneve-opt8"), ends(6, DeviceSettings()))
    assert [way.inner_mtu(mtu) for mtu in (1500, 1500, 1400, 1500)] == [1422, 1422, 1322, 1422]


def test_a_header_of_the_packets_own_is_never_another_ones() -> None:
    still = Encapsulation(
        "esp-that-does-not-count",
        lambda tunnel, length: (EspGcm16.around(length, tunnel.network, 1),),
        Carries.SEGMENT,
    )
    assert not still.counts
    way = Way(still, ends(4, DeviceSettings()))
    packets = [way.encapsulate(frame(ident=ident), 1, 0, 0, 1500) for ident in (5, 6)]
    assert [packet.layer(1, IPv4).ident for packet in packets] == [5, 6]


def test_headers_may_depend_on_the_length_and_on_the_mtu() -> None:
    told = Encapsulation("told", lambda tunnel, size: (UDP(size, 7777), VXLAN(tunnel.mtu)))
    way = Way(told, ends(4, DeviceSettings()))
    for size, mtu in ((100, 1500), (101, 1500), (100, 1400)):
        packet = way.encapsulate(frame(size), 1, 0, 0, mtu)
        seen = packet.layer(2, UDP).src_port, packet.layer(3, VXLAN).vni
        assert seen == (frame(size).length, mtu)
