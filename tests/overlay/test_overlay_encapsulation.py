"""Into every encapsulation and out of it again, as packets and as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation import (
    CannotCarry,
    Carries,
    DeviceSettings,
    Encapsulation,
    NotDelivered,
    Tunnel,
    encapsulation,
    encapsulations,
    register,
)
from overlaysim.overlay.encapsulation.ciphers import docker_spi
from overlaysim.wire import (
    ARP,
    ICMP,
    NVGRE,
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    Header,
    IPv4,
    IPv6,
    Opaque,
    Packet,
    decode,
)

HERE, THERE = "02:42:0a:00:01:02", "02:42:0a:00:01:03"
ALL = [(known, family) for known in encapsulations() for family in known.families]
IDS = [f"{known.name}-ipv{family}" for known, family in ALL]


def tunnel(family: int = 4, **changes: object) -> Tunnel:
    source, target = ("10.77.0.1", "10.77.0.2") if family == 4 else ("fd77::1", "fd77::2")
    values: dict[str, object] = {
        "source": source, "target": target, "source_mac": "02:00:0a:4d:00:01",
        "target_mac": "02:00:0a:4d:00:02", "network": 4097, "flow": 0x12345678, "number": 3,
        "ident": 9,
    }  # fmt: skip
    return Tunnel(**(values | changes))  # type: ignore[arg-type]


def frame(version: int = 4, size: int = 100, *, df: bool = False, tos: int = 0) -> Packet:
    ip: Header = IPv4("10.0.1.2", "10.0.1.3", ident=7, df=df, tos=tos, ttl=37)
    if version == 6:
        ip = IPv6("fd00:1::2", "fd00:1::3", traffic_class=tos, hop_limit=37)
    return Packet((Ethernet(THERE, HERE), ip, UDP(1111, 2222)), Opaque(size))


def versions(known: Encapsulation, family: int) -> tuple[int, ...]:
    """Which inner IP versions can be carried; ESP transport protects the outer one itself."""
    return (family,) if known.carries is Carries.SEGMENT else known.inner


def carried(known: Encapsulation, whole: Packet) -> Packet:
    """What of a frame comes out at the other end."""
    if known.carries is Carries.DATAGRAM:
        return whole.inner(3)
    return whole if known.carries is Carries.FRAME and not known.link else whole.inner(1)


@pytest.mark.parametrize(("known", "family"), ALL, ids=IDS)
@pytest.mark.parametrize("size", [0, 1, 18, 63, 64, 65, 66, 67, 1000])
def test_decapsulate_undoes_encapsulate(known: Encapsulation, family: int, size: int) -> None:
    for version in versions(known, family):
        whole = frame(version, size)
        outer = known.encapsulate(whole, tunnel(family))
        data = outer.pack()
        assert len(data) == outer.length
        inner_length = whole.length - 14
        assert outer.length == 14 + inner_length + known.added(inner_length, family)
        for seen in (outer, known.decode(data)):
            assert known.claims(seen)
            network, inner = known.decapsulate(seen)
            assert inner.pack() == carried(known, whole).pack()
            assert network == (known.identifier(4097) if known.network else None)
        assert known.decode(data).pack() == data
        assert decode(data).pack() == data  # whoever knows no association reads it too


@given(
    st.sampled_from(ALL), st.integers(0, 1400), st.integers(0, 2**32 - 1),
    st.integers(1, 2**24 - 1), st.integers(0, 255), st.booleans(),
)  # fmt: skip
def test_any_frame_comes_out_as_it_went_in(
    way: tuple[Encapsulation, int], size: int, flow: int, network: int, tos: int, df: bool
) -> None:
    known, family = way
    whole = frame(versions(known, family)[-1], size, df=df, tos=tos & ~3)
    outer = known.encapsulate(whole, tunnel(family, flow=flow, network=network, number=flow))
    identifier, inner = known.decapsulate(known.decode(outer.pack()))
    assert inner.pack() == carried(known, whole).pack()
    assert identifier == (known.identifier(network) if known.network else None)


@pytest.mark.parametrize(("known", "family"), ALL, ids=IDS)
def test_the_parts_add_up_to_the_frame(known: Encapsulation, family: int) -> None:
    for size in range(60, 130):
        whole = frame(versions(known, family)[0], size)
        outer = known.encapsulate(whole, tunnel(family))
        parts = known.parts(whole.length - 14, family)
        assert sum(size for _, size in parts) == outer.length - whole.length


def test_esp_pads_to_the_block_with_1_2_3() -> None:
    outer = encapsulation("esp-tunnel-aes-gcm16").encapsulate(frame(size=3), tunnel())
    data = outer.pack()  # 20 + 8 + 8 + 31 + 3 padding + 2 + 16
    assert data[14 + 36 + 31 : 14 + 36 + 36] == b"\x01\x02\x03\x03\x04"
    assert data[-16:] == bytes(16)
    assert len(data) == 14 + 88


def test_docker_names_an_association_after_both_hosts_and_the_key() -> None:
    forth, back = docker_spi("10.77.0.1", "10.77.0.2"), docker_spi("10.77.0.2", "10.77.0.1")
    assert forth != back
    assert forth != docker_spi("10.77.0.1", "10.77.0.2", tag=2)
    # FNV-1a of nothing but its offset basis is known; a step of it is one xor and one product.
    value = 0x811C9DC5
    for byte in (
        bytes(10)
        + b"\xff\xff\x0a\x4d\x00\x01"
        + bytes((0, 0, 0, 1))
        + (bytes(10) + b"\xff\xff\x0a\x4d\x00\x02")
    ):
        value = (value ^ byte) * 0x01000193 % 2**32
    assert forth == value


# ---- what the device's settings do --------------------------------------------------------


def outer_ip(known: str, whole: Packet, **settings: object) -> IPv4:
    way = tunnel(settings=DeviceSettings(**settings))  # type: ignore[arg-type]
    return encapsulation(known).encapsulate(whole, way).layer(1, IPv4)


@pytest.mark.parametrize(
    ("rule", "inner", "outer"),
    [("unset", True, False), ("set", False, True), ("inherit", True, True),
     ("inherit", False, False), (None, True, False)],
)  # fmt: skip
def test_outer_df(rule: str | None, inner: bool, outer: bool) -> None:
    assert outer_ip("vxlan", frame(df=inner), df=rule).df is outer


def test_gre_takes_df_over_from_inside_by_itself() -> None:
    assert outer_ip("gre", frame(df=True)).df
    assert not outer_ip("gre", frame(df=False)).df
    assert encapsulation("gre").encapsulate(frame(6), tunnel()).layer(1, IPv4).df


def test_ttl_and_dscp() -> None:
    assert outer_ip("vxlan", frame(tos=0xB8)).ttl == 64
    assert outer_ip("vxlan", frame(tos=0xB8)).tos == 0
    assert outer_ip("vxlan", frame(), ttl="inherit").ttl == 37
    assert outer_ip("vxlan", frame(), ttl=9).ttl == 9
    assert outer_ip("vxlan", frame(tos=0xB8), tos="inherit").tos == 0xB8
    assert outer_ip("vxlan", frame(tos=0xB8), tos=0x10).tos == 0x10


@pytest.mark.parametrize(("inner", "outer"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_ecn_is_copied_but_for_a_mark(inner: int, outer: int) -> None:
    for tos in (0, 0x10, "inherit"):
        assert outer_ip("vxlan", frame(tos=inner), tos=tos).tos & 3 == outer


def test_udp_checksum_and_ports() -> None:
    known = encapsulation("vxlan")
    without = known.encapsulate(frame(), tunnel(settings=DeviceSettings(udp_checksum=False)))
    assert without.layer(2, UDP).checksum == 0
    ports = {
        known.encapsulate(
            frame(), tunnel(flow=flow, settings=DeviceSettings(ports=(10_000, 10_100)))
        ).layer(2, UDP).src_port
        for flow in range(0, 2**32, 2**24)
    }  # fmt: skip
    assert (min(ports), max(ports)) == (10_000, 10_099)
    moved = known.encapsulate(frame(), tunnel(settings=DeviceSettings(port=8472)))
    assert moved.layer(2, UDP).dst_port == 8472


def test_the_network_of_two_tags_is_the_inner_one() -> None:
    known = encapsulation("802.1ad-qinq")
    outer = known.encapsulate(frame(), tunnel(network=0x123456))
    assert [outer.layers[1].vid, outer.layers[2].vid] == [0x123, 0x456]
    assert known.decapsulate(outer)[0] == known.identifier(0x123456) == 0x456


def test_nvgre_tells_flows_apart_by_its_flow_id() -> None:
    known = encapsulation("nvgre")
    seen = {known.encapsulate(frame(), tunnel(flow=f)).layer(2, NVGRE).flow_id for f in range(512)}
    assert seen == set(range(256))


# ---- what cannot be carried, and what is not taken ----------------------------------------


def test_arp_goes_only_where_frames_go() -> None:
    question = Packet((Ethernet(THERE, HERE), ARP(1, HERE, "10.0.1.2", THERE, "10.0.1.3")))
    assert encapsulation("vxlan").encapsulate(question, tunnel()).length == 42 + 50
    with pytest.raises(CannotCarry, match="gre carries IP packets only"):
        encapsulation("gre").encapsulate(question, tunnel())


def test_the_other_ip_version_and_other_protocols() -> None:
    with pytest.raises(CannotCarry, match="6in4 carries IPv6 packets only"):
        encapsulation("6in4").encapsulate(frame(4), tunnel())
    ping = Packet((Ethernet(THERE, HERE), IPv4("10.0.1.2", "10.0.1.3"), ICMP(8)), Opaque(8))
    with pytest.raises(CannotCarry, match="whole UDP datagrams only"):
        encapsulation("masque-connect-udp").encapsulate(ping, tunnel())
    piece = Packet((Ethernet(THERE, HERE), IPv4("10.0.1.2", "10.0.1.3", 17, mf=True), UDP(1, 2)))
    for name in ("masque-connect-udp", "esp-transport-aes-gcm16"):
        with pytest.raises(CannotCarry, match="whole"):
            encapsulation(name).encapsulate(piece, tunnel())


def vxlan(**changes: int) -> Packet:
    outer = encapsulation("vxlan").encapsulate(frame(), tunnel())
    return outer.replace(3, outer.layer(3, VXLAN).replace(**changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"flags": 0}, "the I flag is clear"), ({"flags": 0x88}, "reserved bits"),
     ({"reserved": 1}, "reserved bits"), ({"reserved2": 1}, "reserved bits")],
)  # fmt: skip
def test_vxlan_headers_that_linux_drops(changes: dict[str, int], reason: str) -> None:
    with pytest.raises(NotDelivered, match=reason):
        encapsulation("vxlan").decapsulate(vxlan(**changes))


@pytest.mark.parametrize("family", [4, 6])
def test_a_congestion_mark_for_a_packet_that_cannot_tell(family: int) -> None:
    known = encapsulation("geneve-opt8")
    for tos, taken in ((0, False), (1, True), (2, True)):
        outer = known.encapsulate(frame(tos=tos), tunnel(family))
        field = "tos" if family == 4 else "traffic_class"
        marked = outer.replace(1, outer.layers[1].replace(**{field: 3}))
        if taken:
            known.decapsulate(marked)
        else:
            with pytest.raises(NotDelivered, match="congestion was marked"):
                known.decapsulate(marked)


@pytest.mark.parametrize("name", ["vxlan", "geneve-opt0", "gtp-u", "wireguard"])
def test_over_ipv6_a_udp_checksum_must_be_there(name: str) -> None:
    known = encapsulation(name)
    for family in (4, 6):
        way = tunnel(family, settings=DeviceSettings(udp_checksum=False))
        outer = known.encapsulate(frame(), way)
        if family == 4:
            known.decapsulate(outer)
        else:
            with pytest.raises(NotDelivered, match="there is no UDP checksum, which IPv6 does"):
                known.decapsulate(outer)


def test_a_packet_of_another_kind() -> None:
    outer = encapsulation("vxlan").encapsulate(frame(), tunnel())
    assert not encapsulation("geneve-opt0").claims(outer)
    with pytest.raises(NotDelivered, match="there is no geneve-opt0 packet"):
        encapsulation("geneve-opt0").decapsulate(outer)
    empty = Packet(outer.layers[:4])
    assert not encapsulation("vxlan").claims(empty)
    with pytest.raises(NotDelivered, match="no whole Ethernet header inside"):
        encapsulation("vxlan").decapsulate(empty)


# ---- one's own ----------------------------------------------------------------------------


class Tiny(Header, udp_port=7777):
    WIRE = "version=1:8 tenant:24"
    tenant: int

    def inner_binding(self) -> tuple[str, int]:
        return "ethertype", 0x6558


TINY = Encapsulation(
    "tiny", lambda tunnel, length: (tunnel.udp(7777), Tiny(tunnel.network)),
    entropy="UDP source port", network=(Tiny, "tenant", 24),
)  # fmt: skip


def test_a_user_declares_an_encapsulation_in_ten_lines() -> None:
    assert TINY.added(100) == 20 + 8 + 4 + 14
    assert TINY.inner_mtu(1500) == 1454
    outer = TINY.encapsulate(frame(), tunnel())
    network, inner = TINY.decapsulate(TINY.decode(outer.pack()))
    assert (network, inner.pack()) == (4097, frame().pack())


def test_a_name_is_taken_once_and_misspelt_ones_are_told() -> None:
    with pytest.raises(ValueError, match="there is an encapsulation called vxlan already"):
        register(encapsulation("vxlan"))
    with pytest.raises(InputError, match='"vxlna" is not an encapsulation; did you mean vxlan'):
        encapsulation("vxlna")


def test_tcp_inside_is_carried_like_anything_else() -> None:
    segment = Packet(
        (Ethernet(THERE, HERE), IPv4("10.0.1.2", "10.0.1.3"), TCP(1, 2, 3, 4, 16, 5)), Opaque(9)
    )
    for known, family in ALL:
        if 4 in versions(known, family) and known.carries is not Carries.DATAGRAM:
            data = known.encapsulate(segment, tunnel(family)).pack()
            _, inner = known.decapsulate(known.decode(data))
            assert inner.pack() == carried(known, segment).pack()
