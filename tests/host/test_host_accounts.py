"""No packet is lost from the books, and every picosecond of a packet is accounted for."""

from __future__ import annotations

import ast
from inspect import signature
from pathlib import Path

import pytest
from host_lab import HostLab, UdpClient, tutorial

import overlaysim
from overlaysim.host.agent import GOSSIP_PORT
from overlaysim.host.stack import DISCARD_PORT, Stack
from overlaysim.overlay.reassembly import REASSEMBLY_TIME
from overlaysim.sim.journey import DROP_REASONS
from overlaysim.units import MS, SECOND, US
from overlaysim.wire import UDP, Opaque

LOSSY = """\
name: test
underlay:
  hosts: [host-a, host-b, host-c]
  link: {rate: 100 Mbit/s, delay: 50 us, loss: 20 %, jitter: 10 us}
"""

SLOW_TUNNELS = """\
name: test
timing: {encapsulate: 3 us, decapsulate: 4 us}
"""


def start(lab: HostLab, container: str, command: str) -> None:
    host = lab.container(container).host
    lab.simulator.spawn(lab.session.command(host, f"docker exec {container} {command}"))


def test_conservation_while_packets_travel_and_wait() -> None:
    lab = tutorial()
    start(lab, "client", "ping -c 20 -i 0.05 -s 4000 web")
    start(lab, "client", "ping -c 3 -W 1 10.0.1.99")  # ARP pending
    start(lab, "client", "ping -c 3 -W 1 10.9.9.9")
    start(lab, "web", "ping -c 30 -i 0.03 client")
    lab.step_through(80 * MS, step=20 * US)  # many instants within a packet's way
    seen = 0
    for _ in range(400):
        lab.step_through(10 * MS, step=2 * MS)
        seen = max(seen, lab.host("host-b").in_hand)
    assert seen == 3  # the three pings that wait for ARP were counted, and were in the books
    lab.wait(10 * SECOND)
    lab.world.check_conservation()
    assert lab.host("host-b").in_hand == 0


def test_conservation_while_containers_and_networks_come_and_go() -> None:
    lab = tutorial()
    start(lab, "client", "ping -c 40 -i 0.1 web")
    start(lab, "client", "ping -c 5 10.0.1.99")
    lab.step_through(SECOND)
    start_service = "docker service create --name api --network app-overlay --replicas 5 myapi:1.0"
    lab.simulator.spawn(lab.session.command("host-a", start_service))
    lab.step_through(500 * MS)
    lab.simulator.spawn(lab.session.command("host-b", "docker rm -f client"))
    lab.step_through(3 * SECOND)
    assert "container gone" in {reason for _, reason in lab.simulator.ledger.dropped}
    lab.simulator.spawn(lab.session.command("host-a", "docker rm -f web"))
    lab.simulator.spawn(lab.session.command("host-a", "docker service rm api"))
    lab.step_through(8 * SECOND, step=5 * MS)
    lab.run("host-b", "docker swarm leave")
    lab.step_through(3 * SECOND, step=5 * MS)


def test_conservation_while_a_load_balancer_waits_for_a_task() -> None:
    lab = tutorial()
    lab.run(
        "host-a", "docker service create --name api --network app-overlay --replicas 1 myapi:1.0"
    )
    lab.wait(SECOND)
    vip = lab.exec("client", "getent hosts api").split()[0]
    vtep = lab.vtep("host-b")
    for key in list(lab.membership("host-b").beliefs.peers):
        vtep.remove_peer(key, lab.simulator.now)
    client = UdpClient(5000, vip, DISCARD_PORT, count=3)
    lab.host("host-b").execute(lab.container("client"), client)
    lab.step_through(SECOND)
    assert lab.host("host-b").in_hand == 3
    with lab.watch() as seen:
        lab.step_through(5 * SECOND)
    assert seen.reasons == [("no neighbour", "vxlan0@host-b")] * 3
    assert client.heard == []  # the error goes to the balancer, which has no program


def test_a_host_that_left_the_swarm_does_not_listen_to_gossip() -> None:
    lab = tutorial()
    lab.run("host-b", "docker swarm leave")
    lab.wait(SECOND)
    sender = lab.host("host-a")
    target = sender.around.directory.host_at("10.77.0.12")
    assert target is not None
    journey = lab.simulator.ledger.create(
        "membership", lab.simulator.now, source="host-a", intended="host-b"
    )
    sender.datapath.send(journey, UDP(GOSSIP_PORT, GOSSIP_PORT), Opaque(100), target)
    lab.wait(MS)
    assert (journey.reason, journey.where) == ("port closed", "host-b")


@pytest.mark.parametrize("scenario", [LOSSY, SLOW_TUNNELS])
def test_the_parts_of_every_delivered_packet_add_up(scenario: str) -> None:
    lab = HostLab(scenario)
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    lab.start("host-b", "client")
    lab.wait(5 * SECOND)
    with lab.watch() as seen:
        start(lab, "client", "ping -c 20 -i 0.01 -s 3000 web")
        lab.step_through(2 * SECOND, step=100 * US)
    arrived = [j for j in seen.journeys if j.outcome == "delivered"]
    assert len(arrived) > 20
    for journey in arrived:
        assert journey.ended is not None
        assert sum(journey.parts) == journey.ended - journey.born
        assert journey.reached == journey.intended


def test_the_work_of_the_tunnel_is_in_the_account() -> None:
    lab = HostLab(SLOW_TUNNELS)
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    lab.start("host-b", "client")
    lab.wait(SECOND)
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 web")
    request, reply = seen.journeys
    assert request.encapsulate == reply.encapsulate == 3 * US
    assert request.decapsulate == reply.decapsulate == 4 * US
    assert request.look_up == lab.host("host-b").around.costs.resolver
    assert reply.look_up == 0


def test_only_the_packet_that_waited_for_the_answer_counts_the_look_up() -> None:
    lab = tutorial()
    with lab.watch() as seen:
        lab.exec("client", "ping -c 3 -i 0.1 web")
    requests = [j for j in seen.journeys if j.source == "client@host-b"]
    costs = lab.host("host-b").around.costs
    assert [j.look_up for j in requests] == [costs.resolver, 0, 0]


def test_the_bytes_of_a_frame_are_told_apart() -> None:
    lab = tutorial()
    with lab.watch() as seen:
        lab.exec("client", "ping -c 1 web")
    request = seen.journeys[0].composition
    # ICMP data 56; inner Ethernet, IPv4 and ICMP 14 + 20 + 8; VXLAN 8; outer 14 + 20 + 8
    assert (request.payload, request.inner_headers) == (56, 42)
    assert (request.encapsulation, request.outer_headers) == (8, 42)
    assert request.length == 148


def pending(lab: HostLab, container: str) -> int:
    """Datagrams of which the container holds some fragments."""
    return len(lab.container(container).stack._reassembler._datagrams)


def test_fragments_whose_others_are_lost_are_forgotten_in_time() -> None:
    lab = tutorial()
    client, host = lab.container("client"), lab.host("host-b")
    lab.exec("client", "ping -c 1 web")  # ARP is done

    def send_and_lose_the_end(port: int) -> None:
        # 4000 bytes are three frames of 12 us each: the second reaches the switch after 74 us,
        # the third would after 85
        program = UdpClient(port, "10.0.1.2", DISCARD_PORT, size=4000)
        with lab.watch() as seen:
            host.execute(client, program)
            lab.wait(80 * US)
            lab.world.underlay.set_link_state("host-b", "switch", False)
            lab.wait(MS)
            lab.world.underlay.set_link_state("host-b", "switch", True)
        assert [j.outcome for j in seen.journeys] == ["dropped", "delivered", "delivered"]
        assert seen.reasons == [("link down", "host-b->switch")]

    send_and_lose_the_end(5000)
    assert pending(lab, "web") == 1
    lab.wait(REASSEMBLY_TIME // 2)
    send_and_lose_the_end(5001)
    assert pending(lab, "web") == 2
    lab.wait(REASSEMBLY_TIME // 2)
    assert pending(lab, "web") == 1
    lab.wait(REASSEMBLY_TIME // 2)
    assert pending(lab, "web") == 0
    send_and_lose_the_end(5002)  # the alarm is set anew
    lab.wait(REASSEMBLY_TIME)
    assert pending(lab, "web") == 0
    lab.world.check_conservation()


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


DROPPING = ("drop", "_drop", "_give_up", "_drop_lost", "_refuse", "Refusal")
"""Names of the functions that are called with a reason."""


def reasons_in_the_source() -> set[str]:
    """Every literal that the model hands to the ledger as the reason of a drop.

    Barriers return theirs.
    """
    found = set()
    for room in ("host", "underlay"):
        for file in sorted((Path(overlaysim.__file__).parent / room).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Return) and file.stem == "barriers":
                    found |= {n.value for n in ast.walk(node) if is_text(n)}
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = [k.value for k in node.keywords if k.arg == "not_mine"]
                given += node.args if name in DROPPING else []
                found |= {n.value for part in given for n in ast.walk(part) if is_text(n)}
    return found | {signature(Stack).parameters["not_mine"].default}


def test_every_reason_is_in_the_closed_list_and_is_used() -> None:
    assert reasons_in_the_source() == DROP_REASONS.keys()


def test_reasons_given_at_run_time_are_in_the_closed_list() -> None:
    lab = HostLab(LOSSY)
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    lab.start("host-b", "client")
    for command in ("ping -c 9 -i 0.1 web", "ping -c 1 10.0.1.77", "ping -c 1 10.8.8.8"):
        start(lab, "client", command)
    lab.wait(5 * SECOND)
    reasons = {reason for _, reason in lab.simulator.ledger.dropped}
    assert {"loss", "no neighbour", "no route"} <= reasons <= DROP_REASONS.keys()
