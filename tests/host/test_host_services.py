"""Flows to a service's virtual IP, on a running swarm: turns, translation, labels."""

from __future__ import annotations

from collections import Counter

import pytest
from host_lab import HostLab, UdpClient, UdpEcho, loss, tutorial

from overlaysim.host.container import Container
from overlaysim.overlay.encapsulation.vxlan import VXLAN_LINUX
from overlaysim.traffic.messages import DatagramIn, PortUnreachable
from overlaysim.traffic.schedule import Constant, Fixed, Schedule
from overlaysim.traffic.udp import UdpSource
from overlaysim.units import MS, SECOND
from overlaysim.wire import UDP, IPv4

DISCARD, ECHO = 9, 7


@pytest.fixture(scope="module")
def lab() -> HostLab:
    """The tutorial and its service: one task on host-b, two on host-a, two on host-c."""
    lab = tutorial()
    lab.run(
        "host-a", "docker service create --name api --network app-overlay --replicas 5 myapi:1.0"
    )
    lab.wait(SECOND)
    return lab


@pytest.fixture(scope="module")
def vip(lab: HostLab) -> str:
    return lab.exec("client", "getent hosts api").split()[0]


def tasks(lab: HostLab) -> dict[str, Container]:
    """The service's running tasks by address."""
    return {
        container.attachments[0].interface.address: container
        for host in lab.world.hosts.values()
        for container in host.containers.values()
        if container.service[0] == "api" and container.state == "running"
    }


def send(lab: HostLab, client: str, program: UdpClient) -> UdpClient:
    container = lab.container(client)
    execution = lab.host(container.host).execute(container, program)
    lab.wait(SECOND)
    execution.stop()
    lab.world.check_conservation()
    return program


def test_each_flow_goes_to_the_next_task_and_stays_there(lab: HostLab, vip: str) -> None:
    labels = {container.label for container in tasks(lab).values()}
    assert len(labels) == 5
    with lab.watch() as seen:
        for port in range(5000, 5010):
            send(lab, "client", UdpClient(port, vip, DISCARD, count=3))
    reached = [j.reached for j in seen.journeys]
    assert len(reached) == 30
    assert all(j.intended == j.reached for j in seen.journeys)
    flows = [set(reached[start : start + 3]) for start in range(0, 30, 3)]
    assert all(len(flow) == 1 for flow in flows)
    # ten flows over five tasks: twice around, in the same order
    turns = [flow.pop() for flow in flows]
    assert set(turns) == labels
    assert turns[:5] == turns[5:]


def test_the_turn_is_the_nodes_own(lab: HostLab, vip: str) -> None:
    # web is on host-a, whose balancer has not served anybody yet: it starts with its own order
    with lab.watch() as seen:
        for port in range(6000, 6005):
            send(lab, "web", UdpClient(port, vip, DISCARD))
    records = lab.membership("host-a").beliefs.records.values()
    order = [tasks(lab)[r.endpoint_ip].label for r in records if r.virtual_ip == vip]
    assert [j.reached for j in seen.journeys] == order


def test_on_the_wire_the_client_is_its_nodes_balancer(lab: HostLab, vip: str) -> None:
    with lab.watch() as seen:
        for port in range(7000, 7005):
            send(lab, "client", UdpClient(port, vip, DISCARD))
    inner = [VXLAN_LINUX.decapsulate(frame.packet)[1] for frame in seen.sent]
    assert len(inner) == 4  # the fifth task is on the client's own host
    assert {packet.layer(1, IPv4).src for packet in inner} == {"10.0.1.5"}
    assert {packet.layer(1, IPv4).dst for packet in inner} < tasks(lab).keys()
    assert vip not in {packet.layer(1, IPv4).dst for packet in inner}


def test_replies_come_back_from_the_virtual_ip(lab: HostLab, vip: str) -> None:
    programs = []
    for container in tasks(lab).values():
        program = UdpEcho()
        execution = lab.host(container.host).execute(container, program)
        container.stack.listen(ECHO, execution)
        programs.append(program)
    for port in range(8000, 8005):
        with lab.watch() as seen:
            client = send(lab, "client", UdpClient(port, vip, ECHO, count=2, size=3000))
        assert client.heard == [
            DatagramIn(vip, ECHO, port, 3000, ("number", number)) for number in (2, 1)
        ]
        # three fragments each, there and back, each one journey from end to end
        assert len(seen.journeys) == 12
        assert all(j.intended == j.reached for j in seen.journeys)
        assert Counter(j.reached == "client@host-b" for j in seen.journeys)[True] == 6
    assert [len(program.heard) for program in programs] == [2] * 5
    assert {message.source for p in programs for message in p.heard} == {"10.0.1.5"}


def test_a_refusal_comes_back_from_the_virtual_ip(lab: HostLab, vip: str) -> None:
    for port in range(9000, 9005):
        client = send(lab, "client", UdpClient(port, vip, 81))
        assert client.heard == [PortUnreachable(vip, 81, ttl=63)]


def test_pings_of_a_service_are_answered_at_home(lab: HostLab, vip: str) -> None:
    with lab.watch() as seen:
        output = lab.exec("client", "ping -c 2 api")
    assert loss(output) == (2, 2)
    assert f"PING api ({vip})" in output
    assert seen.sent == []
    assert [(j.source, j.intended, j.reached) for j in seen.journeys[:2]] == [
        ("client@host-b", "lb-app-overlay@host-b", "lb-app-overlay@host-b"),
        ("lb-app-overlay@host-b", "client@host-b", "client@host-b"),
    ]


def test_a_task_reaches_its_own_service_and_itself_through_it(lab: HostLab, vip: str) -> None:
    task = next(c for c in tasks(lab).values() if c.host == "host-b")
    with lab.watch() as seen:
        for port in range(9100, 9105):
            send(lab, task.name, UdpClient(port, vip, DISCARD))
    assert task.label in [j.reached for j in seen.journeys]
    assert all(j.outcome == "delivered" for j in seen.journeys)


def test_latency_through_the_balancer_adds_up(lab: HostLab, vip: str) -> None:
    with lab.watch() as seen:
        for port in range(9200, 9205):
            send(lab, "client", UdpClient(port, vip, DISCARD))
    for journey in seen.journeys:
        assert sum(journey.parts) == journey.ended - journey.born
    assert max(j.propagate for j in seen.journeys) == 100_000_000


def test_the_name_leads_a_udp_flow_to_the_tasks(lab: HostLab) -> None:
    container = lab.container("client")
    with lab.watch() as seen:
        schedule = Schedule(
            start=lab.simulator.now, stop=lab.simulator.now + SECOND // 10,
            gaps=Constant(MS), sizes=Fixed(1000),
        )  # fmt: skip
        source = UdpSource("api", schedule, lab.simulator.streams, "api", source_port=9300)
        lab.host("host-b").execute(container, source)
        lab.wait(SECOND)
    assert source.sent == 100
    assert len({j.reached for j in seen.journeys}) == 1
    assert seen.journeys[0].reached in {c.label for c in tasks(lab).values()}


# ---- tasks that go (a swarm of its own each) ------------------------------------------------


def service(replicas: int) -> tuple[HostLab, str]:
    lab = tutorial()
    lab.run(
        "host-a",
        f"docker service create --name api --network app-overlay --replicas {replicas} myapi:1.0",
    )
    lab.wait(SECOND)
    return lab, lab.exec("client", "getent hosts api").split()[0]


def test_a_task_that_is_about_to_go_gets_no_new_flows() -> None:
    lab, vip = service(2)
    ((first, leaving), _) = tasks(lab).items()
    lab.host(leaving.host).disable(leaving.attachments[0])
    lab.wait(SECOND)
    assert lab.membership("host-b").beliefs.services() == {
        vip: {address: int(address != first) for address in tasks(lab)}
    }
    with lab.watch() as seen:
        for port in range(5000, 5004):
            send(lab, "client", UdpClient(port, vip, DISCARD))
    assert leaving.label not in {j.reached for j in seen.journeys}
    assert len(seen.journeys) == 4


def test_without_a_task_that_takes_flows_the_port_is_closed() -> None:
    lab, vip = service(1)
    (task,) = tasks(lab).values()
    lab.host(task.host).disable(task.attachments[0])
    lab.wait(SECOND)
    with lab.watch() as seen:
        client = send(lab, "client", UdpClient(5000, vip, DISCARD, size=3000))
    assert client.heard == [PortUnreachable(vip, DISCARD)]
    assert seen.reasons == [("port closed", "lb-app-overlay@host-b")] * 3
    # one error, about the first fragment
    assert [j.reached for j in seen.journeys if j.outcome == "delivered"] == ["client@host-b"]
    # the VIP itself stands as long as a task is there: pings are answered
    assert loss(lab.exec("client", "ping -c 1 api")) == (1, 1)


def test_a_flow_moves_on_when_its_task_is_gone() -> None:
    lab, vip = service(2)
    with lab.watch() as seen:
        for port in (5000, 5001):
            send(lab, "client", UdpClient(port, vip, DISCARD))
    assert len({j.reached for j in seen.journeys}) == 2
    lab.run("host-a", "docker service scale api=1")
    lab.wait(20 * SECOND)
    (left,) = tasks(lab).values()
    with lab.watch() as seen:
        for port in (5000, 5001):
            send(lab, "client", UdpClient(port, vip, DISCARD))
    assert [j.reached for j in seen.journeys] == [left.label] * 2


def test_a_removed_service_leaves_no_address_behind() -> None:
    lab, vip = service(2)
    lab.run("host-a", "docker service rm api")
    lab.wait(30 * SECOND)
    assert lab.membership("host-b").beliefs.services() == {}
    assert loss(lab.exec("client", f"ping -c 1 -W 5 {vip}", status=1)) == (1, 0)
    with lab.watch() as seen:
        send(lab, "client", UdpClient(5000, vip, DISCARD))
        lab.wait(5 * SECOND)
    assert seen.reasons == [("no neighbour", "vxlan0@host-b")]


def test_udp_ports_survive_translation_of_two_clients() -> None:
    lab, vip = service(1)
    lab.start("host-b", "second")
    lab.wait(SECOND)
    with lab.watch() as seen:
        for name in ("client", "second"):
            send(lab, name, UdpClient(5000, vip, DISCARD))
    assert len(seen.journeys) == 2
    ports = [j.packet.find_last(UDP).src_port for j in seen.journeys]
    assert ports == [5000, 5001]
