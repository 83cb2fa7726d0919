"""TCP of containers on a running swarm: who is reached, who refuses, what ICMP and ARP do to it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from host_lab import HostLab, tutorial
from mtu_lab import MtuLab, behind

from overlaysim.host.programs import program_for
from overlaysim.measure.transfers import find_transfers
from overlaysim.sim.events import ConnectionClosed, ConnectionOpened, FrameSeen
from overlaysim.traffic.tcp import TcpSegment
from overlaysim.units import MS, SECOND
from overlaysim.wire import TCP, VXLAN, IPv4
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

FILE = "/bytes/30kB"


@pytest.fixture(scope="module")
def lab() -> HostLab:
    """web (nginx) and client on different hosts, neighbour beside client, and a service."""
    lab = HostLab()
    lab.swarm("app-overlay")
    lab.run("host-a", "docker run -d --network app-overlay --name web nginx")
    lab.start("host-b", "client")
    lab.run("host-b", "docker run -d --network app-overlay --name neighbour httpd")
    lab.run("host-a", "docker service create --name api --network app-overlay --replicas 3 some:1")
    lab.wait(SECOND)
    lab.exec("client", "curl http://web/")  # ARP is done
    lab.wait(SECOND)
    return lab


def curl(lab: HostLab, words: str, status: int = 0) -> str:
    return lab.exec("client", f"curl {words}", status)


# ---- who is reached ---------------------------------------------------------------------------


def test_a_connection_on_the_wire(lab: HostLab) -> None:
    """Handshake, request, response, both ends close: as tcpdump shows it at the client's host."""
    seen: list[FrameSeen] = []
    lab.simulator.bus.subscribe(
        FrameSeen,
        lambda e: seen.append(e) if e.host == "host-b" and e.journey.protocol == "tcp"
        and e.journey.kind == "data" else None,
    )  # fmt: skip
    lab.exec("client", "wget http://web/")
    lab.wait(SECOND)
    frames = [(event.outgoing, event.packet) for event in seen]
    segments = [(out, packet.layer(-1, TCP), packet.payload_length) for out, packet in frames]
    assert [(out, tcp.flags, length) for out, tcp, length in segments] == [
        (True, SYN, 0), (False, SYN | ACK, 0), (True, ACK, 0), (True, PSH | ACK, 66),
        (False, ACK, 0), (False, PSH | ACK, 143), (True, ACK, 0),
        (False, FIN | PSH | ACK, 615), (True, ACK, 0), (True, FIN | ACK, 0), (False, ACK, 0),
    ]  # fmt: skip
    for _, packet in frames:
        assert packet.find(VXLAN) is not None
        inner = packet.inner(4).layer(1, IPv4)
        assert (inner.protocol, inner.df, inner.ttl) == (6, True, 64)
    syn = segments[0][1]
    assert syn.options[:4] == bytes([2, 4]) + (1450 - 40).to_bytes(2, "big")


@pytest.mark.parametrize("target", ["web", "neighbour", "10.0.1.2"])
def test_names_and_addresses_on_both_hosts(lab: HostLab, target: str) -> None:
    assert "<html>" in curl(lab, f"http://{target}/")


def test_itself(lab: HostLab) -> None:
    lab.exec("client", "httpd -p 8080")
    for target in ("localhost", "127.0.0.1", "client"):
        before = lab.simulator.now
        assert curl(lab, f"-s -o x -w '%{{size_download}}' http://{target}:8080{FILE}") == "30000\n"
        assert lab.simulator.now > before
    lab.world.check_conservation()


def test_a_service_takes_turns_and_the_trace_names_the_task(lab: HostLab) -> None:
    opened: list[ConnectionOpened] = []
    lab.simulator.bus.subscribe(ConnectionOpened, opened.append)
    said = [curl(lab, "http://api/") for _ in range(6)]
    lab.wait(SECOND)
    assert set(Counter(said).values()) == {2}
    assert all(re.fullmatch(r"Hostname: [0-9a-f]{12}\n", line) for line in said)
    peers = Counter(event.peer for event in opened if event.endpoint == "client@host-b")
    assert sorted(peers.values()) == [2, 2, 2]
    assert all(peer.startswith("api.") for peer in peers)
    assert {event.peer for event in opened if event.passive} == {"client@host-b"}


def test_a_file_through_the_virtual_address_and_the_books(lab: HostLab) -> None:
    assert curl(lab, f"-s -o x -w '%{{size_download}}' http://api{FILE}") == "30000\n"
    lab.step_through(20 * MS, MS // 2)


# ---- who refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["web:81", "neighbour:81", "127.0.0.1:81", "api:81"])
def test_a_port_where_nobody_listens(lab: HostLab, target: str) -> None:
    with lab.watch() as seen:
        curl(lab, f"http://{target}/", status=7)
    resets = [
        j for j in seen.journeys if isinstance(j.content, TcpSegment) and j.content.flags & RST
    ]
    assert len(resets) == 1


def test_a_service_without_tasks_is_unreachable(lab: HostLab) -> None:
    address = lab.exec("client", "getent hosts api").split()[0]
    balancer = lab.membership("host-b").balancer
    assert balancer is not None
    balancer._server.serve({address: {}})
    try:
        with lab.watch() as seen:
            said = lab.exec("client", f"nc -vv {address} 80", status=1)
    finally:
        balancer._serve()
    assert "Connection refused" in said
    assert seen.reasons == [("port closed", "lb-app-overlay@host-b")]


def test_a_forgotten_connection_is_reset_by_the_balancer(lab: HostLab) -> None:
    container, host = lab.container("client"), lab.host("host-b")
    command = ["curl", "-sS", "-o", "x", "http://api/bytes/1MB"]
    execution = host.execute(container, program_for(container, command, host))
    lab.wait(2 * MS)
    balancer = lab.membership("host-b").balancer
    assert balancer is not None
    balancer._server.serve({})
    with lab.watch() as seen:
        lab.wait(SECOND)
        execution.stop()
        lab.wait(SECOND)
    balancer._serve()
    resets = {j.intended for j in seen.journeys
              if j.source == balancer.label and j.content.flags & RST}  # fmt: skip
    assert len(resets) == 2  # the task for its data, the client for its FIN
    assert "client@host-b" in resets


def test_nobody_answers_arp(lab: HostLab) -> None:
    before = lab.simulator.now
    said = lab.exec("client", "wget http://10.0.1.99/", status=1)
    assert said.endswith("wget: can't connect to remote host (10.0.1.99): Host is unreachable\n")
    took = lab.simulator.now - before
    assert 3 * SECOND <= took < 3.1 * SECOND  # three requests, a second apart


def test_without_a_network_there_is_no_route(lab: HostLab) -> None:
    lab.run("host-b", "docker run -d --network none --name lone alpine sleep 1000")
    said = lab.exec("lone", "nc -v 10.0.1.2 80", status=1)
    assert said == "nc: 10.0.1.2 (10.0.1.2:80): Network unreachable\n"


# ---- hosts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("10.77.0.11 7946", "open"), ("10.77.0.12 7946", "open"),  # where the daemons gossip
        ("10.77.0.11 80", "Connection refused"), ("172.18.0.1 80", "Connection refused"),
    ],
)  # fmt: skip
def test_ports_of_hosts(lab: HostLab, target: str, said: str) -> None:
    status = 0 if said == "open" else 1
    assert said in lab.exec("client", f"nc -vv -z {target}", status)
    lab.wait(SECOND)
    lab.world.check_conservation()


# ---- path MTU ---------------------------------------------------------------------------------


def test_a_router_that_says_so_shortens_the_segments() -> None:
    lab = MtuLab(behind("router"), "overlaysim.df=set")
    lab.exec("web", "httpd")
    assert lab.exec("client", f"curl -s -o x -w '%{{size_download}}' http://web{FILE}") == "30000\n"
    ended = [j for j in lab.ended if j.protocol == "tcp" and j.kind == "data"]
    full = [j.content.length for j in ended if j.source == "web@host-a" and j.content.length]
    # Two hops of news: the host learns from the router, web from the host's tunnel.
    assert max(full) == 1450 - 52
    assert max(full[len(full) // 2 :]) == 1400 - 50 - 52
    last = [j for j in ended if j.outcome == "dropped"][-1]
    assert last.reason == "fragmentation needed"


def test_a_switch_that_says_nothing_is_a_black_hole() -> None:
    lab = MtuLab(behind("switch"))
    lab.exec("web", "httpd")
    assert "200" in lab.exec("client", "curl -I http://web/")
    said = lab.exec("client", f"curl -m 5 http://web{FILE}", status=28)
    assert said == (
        "curl: (28) Operation timed out after 5000 milliseconds with 0 out of 30000 bytes "
        "received\n"
    )
    assert {(j.reason, j.where) for j in lab.ended if j.outcome == "dropped"} == {("mtu", "x2->x1")}


# ---- the end of things ------------------------------------------------------------------------


def transfers(events: list[object]) -> dict[tuple[str, str], tuple[int, str]]:
    return {(t.endpoint, t.peer): (t.received, t.reason) for t in find_transfers(events)}


def test_a_program_that_ends_closes_and_a_host_without_power_does_not() -> None:
    lab = tutorial()
    events: list[object] = []
    lab.simulator.bus.subscribe_all(events.append)
    lab.run("host-a", "docker exec -d web nc -lk -p 99")
    lab.run("host-b", "docker exec -d client nc web 99")
    lab.wait(SECOND)
    assert transfers(events)["client@host-b", "web@host-a"] == (0, "closed")
    lab.run("host-a", "docker run -d --network app-overlay --name perf some/iperf3 -s")
    lab.run("host-b", "docker exec -d client iperf3 -c perf -t 100 -w 8K -i 0")
    lab.wait(20 * MS)
    closed = len([event for event in events if isinstance(event, ConnectionClosed)])
    lab.host("host-b").crash()
    lab.wait(20 * MS)
    assert len([event for event in events if isinstance(event, ConnectionClosed)]) == closed
    assert not [j for j in lab.ended if j.source == "client@host-b" and j.protocol == "tcp"
                and j.born > lab.simulator.now - 10 * MS]  # fmt: skip
    lab.world.check_conservation()


def test_a_container_that_is_gone_says_nothing_more() -> None:
    lab = tutorial()
    lab.run("host-b", "docker exec -d client iperf3 -s")
    lab.run("host-a", "docker exec -d web iperf3 -c client -t 100 -w 8K -i 0")
    lab.wait(20 * MS)
    lab.run("host-b", "docker rm -f client")
    lab.step_through(100 * MS, 5 * MS)
    born = [j.born for j in lab.ended if j.source == "client@host-b" and j.protocol == "tcp"]
    assert lab.simulator.now - max(born) > 50 * MS


def test_settings_of_the_kernel() -> None:
    lab = HostLab()
    lab.run(
        "host-a",
        "docker run -d --name old --sysctl net.ipv4.tcp_sack=0 --sysctl "
        "net.ipv4.tcp_congestion_control=reno --sysctl net.ipv4.tcp_retries2=8 nginx",
    )
    tcp = lab.container("old").stack.tcp
    assert (tcp.sack, tcp.congestion_control, tcp.retries) == (False, "newreno", 8)
    template = "'{{json .HostConfig.Sysctls}}'"
    assert "tcp_retries2" in lab.run("host-a", f"docker inspect old --format {template}").text
    said = lab.run("host-a", "docker run --sysctl net.ipv4.tcp_sak=0 alpine true", 127).text
    assert "open /proc/sys/net/ipv4/tcp_sak: no such file or directory" in said
    assert "did you mean net.ipv4.tcp_sack?" in said
    said = lab.run("host-a", "docker run --sysctl net.ipv4.tcp_sack=on alpine true", 125).text
    assert "write /proc/sys/net/ipv4/tcp_sack: invalid argument" in said
