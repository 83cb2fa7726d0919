"""The way out of a container: forwarded, masqueraded, answered, and back, byte for byte."""

from __future__ import annotations

import pytest
from host_lab import HostLab, UdpClient, loss

from overlaysim.host.segment import Segment
from overlaysim.host.stack import DISCARD_PORT
from overlaysim.overlay.fragments import fragment
from overlaysim.overlay.icmp_errors import read_quoted
from overlaysim.sim import Journey
from overlaysim.sim.events import FlowMasqueraded, FrameSeen
from overlaysim.traffic.messages import PortUnreachable
from overlaysim.units import MS, SECOND, US
from overlaysim.wire import ICMP, UDP, Ethernet, IPv4, Packet, decode
from overlaysim.wire.icmp import ECHO_REPLY, ECHO_REQUEST, PORT_UNREACHABLE, UNREACHABLE

SWARM = """\
name: out
underlay:
  hosts: [host-a, host-b, database]
  link: {rate: 1 Gbit/s, delay: 50 us, mtu: %s}
late: [database]
"""
HOST_A, HOST_B, DATABASE = "10.77.0.11", "10.77.0.12", "10.77.0.13"
CLIENT = "172.18.0.3"


def out_lab(mtu: str = "1500 B") -> HostLab:
    """client on host-a, in an overlay; the database is in no swarm."""
    lab = HostLab(SWARM % mtu)
    lab.swarm("app-overlay")
    lab.start("host-a", "client")
    lab.wait(SECOND)
    return lab


@pytest.fixture(scope="module")
def lab() -> HostLab:
    return out_lab()


def addresses(packet: Packet) -> tuple[str, str, int]:
    """Source, target and TTL of the outermost IP packet."""
    ip = packet.find(IPv4)
    assert ip is not None
    return ip.src, ip.dst, ip.ttl


def start(lab: HostLab, container: str, command: str) -> None:
    host = lab.container(container).host
    lab.simulator.spawn(lab.session.command(host, f"docker exec {container} {command}"))


class Wire:
    """Every container frame on the bridges and on the underlay, in order."""

    def __init__(self, lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, Packet]] = []
        forward = Segment.forward

        def watch(segment: Segment, journey: Journey, frame: Packet) -> None:
            self.seen.append((segment.info.label, frame))
            forward(segment, journey, frame)

        monkeypatch.setattr(Segment, "forward", watch)
        lab.simulator.bus.subscribe(FrameSeen, self._frame)

    def _frame(self, event: FrameSeen) -> None:
        if event.journey.kind in ("data", "icmp", "fragment"):
            place = f"{event.host} {'out' if event.outgoing else 'in'}"
            self.seen.append((place, event.packet))


# ---- the story --------------------------------------------------------------------------------


def test_a_ping_out_and_back_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = out_lab()
    wire = Wire(lab, monkeypatch)
    with lab.watch() as watched:
        output = lab.exec("client", f"ping -c 1 {DATABASE}")
    assert f"64 bytes from {DATABASE}: seq=0 ttl=63 time=0.203 ms" in output

    bridge = "docker_gwbridge@host-a"
    assert [(place, *addresses(packet)) for place, packet in wire.seen] == [
        (bridge, CLIENT, DATABASE, 64),
        ("host-a out", HOST_A, DATABASE, 63),
        ("database in", HOST_A, DATABASE, 63),
        ("database out", DATABASE, HOST_A, 64),
        ("host-a in", DATABASE, HOST_A, 64),
        (bridge, DATABASE, CLIENT, 63),
    ]
    packets = [packet for _, packet in wire.seen]
    assert {packet.length for packet in packets} == {98}  # no byte for the overlay
    assert [packet.layer(2, ICMP).type for packet in packets] == [ECHO_REQUEST] * 3 + [
        ECHO_REPLY
    ] * 3
    assert len({(p.layer(2, ICMP).ident, p.layer(2, ICMP).sequence) for p in packets}) == 1

    macs = {h.name: h.mac for h in lab.world.directory.hosts_within("10.77.0.0/24")}
    gateway = lab.membership("host-a", "docker_gwbridge").gateway.interfaces[0].mac
    client = lab.container("client").stack.interfaces[1].mac
    for packet, target, source in zip(
        packets,
        (gateway, *[macs["database"]] * 2, *[macs["host-a"]] * 2, client),
        (client, *[macs["host-a"]] * 2, *[macs["database"]] * 2, gateway),
        strict=True,
    ):
        assert (packet.layer(0, Ethernet).dst, packet.layer(0, Ethernet).src) == (target, source)
        read = decode(packet.pack())
        assert read.pack() == packet.pack()
        assert read.recomputed().pack() == packet.pack()  # every checksum is right

    (ping,) = lab.session.measure().latencies.pings.items()
    assert ping[0] == ("client@host-a", "database")
    assert [*ping[1].latencies] == [2 * 101_952_000]
    request, reply = watched.journeys
    assert (request.source, request.intended, request.reached) == (
        "client@host-a", "database", "database",
    )  # fmt: skip
    assert (reply.source, reply.intended, reply.reached) == (
        "database", "client@host-a", "client@host-a",
    )  # fmt: skip
    for journey in watched.journeys:
        assert journey.ended is not None
        assert sum(journey.parts) == journey.ended - journey.born == 101_952_000
        bytes_of = journey.composition
        assert (bytes_of.payload, bytes_of.inner_headers) == (56, 42)
        assert (bytes_of.encapsulation, bytes_of.outer_headers) == (0, 0)
        assert bytes_of.length == journey.length == 98
        assert [hop.link for hop in journey.hops or ()] in (
            ["host-a->switch", "switch->database"], ["database->switch", "switch->host-a"],
        )  # fmt: skip
    lab.world.check_conservation()


def test_each_flow_is_told_once() -> None:
    lab = out_lab()
    flows: list[FlowMasqueraded] = []
    lab.simulator.bus.subscribe(FlowMasqueraded, flows.append)
    lab.exec("client", f"ping -c 3 -i 0.1 {DATABASE}")
    lab.host("host-a").execute(lab.container("client"), UdpClient(5000, DATABASE, 9, count=3))
    lab.wait(SECOND)
    icmp, udp = flows
    assert (icmp.protocol, icmp.source, icmp.target, icmp.target_port) == (
        "icmp", CLIENT, DATABASE, 0,
    )  # fmt: skip
    assert (udp.endpoint, udp.interface, udp.network, udp.host) == (
        "client@host-a", "eth1", "docker_gwbridge@host-a", "host-a",
    )  # fmt: skip
    assert (udp.source_port, udp.target_port, udp.port) == (5000, 9, 5000)


# ---- who is reached -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "name", "ttl"), [(HOST_A, "host-a", 64), (HOST_B, "host-b", 63)]
)
def test_hosts_of_the_swarm_answer_their_own_as_well(
    lab: HostLab, target: str, name: str, ttl: int
) -> None:
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 1 {target}")
    assert f"bytes from {target}: seq=0 ttl={ttl} " in output
    assert [(j.source, j.reached) for j in seen.journeys] == [
        ("client@host-a", name), (name, "client@host-a"),
    ]  # fmt: skip
    assert all(j.reached == j.intended for j in seen.journeys)


def test_a_container_on_a_bridge_network_goes_the_same_way() -> None:
    lab = HostLab(SWARM % "1500 B")
    lab.run("host-b", "docker network create lan")
    lab.start("host-b", "tool", network="lan")
    lab.start("host-b", "plain", network="bridge")
    for container in ("tool", "plain"):
        assert loss(lab.exec(container, f"ping -c 1 {DATABASE}")) == (1, 1)
    other = lab.membership("host-b", "lan").info.gateway
    assert loss(lab.exec("plain", f"ping -c 1 {other}")) == (1, 1)  # an address of the host, too


def test_an_internal_network_has_no_way_out() -> None:
    lab = HostLab(SWARM % "1500 B")
    lab.run("host-a", "docker swarm init")
    lab.run("host-a", "docker network create -d overlay --attachable --internal inner")
    lab.run("host-a", "docker network create --internal cellar")
    for name, network in (("one", "inner"), ("two", "cellar")):
        lab.start("host-a", name, network=network)
        with lab.watch() as seen:
            assert loss(lab.exec(name, f"ping -c 1 -W 1 {DATABASE}", status=1)) == (1, 0)
        assert seen.reasons == [("no container route", f"{name}@host-a")]


def test_an_internal_bridge_forwards_nothing_even_if_asked() -> None:
    lab = HostLab(SWARM % "1500 B")
    lab.run("host-a", "docker network create --internal cellar")
    container = lab.start("host-a", "two", network="cellar")
    gateway = lab.membership("host-a", "cellar").info.gateway
    container.stack.default = (container.stack.interfaces[0], gateway)  # ip route add default
    with lab.watch() as seen:
        lab.exec("two", f"ping -c 1 -W 1 {DATABASE}", status=1)
    assert seen.reasons == [("no route", "br-cellar@host-a")]


def test_an_address_that_nobody_has_is_out_of_reach(lab: HostLab) -> None:
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 -W 1 -s 3000 10.9.9.9", status=1)
    assert seen.reasons == [("no route", "br-docker_gwbridge@host-a")] * 3
    assert {j.intended for j in seen.journeys} == {"10.9.9.9"}


@pytest.mark.parametrize("size", [100, 3000])
def test_two_containers_with_one_port_are_kept_apart(size: int) -> None:
    lab = out_lab()
    lab.start("host-a", "other")
    seen: list[tuple[str, int]] = []

    def note(event: FrameSeen) -> None:
        udp = event.packet.find(UDP)
        if event.outgoing and event.host == "host-a" and udp and udp.dst_port == 4000:
            seen.append((addresses(event.packet)[0], udp.src_port))

    lab.simulator.bus.subscribe(FrameSeen, note)
    clients = {name: UdpClient(5000, DATABASE, 4000, size=size) for name in ("client", "other")}
    for name, client in clients.items():
        lab.host("host-a").execute(lab.container(name), client)
    lab.wait(SECOND)
    assert seen == [(HOST_A, 5000), (HOST_A, 5001)]
    for client in clients.values():  # each is told of its own, by the port that it sent from
        assert client.heard == [PortUnreachable(DATABASE, 4000, 63)]


# ---- UDP ----------------------------------------------------------------------------------------


def test_a_port_that_nobody_listens_on_is_refused(
    lab: HostLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(lab, monkeypatch)
    client = UdpClient(5000, DATABASE, 4000, size=700)
    with lab.watch() as seen:
        lab.host("host-a").execute(lab.container("client"), client)
        lab.wait(SECOND)
    assert seen.reasons == [("port closed", "database")]
    assert client.heard == [PortUnreachable(DATABASE, 4000, 63)]
    errors = [(place, packet) for place, packet in wire.seen if packet.find(ICMP)]
    assert [(place, *addresses(packet)[:2]) for place, packet in errors] == [
        ("database out", DATABASE, HOST_A), ("host-a in", DATABASE, HOST_A),
        ("docker_gwbridge@host-a", DATABASE, CLIENT),
    ]  # fmt: skip
    for (place, packet), source in zip(errors, (HOST_A, HOST_A, CLIENT), strict=True):
        icmp = packet.layer(2, ICMP)
        assert (icmp.type, icmp.code) == (UNREACHABLE, PORT_UNREACHABLE), place
        quoted = read_quoted(bytes(packet.payload))
        assert quoted is not None
        assert addresses(quoted) == (source, DATABASE, 63)
        assert packet.inner(1).length == 576
        assert decode(packet.pack()).recomputed().pack() == packet.pack()


def test_refusals_are_not_sent_more_often_than_linux_does() -> None:
    lab = out_lab()
    client = UdpClient(5000, DATABASE, 4000, count=100)
    with lab.watch() as seen:
        lab.host("host-a").execute(lab.container("client"), client)
        lab.wait(SECOND)
    assert len(seen.reasons) == 100
    assert len(client.heard) == 6


@pytest.mark.parametrize("target", [DATABASE, HOST_A])
def test_the_discard_port_takes_and_forgets(lab: HostLab, target: str) -> None:
    client = UdpClient(5001, target, DISCARD_PORT, count=5)
    with lab.watch() as seen:
        lab.host("host-a").execute(lab.container("client"), client)
        lab.wait(SECOND)
    assert [j.outcome for j in seen.journeys] == ["delivered"] * 5
    assert {j.reached == j.intended for j in seen.journeys} == {True}
    assert client.heard == []


@pytest.mark.parametrize(("target", "name"), [(HOST_A, "host-a"), (HOST_B, "host-b")])
def test_a_daemons_port_takes_a_datagram_and_makes_nothing_of_it(
    lab: HostLab, target: str, name: str
) -> None:
    client = UdpClient(5002, target, 7946, count=2)
    with lab.watch() as seen:
        lab.host("host-a").execute(lab.container("client"), client)
        lab.wait(SECOND)
    assert [(j.outcome, j.reached) for j in seen.journeys] == [("delivered", name)] * 2
    assert client.heard == []


def test_an_answer_to_a_port_closed_meanwhile_is_refused_by_the_container() -> None:
    """An error from inside leaves as the host's own, and quotes what the outside had sent."""
    lab = out_lab()
    host, container = lab.host("host-a"), lab.container("client")
    client = UdpClient(5000, DATABASE, DISCARD_PORT)
    host.execute(container, client)
    lab.wait(MS)
    container.stack.forget(container.executions[-1])  # the program has closed its port
    database = lab.host("database")
    target = database.around.directory.host_at(HOST_A)
    assert target is not None
    answer = lab.simulator.ledger.create(
        "data", lab.simulator.now, source="database", intended="host-a", message=None
    )
    errors: list[Packet] = []
    lab.simulator.bus.subscribe(
        FrameSeen,
        lambda e: errors.append(e.packet) if e.host == "database" and not e.outgoing else None,
    )
    database.datapath.send(answer, UDP(DISCARD_PORT, 5000), b"late", target)
    lab.wait(MS)
    assert answer.reached == "client@host-a"
    (error,) = errors
    assert addresses(error) == (HOST_A, DATABASE, 63)
    quoted = read_quoted(bytes(error.payload))
    assert quoted is not None
    assert addresses(quoted)[:2] == (DATABASE, HOST_A)


def test_what_comes_too_late_is_the_hosts_own() -> None:
    lab = out_lab()
    lab.host("host-a").execute(lab.container("client"), UdpClient(5000, DATABASE, DISCARD_PORT))
    lab.wait(31 * SECOND)
    database = lab.host("database")
    target = database.around.directory.host_at(HOST_A)
    assert target is not None
    answer = lab.simulator.ledger.create(
        "data", lab.simulator.now, source="database", intended="host-a"
    )
    database.datapath.send(answer, UDP(DISCARD_PORT, 5000), b"late", target)
    lab.wait(MS)
    assert (answer.reason, answer.where) == ("port closed", "host-a")


# ---- TTL and length -----------------------------------------------------------------------------


def send_by_hand(lab: HostLab, packet: Packet) -> None:
    """Let a container send an IP packet that none of its programs would."""
    container = lab.container("client")
    interface, gateway = container.stack.interfaces[1], "172.18.0.1"
    journey = container.stack._open(packet, "database", ("by hand",), 0)
    interface.send(journey, packet, gateway)


def test_a_hop_too_many_is_told(lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(lab, monkeypatch)
    with lab.watch() as seen:
        send_by_hand(lab, Packet((IPv4(CLIENT, DATABASE, ttl=1), UDP(5, 6)), b"x"))
        lab.wait(MS)
    assert seen.reasons == [("hop limit", "host-a")]
    (_, _), (place, error) = wire.seen
    assert place == "docker_gwbridge@host-a"
    assert addresses(error) == ("172.18.0.1", CLIENT, 64)
    assert error.layer(2, ICMP).type == 11


def test_what_is_neither_udp_nor_an_echo_is_not_translated(lab: HostLab) -> None:
    with lab.watch() as seen:
        send_by_hand(lab, Packet((IPv4(CLIENT, DATABASE, 50),), b"x" * 40))
        send_by_hand(lab, Packet((IPv4(CLIENT, DATABASE), ICMP(ECHO_REPLY, 0, 1, 1)), b"x" * 40))
        lab.wait(MS)
    assert seen.reasons == [("not translated", "host-a")] * 2


def test_tracepath_sees_the_host_as_a_hop() -> None:
    lab = out_lab("1400 B")
    lines = [
        " ".join(line.split()) for line in lab.exec("client", f"tracepath {DATABASE}").splitlines()
    ]
    assert lines == [
        "1?: [LOCALHOST] pmtu 1500",
        "1: 172.18.0.1 0.000ms",
        "1: 172.18.0.1 0.000ms",
        "2: 172.18.0.1 0.000ms pmtu 1400",
        "2: 10.77.0.13 0.232ms reached",
        "Resume: pmtu 1400 hops 2 back 2",
    ]
    lab.world.check_conservation()


@pytest.mark.parametrize("size", [2000, 4000])
def test_fragments_pass_as_they_came(
    lab: HostLab, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put together for NAT, and sent on in the same pieces; the reply comes cut by its sender."""
    wire = Wire(lab, monkeypatch)
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 1 -s {size} {DATABASE}")
    assert loss(output) == (1, 1)

    def lengths(place: str, source: str) -> list[int]:
        return [p.length for where, p in wire.seen if where == place and addresses(p)[0] == source]

    bridge = "docker_gwbridge@host-a"
    assert {addresses(p)[2] for where, p in wire.seen if where == "host-a out"} == {63}
    pieces = lengths(bridge, CLIENT)
    assert len(pieces) == -(-(size + 8) // 1480)
    assert lengths("host-a out", HOST_A) == pieces
    assert lengths("database out", DATABASE) == pieces
    for where, packet in wire.seen:
        assert decode(packet.pack()).pack() == packet.pack(), where
    ended = [j for j in seen.journeys if j.ended is not None]
    assert all(j.outcome == "delivered" and j.reached == j.intended for j in ended)
    for journey in ended:
        assert sum(journey.parts) == (journey.ended or 0) - journey.born
        assert journey.length == journey.composition.length
    lab.world.check_conservation()


def test_a_link_with_a_smaller_mtu_has_them_cut_again() -> None:
    lab = out_lab("1400 B")
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 1 -s 3000 -M dont {DATABASE}")
    assert loss(output) == (1, 1)
    assert all(j.outcome == "delivered" for j in seen.journeys)
    lab.world.check_conservation()
    assert lab.host("host-a").in_hand == lab.host("database").in_hand == 0


def test_what_is_too_long_for_the_link_and_not_to_be_cut_is_told_once() -> None:
    lab = out_lab("1400 B")
    with lab.watch() as seen:
        output = lab.exec("client", f"ping -c 3 -i 0.1 -W 1 -s 1400 {DATABASE}")
    assert loss(output) == (3, 2)  # the first finds out
    assert seen.reasons == [("fragmentation needed", "host-a")]
    limit = lab.container("client").stack.paths.learned(DATABASE, lab.simulator.now)
    assert limit is not None
    assert limit.mtu == 1400  # the whole link: nothing is put around it


def test_the_whole_link_is_the_containers(lab: HostLab) -> None:
    assert loss(lab.exec("client", f"ping -c 1 -s 1472 -M do {DATABASE}")) == (1, 1)


def test_a_packet_of_which_a_piece_is_missing_is_dropped_in_time() -> None:
    lab = out_lab()
    first = IPv4(CLIENT, DATABASE, 17, mf=True, total_length=None)
    with lab.watch() as seen:
        send_by_hand(lab, Packet((first, UDP(5, 6, 108, 0)), b"x" * 24))
        lab.wait(29 * SECOND)
        assert lab.host("host-a").in_hand == 1
        lab.world.check_conservation()
        lab.wait(2 * SECOND)
    assert seen.reasons == [("fragment lost", "host-a")]
    assert seen.journeys[0].queue == 30 * SECOND
    assert lab.host("host-a").in_hand == 0
    lab.world.check_conservation()


def test_a_piece_that_waits_for_another_says_so() -> None:
    lab = out_lab()
    whole = Packet((IPv4(CLIENT, DATABASE, 17, ident=5), UDP(5, DISCARD_PORT)), b"x" * 1000)
    pieces = fragment(whole, 600)
    with lab.watch() as seen:
        send_by_hand(lab, pieces[1])
        lab.wait(5 * MS)
        send_by_hand(lab, pieces[0])
        lab.wait(MS)
    later, first = sorted(seen.journeys, key=lambda journey: journey.born)
    assert (later.reached, first.reached) == ("database", "database")
    assert later.queue - first.queue > 4 * MS
    for journey in (later, first):
        assert sum(journey.parts) == (journey.ended or 0) - journey.born


# ---- what befalls the host ----------------------------------------------------------------------


def test_conservation_at_every_instant() -> None:
    lab = out_lab()
    for command in (f"ping -c 20 -i 0.01 {DATABASE}", f"ping -c 9 -i 0.02 -s 5000 {HOST_B}"):
        start(lab, "client", command)
    lab.step_through(60 * MS, step=20 * US)
    lab.step_through(SECOND)
    assert lab.host("host-a").in_hand == 0


def test_a_crash_loses_what_is_in_hand_and_every_flow() -> None:
    lab = out_lab()
    lab.exec("client", f"ping -c 1 {DATABASE}")
    first = IPv4(CLIENT, DATABASE, 17, mf=True, total_length=None)
    with lab.watch() as seen:
        send_by_hand(lab, Packet((first, UDP(5, 6, 108, 0)), b"x" * 24))
        lab.wait(MS)
        lab.session.faults.command(["host", "host-a", "crashed"])
        lab.wait(MS)
    assert ("host down", "host-a") in seen.reasons
    assert lab.host("host-a").egress.in_hand == 0
    assert lab.host("host-a").egress._masquerade._flows == {}
    lab.world.check_conservation()


def test_an_answer_for_a_container_that_is_gone_finds_nobody() -> None:
    lab = out_lab()
    lab.world.underlay.change_link("database", "switch", delay=2 * SECOND)
    start(lab, "client", f"ping -c 1 -W 20 {DATABASE}")
    lab.wait(SECOND)
    with lab.watch() as seen:
        lab.run("host-a", "docker rm -f client")
        lab.wait(9 * SECOND)
    replies = [j for j in seen.journeys if j.source == "database"]
    assert [(j.reason, j.where) for j in replies] == [("no neighbour", "br-docker_gwbridge@host-a")]
    lab.world.check_conservation()


def test_an_answer_for_a_network_that_is_gone_finds_no_way() -> None:
    lab = HostLab(SWARM % "1500 B")
    lab.run("host-b", "docker network create lan")
    lab.start("host-b", "tool", network="lan")
    lab.world.underlay.change_link("database", "switch", delay=2 * SECOND)
    start(lab, "tool", f"ping -c 1 -W 20 {DATABASE}")
    lab.wait(SECOND)
    with lab.watch() as seen:
        lab.run("host-b", "docker rm -f tool")
        lab.run("host-b", "docker network rm lan")
        lab.wait(9 * SECOND)
    assert [(j.reason, j.where) for j in seen.journeys if j.source == "database"] == [
        ("no route", "host-b")
    ]
