"""Packets that are too long, one test for each row of what was seen of Linux 6.18 and its VXLAN.

The rows are those of a table of measurements, with the frame lengths that were captured; a test is
named after its row. "On the device" is a container that sits on the VXLAN device itself (network
option ``overlaysim.attach=device``); Docker's own way is the bridge.
"""

from __future__ import annotations

import pytest
from mtu_lab import CLIENT, SMALL_MTU, WEB, MtuLab, behind, direct, outcomes

from overlaysim.overlay import fragment
from overlaysim.overlay.encapsulation import Tunnel, encapsulation
from overlaysim.overlay.icmp_errors import read_too_big, too_big
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, Opaque, Packet

DEVICE = "overlaysim.attach=device"
WIDE = f"{SMALL_MTU}=1550"
"""An overlay MTU of 1500 over an underlay of 1500."""


def df(rule: str) -> str:
    return f"overlaysim.df={rule}"


# ---- sender on the VXLAN interface, MTU 1450 ----------------------------------------------------


def test_on_the_device_1450_with_df_is_refused_at_home() -> None:
    lab = MtuLab(direct(), DEVICE)
    assert outcomes(lab.ping("-c 2 -M do -s 1423")) == ["refused 1450"] * 2
    assert lab.sent("host-b") == []


@pytest.mark.parametrize(("length", "frames"), [(1451, [1508, 91]), (3028, [1508, 1508, 244])])
def test_on_the_device_1450_without_df_the_inner_packet_is_cut(
    length: int, frames: list[int]
) -> None:
    lab = MtuLab(direct(), DEVICE)
    assert outcomes(lab.ping(f"-c 1 -M dont -s {length - 28}")) == ["reply"]
    assert lab.sent("host-b") == lab.sent("host-a") == frames


# ---- routed inner: no container is in this position, so the two decisions stand alone -----------

ROUTED = Packet(
    (Ethernet("02:42:0a:00:01:02", "02:42:0a:00:01:04"), IPv4(CLIENT, WEB, df=True), UDP(1, 9)),
    Opaque(1472),
)


def test_routed_inner_with_df_the_router_tells_the_source() -> None:
    said = too_big(ROUTED.inner(1), 1450, "10.0.1.1")
    assert said is not None
    error = read_too_big(said)
    assert error is not None
    assert (error.reporter, error.mtu, error.source) == ("10.0.1.1", 1450, CLIENT)


def test_routed_inner_without_df_the_router_cuts() -> None:
    pieces = fragment(ROUTED.replace(1, IPv4(CLIENT, WEB)), 1450)
    assert [piece.length - 14 for piece in pieces] == [1444, 76]
    ends = Tunnel("10.9.0.1", "10.9.0.2", "02:00:00:00:00:01", "02:00:00:00:00:02", network=42)
    frames = [encapsulation("vxlan").encapsulate(piece, ends).length for piece in pieces]
    assert frames == [1508, 140]


# ---- bridged inner, bridge and VXLAN MTU 1450, container MTU 1500 -------------------------------


def raised(bridge_nf: str = "on") -> MtuLab:
    lab = MtuLab(f"{direct()}overlay: {{bridge_nf: {bridge_nf}}}\n")
    lab.exec("client", "ip link set dev eth0 mtu 1500")
    return lab


@pytest.mark.parametrize("bridge_nf", ["on", "off"])
def test_bridged_1500_over_1450_with_df_is_lost_without_a_word(bridge_nf: str) -> None:
    lab = raised(bridge_nf)
    assert outcomes(lab.ping("-c 2 -W 1 -M do -s 1472")) == []
    assert lab.drops() == [("mtu", "br-app@host-b")] * 2
    assert lab.packets("icmp") == []
    assert lab.sent("host-b") == []


def test_bridged_1500_over_1450_without_df_netfilter_cuts() -> None:
    lab = raised()
    assert outcomes(lab.ping("-c 1 -M dont -s 1472")) == ["reply"]
    assert lab.sent("host-b") == [1508, 140]
    requests = [j for j in lab.ended if j.source == "client@host-b" and j.kind == "data"]
    assert [j.outcome for j in requests[-2:]] == ["delivered"] * 2
    assert len({j.message for j in requests[-2:]}) == 1


def test_bridged_1500_over_1450_without_df_nor_netfilter_is_lost() -> None:
    lab = raised("off")
    assert outcomes(lab.ping("-c 1 -W 1 -M dont -s 1472")) == []
    assert lab.drops() == [("mtu", "br-app@host-b")]
    assert lab.sent("host-b") == []


@pytest.mark.parametrize(
    ("bridge_nf", "length", "mode", "passes"),
    [
        ("on", 1450, "do", True), ("on", 1451, "do", False), ("on", 1454, "dont", True),
        ("off", 1454, "do", True), ("off", 1454, "dont", True),
        ("off", 1455, "do", False), ("off", 1455, "dont", False),
    ],
)  # fmt: skip
def test_without_netfilter_a_bridge_leaves_room_for_a_vlan_tag(
    bridge_nf: str, length: int, mode: str, passes: bool
) -> None:
    # measured on the same kernel; the answer to what passes with DF is the tunnel's
    lab = raised(bridge_nf)
    output = lab.ping(f"-c 1 -W 1 -M {mode} -s {length - 28}")
    assert bool(outcomes(output)) is passes


# ---- bridged inner, VXLAN MTU 1500 over a 1500 underlay, any df mode ----------------------------


@pytest.mark.parametrize("rule", ["unset", "set", "inherit"])
def test_bridged_1500_over_1500_with_df_the_tunnel_answers_for_the_destination(rule: str) -> None:
    lab = MtuLab(direct(), WIDE, df(rule))
    lab.forget()
    output = lab.ping("-c 2 -M do -s 1472")
    assert outcomes(output) == ["told 1450", "refused 1450"]
    assert f"From {WEB} icmp_seq=0" in output
    (answer,) = lab.packets("icmp")
    ip = answer.layer(-2, IPv4)
    assert (ip.src, ip.dst, ip.total_length or answer.length - 14) == (WEB, CLIENT, 576)
    assert answer.layer(-1, ICMP)[:2] == (3, 4)
    assert lab.sent("host-b") == []
    assert lab.drops() == [("fragmentation needed", "vxlan0@host-b")]


@pytest.mark.parametrize("rule", ["unset", "set", "inherit"])
def test_bridged_1500_over_1500_the_source_cuts_once_it_has_learned(rule: str) -> None:
    lab = MtuLab(direct(), WIDE, df(rule))
    lab.forget()
    output = lab.ping("-c 2 -M want -s 1472")
    assert outcomes(output)[0] == "told 1450"
    assert lab.sent("host-b") == [1508, 140]


# ---- sender on the VXLAN device, MTU 1500 over 1500, df unset -----------------------------------


def test_on_the_device_1500_df_unset_the_first_packet_leaves_as_two_outer_fragments() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE)
    assert outcomes(lab.ping("-c 3 -M do -s 1472")) == ["reply", "refused 1450", "refused 1450"]
    assert lab.sent("host-b") == lab.received("host-a") == [1514, 84]
    assert lab.path_mtu("client", WEB) == 1450


def test_on_the_device_1500_df_unset_without_df_inner_fragments_once_it_is_known() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE)
    assert outcomes(lab.ping("-c 2 -M dont -s 1472")) == ["reply"] * 2
    assert lab.sent("host-b") == lab.sent("host-a") == [1514, 84, 1508, 140]


# ---- same, df set -------------------------------------------------------------------------------


def test_on_the_device_1500_df_set_the_first_packet_is_lost_in_silence() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE, df("set"))
    lab.forget()
    assert outcomes(lab.ping("-c 3 -M do -s 1472")) == ["refused 1450"] * 2
    assert lab.drops() == [("mtu", "host-b")]
    assert lab.sent("host-b") == []


def test_on_the_device_1500_df_set_without_df_the_answer_is_lost_too() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE, df("set"))
    lab.forget()
    assert outcomes(lab.ping("-c 3 -M dont -s 1472")) == ["reply"]
    # the request, then the answer to the second request, each where its sender did not know yet
    assert lab.drops() == [("mtu", "host-b"), ("mtu", "host-a")]
    assert lab.path_mtu("web", CLIENT) == 1450


# ---- same, df inherit ---------------------------------------------------------------------------


def test_on_the_device_1500_df_inherit_with_df_is_as_df_set() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE, df("inherit"))
    lab.forget()
    assert outcomes(lab.ping("-c 3 -M do -s 1472")) == ["refused 1450"] * 2
    assert lab.drops() == [("mtu", "host-b")]


def test_on_the_device_1500_df_inherit_without_df_is_as_df_unset() -> None:
    lab = MtuLab(direct(), DEVICE, WIDE, df("inherit"))
    assert outcomes(lab.ping("-c 2 -M dont -s 1472")) == ["reply"] * 2
    assert lab.sent("host-b") == [1514, 84, 1508, 140]


# ---- underlay router with a 1400-byte next link -------------------------------------------------


@pytest.mark.parametrize("attach", ["bridge", "device"])
def test_router_1400_df_unset_it_cuts_and_tells_nobody(attach: str) -> None:
    lab = MtuLab(behind("router"), f"overlaysim.attach={attach}")
    lab.forget()
    assert outcomes(lab.ping("-c 2 -M do -s 1400")) == ["reply"] * 2
    assert lab.sent("host-b") == [1492] * 2  # 1478 bytes of IP
    assert lab.received("host-a") == [1410, 116] * 2
    assert lab.packets("icmp") == []
    assert lab.host_path_mtu("host-b", "host-a") == 1500


def test_router_1400_df_set_the_first_two_packets_are_lost() -> None:
    lab = MtuLab(behind("router"), DEVICE, df("set"))
    lab.forget()
    output = lab.ping("-c 5 -M do -s 1400")
    assert outcomes(output) == ["refused 1350"] * 3
    assert "5 packets transmitted, 0 packets received, +3 errors, 100% packet loss" in output
    assert lab.drops() == [("fragmentation needed", "x1"), ("mtu", "host-b")]
    (error,) = lab.packets("icmp")
    said = read_too_big(error.inner(1))
    assert said is not None
    assert said.mtu == 1400
    assert (said.source, said.destination) == (
        lab.host("host-b").address,
        lab.host("host-a").address,
    )
    assert lab.host_path_mtu("host-b", "host-a") == 1400
    assert lab.path_mtu("client", WEB) == 1350


def test_router_1400_df_set_behind_a_bridge_the_tunnel_passes_it_on() -> None:
    lab = MtuLab(behind("router"), df("set"))
    lab.forget()
    assert outcomes(lab.ping("-c 3 -M do -s 1400")) == ["told 1350", "refused 1350"]
    assert lab.drops() == [
        ("fragmentation needed", "x1"), ("fragmentation needed", "vxlan0@host-b"),
    ]  # fmt: skip


# ---- Docker's own set-up, line by line ----------------------------------------------------------


def test_docker_longer_than_the_containers_mtu() -> None:
    lab = MtuLab(direct())
    assert outcomes(lab.ping("-c 1 -M do -s 1423")) == ["refused 1450"]
    assert lab.sent("host-b") == []
    assert outcomes(lab.ping("-c 1 -M dont -s 1423")) == ["reply"]
    assert lab.sent("host-b") == [1508, 91]


def test_docker_underlay_1450_with_df_the_answer_is_kept_for_ten_minutes() -> None:
    lab = MtuLab(direct(1450))
    lab.forget()
    output = lab.ping("-c 3 -M do -s 1422")
    assert outcomes(output) == ["told 1400", "refused 1400", "refused 1400"]
    assert f"From {WEB} icmp_seq=0 Frag needed and DF set (mtu = 1400)" in output
    shown = lab.exec("client", f"ip route get {WEB}").splitlines()
    assert shown[0] == f"{WEB} dev eth0 src {CLIENT} uid 0"
    assert shown[1].startswith("    cache expires 59")
    assert shown[1].endswith("sec mtu 1400")
    assert outcomes(lab.ping("-c 1 -M do -s 1372")) == ["reply"]
    lab.wait(600 * SECOND)
    assert lab.exec("client", f"ip route get {WEB}").splitlines()[1] == "    cache"
    assert outcomes(lab.ping("-c 1 -M do -s 1422")) == ["told 1400"]


def test_docker_underlay_1450_without_df_the_outer_packet_is_cut_and_put_together() -> None:
    lab = MtuLab(direct(1450))
    lab.forget()
    assert outcomes(lab.ping("-c 2 -M dont -s 1422")) == ["reply"] * 2
    # 1500 bytes of outer IP: 20 + 1424, and 20 + 56
    assert lab.sent("host-b") == lab.received("host-a") == [1458, 90] * 2
    first, further = (e.packet for e in lab.seen[:2])
    assert first.layer(1, IPv4).df is further.layer(1, IPv4).df is False
    assert first.find(UDP) is not None
    assert further.find(UDP) is None
    assert lab.drops() == []


def test_docker_narrow_routed_underlay_routers_cut() -> None:
    lab = MtuLab(behind("router", 1450))
    assert outcomes(lab.ping("-c 1 -M do -s 1422")) == ["reply"]
    assert lab.received("host-a") == [1458, 90]


def test_docker_narrow_switched_underlay_is_a_black_hole() -> None:
    lab = MtuLab(behind("switch"))
    lab.forget()
    assert outcomes(lab.ping("-c 1 -s 56")) == ["reply"]
    assert outcomes(lab.ping("-c 2 -W 1 -M do -s 1400")) == []
    assert outcomes(lab.ping("-c 1 -W 1 -M dont -s 1400")) == []
    assert lab.drops() == [("mtu", "x1->x2")] * 3
    assert lab.packets("icmp") == []
    assert outcomes(lab.ping("-c 1 -M do -s 1322")) == ["reply"]  # 1350 + 50


def test_docker_an_mtu_made_for_the_underlay_repairs_the_black_hole() -> None:
    lab = MtuLab(behind("switch"), f"{SMALL_MTU}=1400")
    lab.forget()
    assert outcomes(lab.ping("-c 1 -M do -s 1322")) == ["reply"]
    assert outcomes(lab.ping("-c 1 -s 1400")) == ["reply"]
    assert lab.drops() == []


# ---- interfaces, faults, tracepath --------------------------------------------------------------


def test_an_interface_takes_no_more_than_its_own_mtu() -> None:
    lab = MtuLab(direct())
    lab.exec("web", "ip link set eth0 mtu 1000")
    assert "mtu 1000" in lab.exec("web", "ip link show eth0")
    lab.forget()
    assert outcomes(lab.ping("-c 1 -W 1 -M dont -s 1422")) == []
    assert lab.drops() == [("mtu", "web@host-a")]
    assert outcomes(lab.ping("-c 1 -s 972")) == ["reply"]


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("ip link set eth0 mtu 1400", 0, ""),
        ("ip link set dev eth0 mtu 60", 2, "ip: SIOCSIFMTU: Invalid argument"),
        ("ip link set dev eth0 mtu 65536", 2, "ip: SIOCSIFMTU: Invalid argument"),
        ("ip link set dev eth9 mtu 600", 2, "ip: SIOCSIFMTU: No such device"),
        ("ip link set eth0 mtu abc", 2, "ip: invalid argument 'abc' to 'mtu'"),
        ("ip link set eth0 mtu", 2, 'ip: command line is not complete, try "help"'),
        ("ip link set mtu 600", 2, 'ip: "dev" requires an argument'),
        ("ip link set eth0 up", 2, "ip: 'up' cannot be set here, only mtu"),
        ("ip route get", 1, "ip: need at least a destination address"),
        ("ip route get web", 1, 'ip: any valid prefix is expected rather than "web"'),
        (f"ip route get {CLIENT}", 0,
         f"local {CLIENT} dev lo src {CLIENT} uid 0\n    cache <local>"),
        ("ip route get 192.0.2.1", 0,
         "192.0.2.1 via 172.18.0.1 dev eth1 src 172.18.0.3 uid 0\n    cache"),
    ],
)  # fmt: skip
def test_the_ip_command(command: str, status: int, said: str) -> None:
    lab = MtuLab(direct())
    assert lab.exec("client", command, status).strip() == said


def test_without_a_route_the_network_is_unreachable() -> None:
    lab = MtuLab(direct())
    lab.run("host-a", "docker network create -d overlay --attachable --internal cellar")
    lab.start("host-b", "alone", network="cellar")
    said = lab.exec("alone", "ip route get 192.0.2.1", 2)
    assert said.strip() == "ip: RTNETLINK answers: Network is unreachable"


def test_a_link_can_become_narrower_and_wide_again() -> None:
    lab = MtuLab(direct())
    lab.session.faults.command(["link", "host-b", "switch", "mtu", "1400B"])
    assert outcomes(lab.ping("-c 2 -M do -s 1422")) == ["told 1350", "refused 1350"]
    lab.session.faults.command(["heal", "all"])
    assert outcomes(lab.ping("-c 1 -M do -s 1422")) == ["refused 1350"]  # for ten minutes
    lab.container("client").stack.paths.forget()
    assert outcomes(lab.ping("-c 1 -M do -s 1422")) == ["reply"]


def test_tracepath_finds_what_the_path_carries() -> None:
    lab = MtuLab(direct(1450))
    lines = lab.exec("client", "tracepath web").splitlines()
    assert lines[0] == " 1?: [LOCALHOST]                      pmtu 1450"
    assert lines[1].startswith(" 1:  web.app ")
    assert lines[1].endswith("ms pmtu 1400")
    assert lines[2].startswith(" 1:  web.app ")
    assert lines[2].endswith("ms reached")
    assert lines[3:] == ["     Resume: pmtu 1400 hops 1 back 1"]


def test_tracepath_in_a_black_hole_ends_without_an_answer() -> None:
    lab = MtuLab(behind("switch"))
    lines = lab.exec("client", "tracepath -n -m 2 web").splitlines()
    assert lines == [
        " 1?: [LOCALHOST]                      pmtu 1450",
        " 1:  no reply",
        " 2:  no reply",
        "     Too many hops: pmtu 1450",
        "     Resume: pmtu 1450",
    ]


def test_an_answer_of_the_tunnel_reaches_a_client_behind_a_virtual_ip() -> None:
    lab = MtuLab(direct(1450))
    lab.run("host-a", "docker service create --name api --network app --replicas 1 "
            "--constraint node.hostname==host-a alpine sleep 1000")  # fmt: skip
    lab.wait(5 * SECOND)
    lines = lab.exec("client", "tracepath -n api").splitlines()
    assert lines[1].endswith("ms pmtu 1400")
    assert lines[-1].startswith("     Resume: pmtu 1400 hops 1 back")


def test_udp_to_a_host_without_overlays_is_refused_to_the_sending_host() -> None:
    lab = MtuLab(direct())
    away = lab.host("host-a")
    for membership in away.memberships.values():
        if membership.info.vni is not None:
            away.datapath.remove_segment(membership.segment)
    lab.forget()
    lab.ping("-c 1 -W 1")
    assert ("port closed", "host-a") in lab.drops()
    (error,) = lab.packets("icmp")
    assert error.layer(2, ICMP)[:2] == (3, 3)
    assert error.layer(1, IPv4).dst == lab.host("host-b").address


@pytest.mark.parametrize(
    ("quoted", "learned"),
    [
        (Packet((IPv4(CLIENT, WEB), ICMP(8, ident=1)), b"x" * 600), 1000),
        (Packet((IPv4("10.0.1.9", WEB), ICMP(8, ident=1)), b"x" * 600), None),
        (Packet((IPv4(CLIENT, WEB), UDP(5000, 9)), b"x" * 600), None),  # no such socket
    ],
)
def test_a_container_believes_what_is_said_of_its_own_packets(
    quoted: Packet, learned: int | None
) -> None:
    lab = MtuLab(direct())
    stack = lab.container("client").stack
    error = Packet((IPv4(WEB, CLIENT), ICMP(3, 4, 0, 1000)), quoted.pack()[:548])
    journey = lab.simulator.ledger.create("icmp", lab.simulator.now, source="test", intended="test")
    stack.take(stack.interfaces[0], journey, error)
    assert lab.path_mtu("client", WEB) == learned


def test_a_path_too_narrow_to_be_remembered_goes_without_df() -> None:
    lab = MtuLab(direct())
    stack = lab.container("client").stack
    stack.learn_mtu(stack.interfaces[0], WEB, 300)
    assert lab.exec("client", f"ip route get {WEB}").splitlines()[1].endswith("sec mtu lock 552")
    assert outcomes(lab.ping("-c 1 -s 56")) == ["reply"]
    assert lab.seen[0].packet.layer(5, IPv4).df is False
    assert outcomes(lab.ping("-c 1 -s 600")) == ["reply"]
    assert lab.sent("host-b")[-2:] == [548 + 64, 100 + 64]
    assert outcomes(lab.ping("-c 1 -M do -s 600")) == ["refused 552"]


# ---- the control plane has the same underlay ----------------------------------------------------


@pytest.mark.parametrize("mtu", [1400, 600])
def test_a_swarm_lives_on_a_narrow_underlay(mtu: int) -> None:
    lab = MtuLab(direct(mtu))
    lab.run("host-a", "docker service create --name api --network app --replicas 9 alpine sleep 99")
    lab.wait(20 * SECOND)
    assert lab.run("host-a", "docker service ls").text.count("9/9") == 1
    ledger = lab.simulator.ledger
    assert not [reason for _, reason in ledger.dropped if reason in ("mtu", "fragment lost")]
    longest = max(c.length for c in lab.world.underlay.links["host-a", "switch"].compositions)
    assert longest <= 14 + mtu
    if mtu == 600:  # a datagram of gossip can be longer; a segment never is
        assert ledger.created["fragment"] > 0
        kinds = {c.kind for link in lab.world.underlay.links.values()
                 for c in link.compositions if c.fragmentation}  # fmt: skip
        assert kinds <= {"probe", "membership", "table", "data"}
    assert outcomes(lab.ping("-c 2 -s 1422"))[-1] == "reply"  # the first may be what teaches
