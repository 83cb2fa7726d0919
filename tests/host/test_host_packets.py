"""A container's packets: sizes, the bridge of one host, broadcasts, gateways, several networks."""

from __future__ import annotations

import pytest
from host_lab import HostLab, loss, tutorial

from overlaysim.overlay.encapsulation.vxlan import VXLAN_LINUX
from overlaysim.units import MS, SECOND
from overlaysim.wire import ICMP, IPv4


@pytest.fixture(scope="module")
def lab() -> HostLab:
    """web 10.0.1.2 on host-a; client 10.0.1.4 and neighbour 10.0.1.6 on host-b."""
    lab = tutorial()
    lab.start("host-b", "neighbour")
    lab.wait(SECOND)
    return lab


@pytest.mark.parametrize(
    ("arguments", "frames"),
    [
        ("-s 56", [148]),
        ("-s 1000", [1092]),
        ("-s 1422 -M do", [1514]),  # inner IP 1450, outer IP 1500
        ("-s 1422 -M dont", [1514]),
        ("-s 1423 -M dont", [1508, 91]),
        ("-s 1423", [1508, 91]),  # unasked, what does not fit is cut
        ("-s 4000", [1508, 1508, 1244]),
    ],
)
def test_frames_are_as_long_as_captured_ones(
    lab: HostLab, arguments: str, frames: list[int]
) -> None:
    # the same pings as in docker-ping-vxlan.pcap, request and reply alike
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 1 {arguments} web")
    assert loss(output) == (1, 1)
    assert seen.lengths("host-b") == frames
    assert seen.lengths("host-a") == frames
    assert all(j.outcome == "delivered" and j.reached == j.intended for j in seen.journeys)


def test_what_is_too_long_for_df_is_refused_at_home(lab: HostLab) -> None:
    with lab.watch() as seen:
        output = lab.exec("client", "ping -c 1 -s 1423 -M do web", status=1)
    assert "mtu=1450" in output
    assert seen.journeys == []
    assert seen.sent == []


@pytest.mark.parametrize(("mode", "df"), [("do", True), ("dont", False), ("want", True)])
def test_df_is_inside_only(lab: HostLab, mode: str, df: bool) -> None:
    with lab.watch() as seen:
        lab.exec("client", f"ping -c 1 -M {mode} web")
    request, reply = seen.sent
    inner = VXLAN_LINUX.decapsulate(request.packet)[1]
    assert request.packet.layer(1, IPv4).df is False
    assert inner.layer(1, IPv4).df is df
    # Linux answers echoes with DF clear whatever the request had; so in the capture
    assert VXLAN_LINUX.decapsulate(reply.packet)[1].layer(1, IPv4).df is False


def test_fragments_carry_one_identification_and_one_message_key(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 -s 4000 web")
    pieces = [
        VXLAN_LINUX.decapsulate(f.packet)[1].layer(1, IPv4) for f in seen.sent if f.host == "host-b"
    ]
    assert {piece.ident for piece in pieces} == {pieces[0].ident}
    assert [(piece.offset, piece.mf) for piece in pieces] == [
        (0, True), (1424, True), (2848, False),
    ]  # fmt: skip
    requests = [j.message for j in seen.journeys if j.source == "client@host-b"]
    assert len(requests) == 3
    assert len(set(requests)) == 1
    assert requests[0][-1] == "request"


def test_one_host_needs_no_underlay(lab: HostLab) -> None:
    with lab.watch() as seen:
        output = lab.exec("client", "ping -c 2 -s 1422 -M do neighbour")
    assert loss(output) == (2, 2)
    assert "ttl=64" in output
    assert seen.sent == []
    assert {j.reached for j in seen.journeys} == {"client@host-b", "neighbour@host-b"}
    assert "mtu=1450" in lab.exec("client", "ping -c 1 -s 1423 -M do neighbour", status=1)


def test_an_unused_address_gets_no_answer_and_nothing_leaves(lab: HostLab) -> None:
    client = lab.container("client")
    with lab.watch() as seen:
        command = lab.session.command("host-b", "docker exec client ping -c 2 -W 5 10.0.1.99")
        process = lab.simulator.spawn(command)
        lab.wait(2 * SECOND)
        rows = client.stack.interfaces[0].neighbours.rows(lab.simulator.now)
        assert ("10.0.1.99", None, "INCOMPLETE") in rows
        outcome = lab.simulator.run_until(process)
    assert loss(outcome.text) == (2, 0)
    assert seen.sent == []
    assert seen.reasons == [("no neighbour", "vxlan0@host-b")] * 2
    # three requests, a second apart
    first = seen.journeys[0]
    assert first.resolve == first.ended - first.born == 3 * SECOND
    assert "10.0.1.99 dev eth0 FAILED" in lab.exec("client", "ip neigh")


@pytest.mark.parametrize("group", ["10.0.1.255", "255.255.255.255", "224.0.0.1"])
def test_broadcast_and_multicast_never_leave_the_host(lab: HostLab, group: str) -> None:
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 1 -W 1 {group}", status=1)
    assert loss(output) == (1, 0)
    assert seen.sent == []
    assert len(seen.reasons) == 1
    assert group not in lab.exec("client", "ip neigh")  # no ARP for a group


def test_a_flooded_broadcast_dies_at_the_vxlan_device(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 -W 1 10.0.1.255", status=1)
    assert seen.reasons == [("no forwarding entry", "vxlan0@host-b")]


def test_every_host_answers_for_the_gateway_itself(lab: HostLab) -> None:
    macs = []
    for name in ("client", "web"):
        with lab.watch() as seen:
            assert loss(lab.exec(name, "ping -c 1 10.0.1.1")) == (1, 1)
        assert seen.sent == []
        assert all(j.reached == j.intended for j in seen.journeys)
        rows = lab.exec(name, "ip neigh show dev eth0").splitlines()
        macs.append(next(row.split()[4] for row in rows if row.startswith("10.0.1.1 ")))
    assert macs[0] != macs[1]


@pytest.mark.parametrize("target", ["localhost", "127.0.0.1", "client", "10.0.1.4"])
def test_to_itself_a_container_needs_neither_arp_nor_wire(lab: HostLab, target: str) -> None:
    arps = lab.simulator.ledger.created["arp"]
    with lab.watch() as seen:
        assert loss(lab.exec("client", f"ping -c 1 -s 9000 -M do {target}")) == (1, 1)
    assert seen.sent == []
    assert lab.simulator.ledger.created["arp"] == arps
    assert [j.reached for j in seen.journeys] == ["client@host-b"] * 2
    assert [j.intended for j in seen.journeys] == ["client@host-b"] * 2


def test_pings_to_one_address_share_a_source_port(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 3 -i 0.1 web")
    ports = {(f.host, f.packet.layers[2].src_port) for f in seen.sent}
    assert len(ports) == 2  # one per host: two kernels have two hash keys
    assert all(32_768 <= port < 61_000 for _, port in ports)


def test_the_echo_keeps_its_payload_and_number(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 2 -i 0.1 web")
    echoes = [VXLAN_LINUX.decapsulate(f.packet)[1] for f in seen.sent]
    assert [packet.layer(2, ICMP).sequence for packet in echoes] == [0, 0, 1, 1]
    assert len({packet.layer(2, ICMP).ident for packet in echoes}) == 1
    assert len({bytes(packet.payload) for packet in echoes}) == 1


# ---- several networks -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_networks() -> HostLab:
    """red has web (host-a) and client (host-b); blue has other (host-b); both has two."""
    lab = HostLab()
    lab.swarm("red", "blue")
    lab.start("host-a", "web", network="red")
    lab.start("host-b", "client", network="red")
    lab.start("host-b", "other", network="blue")
    lab.start("host-a", "both", network="red")
    lab.run("host-a", "docker network connect blue both")
    lab.wait(SECOND)
    return lab


def address(lab: HostLab, name: str, network: str) -> str:
    container = lab.container(name)
    return next(a.interface.address for a in container.attachments if a.info.name == network)


def test_networks_are_apart(two_networks: HostLab) -> None:
    lab = two_networks
    target = address(lab, "other", "blue")
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 2 -W 1 {target}", status=1)
    assert loss(output) == (2, 0)
    assert seen.sent == []
    # it leaves by the default route and finds no way from there
    assert seen.reasons == [("no route", "br-docker_gwbridge@host-b")] * 2


def test_a_container_in_two_networks_reaches_both_by_the_right_interface(
    two_networks: HostLab,
) -> None:
    lab = two_networks
    for name, network, vni in (("client", "red", 4097), ("other", "blue", 4098)):
        with lab.watch() as seen:
            assert loss(lab.exec("both", f"ping -c 1 {name}")) == (1, 1)
        inner_vni, inner = VXLAN_LINUX.decapsulate(seen.sent[0].packet)
        assert inner_vni == vni
        assert inner.layer(1, IPv4).src == address(lab, "both", network)
        assert inner.layer(1, IPv4).dst == address(lab, name, network)
    interfaces = [(i.name, i.segment.info.name) for i in lab.container("both").stack.interfaces]
    assert interfaces == [("eth0", "red"), ("eth1", "docker_gwbridge"), ("eth2", "blue")]
    assert lab.exec("both", "ip route").startswith("default via 172.18.0.1 dev eth1\n")


def test_nobody_routes_between_the_networks_of_a_container(two_networks: HostLab) -> None:
    lab = two_networks
    target = address(lab, "both", "blue")
    with lab.watch() as seen:
        assert loss(lab.exec("client", f"ping -c 1 -W 1 {target}", status=1)) == (1, 0)
    assert seen.reasons == [("no route", "br-docker_gwbridge@host-b")]


def test_a_disconnected_network_is_out_of_reach_at_once() -> None:
    lab = HostLab()
    lab.swarm("red")
    web = lab.start("host-a", "web", network="red")
    lab.start("host-b", "client", network="red")
    target = web.attachments[0].interface.address
    assert loss(lab.exec("client", f"ping -c 1 {target}")) == (1, 1)
    lab.run("host-b", "docker network disconnect red client")
    assert "bad address" in lab.exec("client", "ping -c 1 web", status=1)
    with lab.watch() as seen:
        lab.exec("client", f"ping -c 1 -W 1 {target}", status=1)
    assert seen.sent == []
    assert len(seen.reasons) == 1
    lab.world.check_conservation()


def test_interfaces_keep_their_names_when_others_go() -> None:
    lab = HostLab()
    lab.swarm("red", "blue")
    web = lab.start("host-a", "web", network="red")
    lab.run("host-a", "docker network connect blue web")
    assert [i.name for i in web.stack.interfaces] == ["eth0", "eth1", "eth2"]
    lab.run("host-a", "docker network disconnect red web")
    lab.run("host-a", "docker network connect red web")
    assert [i.name for i in web.stack.interfaces] == ["eth1", "eth2", "eth3"]


def test_an_internal_network_has_no_way_out() -> None:
    lab = HostLab()
    lab.run("host-a", "docker swarm init")
    lab.run("host-a", "docker network create -d overlay --attachable --internal cellar")
    lab.start("host-a", "web", network="cellar")
    lab.start("host-b", "client", network="cellar")
    lab.wait(SECOND)
    assert loss(lab.exec("client", "ping -c 1 web")) == (1, 1)
    assert "default" not in lab.exec("client", "ip route")
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 -W 1 192.0.2.1", status=1)
    assert seen.reasons == [("no container route", "client@host-b")]


def test_a_container_that_loses_its_way_out_keeps_the_books_straight() -> None:
    lab = HostLab()
    lab.run("host-a", "docker network create local")
    lab.start("host-a", "web", network="local")
    lab.run("host-a", "docker network disconnect local web")
    with lab.watch() as seen:
        lab.exec("web", "ping -c 1 -W 1 172.18.0.9", status=1)
    assert seen.reasons == [("no container route", "web@host-a")]
    lab.world.check_conservation()


def test_a_local_bridge_joins_and_names_its_containers() -> None:
    lab = HostLab()
    lab.run("host-a", "docker network create local")
    lab.start("host-a", "web", network="local")
    lab.start("host-a", "client", network="local")
    with lab.watch() as seen:
        assert loss(lab.exec("client", "ping -c 1 web")) == (1, 1)
    assert [j.reached for j in seen.journeys] == ["web@host-a", "client@host-a"]
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 -W 1 172.18.0.99", status=1)
        lab.wait(5 * SECOND)
    assert seen.reasons == [("no neighbour", "br-local@host-a")]


def test_the_clock_of_a_ping_across_hosts_is_the_underlays(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 10.0.1.2")
    request = seen.journeys[0]
    # two links of 1 Gbit/s and 50 us each; 148 + 24 bytes on the wire
    assert request.transmit == 2 * 172 * 8 * 1000
    assert request.propagate == 2 * 50 * MS // 1000
    assert sum(request.parts) == request.ended - request.born == 102_752_000
