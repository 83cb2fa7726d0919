"""What missing, stale and late peer records do to packets, on a running swarm.

The rows are what a real Linux VXLAN device did when its tables were made wrong by hand.
web (A, 10.0.1.2) is on host-a, client (B, 10.0.1.4) on host-b.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from host_lab import HostLab, Watched, loss, tutorial

from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.vtep import AGEING
from overlaysim.sim.events import PeerAdded, PeerRemoved
from overlaysim.traffic.messages import HostUnreachable, SendEcho
from overlaysim.units import SECOND
from overlaysim.wire import ICMP

WEB, CLIENT = "10.0.1.2", "10.0.1.4"
HOST_A, HOST_B, HOST_C = "10.77.0.11", "10.77.0.12", "10.77.0.13"
CLIENT_RECORD = PeerRecord(CLIENT, 24, mac_for(CLIENT), HOST_B)


@pytest.fixture
def lab() -> HostLab:
    return tutorial()


def key_of(lab: HostLab, container: str) -> str:
    return lab.container(container).attachments[0].endpoint


def forget(lab: HostLab, host: str, container: str) -> None:
    """Take a container's peer record out of a host's VXLAN device."""
    lab.vtep(host).remove_peer(key_of(lab, container), lab.simulator.now)


def ping(lab: HostLab, source: str, target: str, count: int = 2) -> tuple[int, Watched]:
    """Packets that came back, and what was seen; the ARP of lost replies runs out first."""
    with lab.watch() as seen:
        command = f"docker exec {source} ping -c {count} -W 1 {target}"
        text = lab.session.execute(lab.container(source).host, command).text
        lab.wait(5 * SECOND)
    lab.world.check_conservation()
    assert loss(text)[0] == count
    return loss(text)[1], seen


def test_whole_tables_carry_both_directions(lab: HostLab) -> None:
    assert ping(lab, "web", CLIENT)[0] == 2
    assert ping(lab, "client", WEB)[0] == 2


def test_without_a_record_nothing_is_sent(lab: HostLab) -> None:
    forget(lab, "host-a", "client")
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert seen.sent == []
    assert seen.reasons == [("no neighbour", "vxlan0@host-a")] * 2


def test_without_a_record_the_other_direction_dies_on_the_way_back(lab: HostLab) -> None:
    forget(lab, "host-a", "client")
    received, seen = ping(lab, "client", WEB)
    assert received == 0
    requests = [j for j in seen.journeys if j.source == "client@host-b"]
    replies = [j for j in seen.journeys if j.source == "web@host-a"]
    assert [j.reached for j in requests] == ["web@host-a"] * 2
    assert [(j.reason, j.where) for j in replies] == [("no neighbour", "vxlan0@host-a")] * 2
    # A has learned where B's MAC is, but nobody tells it which MAC B's address has
    assert (mac_for(CLIENT), HOST_B, "learned") in lab.vtep("host-a").forwarding(lab.simulator.now)


def test_a_reply_that_cannot_be_sent_is_no_news_to_a_program(lab: HostLab) -> None:
    # a program on A whose pings happen to bear the same identifier as B's
    heard: list[object] = []
    with lab.watch() as seen:
        lab.exec("client", f"ping -c 1 {WEB}")
    ident = seen.journeys[0].packet.find(ICMP).ident
    lab.container("web").stack.listen_echo(ident, Listener(heard))
    forget(lab, "host-a", "client")
    lab.container("web").stack.interfaces[0].neighbours.flush()
    echo = SendEcho(WEB, ident, 0, 56)
    lab.container("client").stack.send_echo(Listener([]), echo)
    lab.wait(5 * SECOND)
    assert [j.reason for j in lab.ended if j.kind == "data"][-1] == "no neighbour"
    assert heard == []
    # its own ping's end is news
    lab.container("web").stack.send_echo(Listener(heard), SendEcho(CLIENT, ident, 0, 56))
    lab.wait(5 * SECOND)
    assert heard == [HostUnreachable(CLIENT, WEB)]


class Listener:
    """Takes what a stack says to a program."""

    def __init__(self, heard: list[object]) -> None:
        self._heard = heard

    def receive(self, message: object) -> None:
        self._heard.append(message)


def test_a_record_of_ones_own_host_is_ignored(lab: HostLab) -> None:
    lab.start("host-c", "bystander")
    lab.wait(SECOND)
    odd = PeerRecord("10.0.1.77", 24, mac_for("10.0.1.77"), HOST_A)
    agent = lab.host("host-b").agent
    assert agent is not None
    agent.publish_peer(lab.membership("host-b").info.id, "odd", odd)
    lab.wait(SECOND)
    assert lab.vtep("host-c").neighbour("10.0.1.77") == odd.mac
    assert lab.vtep("host-a").neighbour("10.0.1.77") is None


def test_without_a_forwarding_entry_the_sender_drops_until_the_other_speaks(lab: HostLab) -> None:
    # the neighbour entry stands, the forwarding entry is gone: its record came to a MAC that was
    # learned, and what was learned has aged
    vtep, now = lab.vtep("host-a"), lab.simulator.now
    forget(lab, "host-a", "client")
    vtep.admit(mac_for(CLIENT), HOST_B, now)
    vtep.add_peer(key_of(lab, "client"), CLIENT_RECORD, now)
    lab.wait(301 * SECOND)
    assert (CLIENT, mac_for(CLIENT)) in vtep.neighbours()
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert seen.sent == []
    assert seen.reasons == [("no forwarding entry", "vxlan0@host-a")] * 2
    # B's packets arrive, A learns, and both directions work from then on
    assert ping(lab, "client", WEB)[0] == 2
    assert ping(lab, "web", CLIENT)[0] == 2
    # until 300 s of silence
    lab.wait(301 * SECOND)
    assert ping(lab, "web", CLIENT)[0] == 0


def test_a_stale_record_sends_to_the_old_host_and_drops_what_comes_from_the_new(
    lab: HostLab,
) -> None:
    # A believes that B is still on host-c, which holds the network too
    lab.start("host-c", "bystander")
    lab.wait(SECOND)
    vtep, key = lab.vtep("host-a"), key_of(lab, "client")
    vtep.add_peer(key, replace(CLIENT_RECORD, vtep=HOST_C), lab.simulator.now)
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert len(seen.lengths("host-a")) == 2
    assert seen.reasons == [("no such container", "vxlan0@host-c")] * 2
    received, seen = ping(lab, "client", WEB)
    assert received == 0
    assert seen.reasons == [("source check", "vxlan0@host-a")] * 2
    # with the new record it works at once
    vtep.add_peer(key, CLIENT_RECORD, lab.simulator.now)
    assert ping(lab, "web", CLIENT)[0] == 2


def test_a_stale_record_to_a_host_without_the_network(lab: HostLab) -> None:
    # host-c has the ingress network only: its VXLAN socket is open, but not for this VNI
    vtep, key = lab.vtep("host-a"), key_of(lab, "client")
    vtep.add_peer(key, replace(CLIENT_RECORD, vtep=HOST_C), lab.simulator.now)
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert seen.reasons == [("unknown VNI", "host-c")] * 2


def test_a_record_of_no_host_at_all(lab: HostLab) -> None:
    vtep, key = lab.vtep("host-a"), key_of(lab, "client")
    vtep.add_peer(key, replace(CLIENT_RECORD, vtep="10.77.0.99"), lab.simulator.now)
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert seen.reasons == [("no route", "host-a")] * 2


def test_a_host_without_any_vxlan_device_has_the_port_closed() -> None:
    lab = HostLab("name: test\nswarm: manual\n")
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    record = PeerRecord("10.0.1.9", 24, mac_for("10.0.1.9"), HOST_B)
    lab.vtep("host-a").add_peer("by hand", record, lab.simulator.now)
    received, seen = ping(lab, "web", "10.0.1.9")
    assert received == 0
    assert seen.reasons == [("port closed", "host-b")] * 2


def test_a_dead_containers_record_looks_like_loss_not_like_an_unreachable_host(
    lab: HostLab,
) -> None:
    lab.start("host-b", "neighbour")  # keeps the network on host-b
    lab.wait(SECOND)
    lab.run("host-b", "docker rm -f client")
    lab.wait(SECOND)
    lab.vtep("host-a").add_peer("stale", CLIENT_RECORD, lab.simulator.now)
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert len(seen.lengths("host-a")) == 2
    assert seen.reasons == [("no such container", "vxlan0@host-b")] * 2
    assert f"{CLIENT} dev eth0 lladdr {mac_for(CLIENT)}" in lab.exec("web", "ip neigh")


def test_a_frame_before_the_record_leaves_a_learned_entry_that_ages(lab: HostLab) -> None:
    vtep, key = lab.vtep("host-a"), key_of(lab, "client")
    forget(lab, "host-a", "client")
    ping(lab, "client", WEB, count=1)  # learned
    vtep.add_peer(key, CLIENT_RECORD, lab.simulator.now)
    row = next(r for r in vtep.forwarding(lab.simulator.now) if r[0] == mac_for(CLIENT))
    assert row[2] == "learned"
    assert ping(lab, "web", CLIENT)[0] == 2
    lab.wait(301 * SECOND)
    received, seen = ping(lab, "web", CLIENT)
    assert received == 0
    assert seen.reasons == [("no forwarding entry", "vxlan0@host-a")] * 2
    assert ping(lab, "client", WEB)[0] == 2


def test_records_come_and_go_with_the_container(lab: HostLab) -> None:
    vtep = lab.vtep("host-a")
    before = vtep.neighbours()
    assert [ip for ip, _ in before] == ["10.0.1.4", "10.0.1.5"]  # client and its host's balancer
    lab.start("host-b", "short")
    lab.wait(SECOND)
    assert [ip for ip, _ in vtep.neighbours()] == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]
    assert vtep.forwarding(lab.simulator.now)[-1] == (mac_for("10.0.1.6"), HOST_B, "permanent")
    lab.run("host-b", "docker rm -f short")
    lab.wait(SECOND)
    assert vtep.neighbours() == before


def test_the_network_leaves_with_its_last_container(lab: HostLab) -> None:
    lab.run("host-b", "docker rm -f client")
    lab.wait(SECOND)
    assert [m.info.name for m in lab.host("host-b").memberships.values() if m.info.vni] == [
        "ingress"
    ]
    assert lab.vtep("host-a").neighbours() == []
    lab.start("host-b", "again")
    lab.wait(SECOND)
    assert loss(lab.exec("again", "ping -c 1 web")) == (1, 1)


def test_two_containers_with_one_mac_do_not_unplug_each_other(lab: HostLab) -> None:
    mac = "02:42:0a:00:01:77"
    lab.start("host-b", "first", f"--mac-address {mac}")
    second = lab.start("host-b", "second", f"--mac-address {mac}")
    lab.run("host-b", "docker rm -f first")
    target = second.attachments[0].interface.address
    assert loss(lab.exec("client", f"ping -c 1 {target}")) == (1, 1)


def test_a_way_that_was_learned_is_traced_when_it_ages_and_when_it_returns(lab: HostLab) -> None:
    traced: list[PeerAdded | PeerRemoved] = []
    for kind in (PeerAdded, PeerRemoved):
        lab.simulator.bus.subscribe(kind, traced.append)
    tables, key = lab.membership("host-a").tables, key_of(lab, "client")
    assert tables is not None
    tables.remove_peer(key)
    lab.exec("client", f"ping -c 1 -W 1 {WEB}", status=1)  # teaches host-a where client's MAC is
    tables.add_peer(key, CLIENT_RECORD)
    lab.wait(100 * SECOND)
    lab.exec("web", f"ping -c 1 {CLIENT}")
    used = lab.simulator.now
    lab.wait(AGEING + SECOND)
    lab.exec("client", f"ping -c 1 {WEB}")
    mine = [event for event in traced if event.host == "host-a" and event.address == CLIENT]
    assert [(type(event), event.to) for event in mine] == [
        (PeerRemoved, "host-b"), (PeerAdded, "host-b"),
        (PeerRemoved, "host-b"), (PeerAdded, "host-b"),
    ]  # fmt: skip
    assert 0 <= used + AGEING - mine[2].at < SECOND
