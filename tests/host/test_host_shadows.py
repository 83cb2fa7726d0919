"""Overlapping subnets on a host: which interface wins, who is meant, what is traced."""

from __future__ import annotations

import pytest
from host_lab import HostLab, loss

from overlaysim.sim.events import HostsShadowed
from overlaysim.units import SECOND

OVERLAP = """\
name: overlap
underlay: {subnet: 10.0.1.0/24, hosts: [host-a, host-b, c1, c2, c3, c4, db]}
late: [c1, c2, c3, c4, db]
dns: {upstream: answers, records: {db.example.org: 10.0.1.7, free.example.org: 10.0.1.6}}
"""
"""The hosts have 10.0.1.11 to 10.0.1.17."""
SMALL = OVERLAP.replace("10.0.1.0/24", "10.0.1.0/28")
"""Here they have 10.0.1.1 to 10.0.1.7."""


def overlap_lab() -> HostLab:
    """web 10.0.1.2, client 10.0.1.4, other 10.0.1.6 and the sixth address for nobody."""
    lab = HostLab(SMALL)
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    lab.start("host-b", "client")
    lab.start("host-b", "other")
    lab.wait(SECOND)
    return lab


@pytest.fixture(scope="module")
def lab() -> HostLab:
    return overlap_lab()


def test_an_address_typed_means_whoever_has_it_in_the_network(lab: HostLab) -> None:
    with lab.watch() as seen:
        assert loss(lab.exec("client", "ping -c 1 10.0.1.6")) == (1, 1)
    assert (seen.journeys[0].intended, seen.journeys[0].reached) == ("other@host-b", "other@host-b")


def test_an_address_from_outside_means_the_host_outside(lab: HostLab) -> None:
    with lab.watch() as seen:
        assert loss(lab.exec("client", "ping -c 1 free.example.org")) == (1, 1)
    request = seen.journeys[0]
    assert (request.intended, request.reached) == ("c4", "other@host-b")
    with lab.watch() as seen:  # now the host's own table has told it
        lab.exec("client", "ping -c 1 other")
    assert seen.journeys[0].intended == "other@host-b"


def test_so_does_one_from_etc_hosts() -> None:
    lab = overlap_lab()
    lab.start("host-b", "late", "--add-host stock:10.0.1.6")
    with lab.watch() as seen:
        assert loss(lab.exec("late", "ping -c 1 stock")) == (1, 1)
    assert (seen.journeys[0].intended, seen.journeys[0].reached) == ("c4", "other@host-b")


def test_an_address_that_nobody_has_in_the_network_means_the_host(lab: HostLab) -> None:
    with lab.watch() as seen:
        assert loss(lab.exec("client", "ping -c 1 -W 5 10.0.1.7", status=1)) == (1, 0)
    assert seen.reasons == [("no neighbour", "vxlan0@host-b")]
    assert seen.journeys[0].intended == "db"


def test_each_attachment_tells_whom_it_hides() -> None:
    lab = HostLab(OVERLAP)
    events: list[HostsShadowed] = []
    lab.simulator.bus.subscribe(HostsShadowed, events.append)
    lab.run("host-a", "docker swarm init")
    lab.run("host-a", "docker network create -d overlay --attachable --subnet 10.0.1.8/29 few")
    lab.run("host-a", "docker network create -d overlay --attachable --internal inner")
    lab.run("host-a", "docker network create -d overlay --attachable --subnet 10.9.0.0/24 apart")
    lab.run("host-a", "docker network create --internal --subnet 10.0.0.0/16 cellar")
    for name, network in (("one", "few"), ("two", "inner"), ("three", "apart"), ("four", "cellar")):
        lab.start("host-a", name, network=network)
    (told,) = events
    assert (told.network, told.endpoint, told.host) == ("few", "one@host-a", "host-a")
    assert told.hosts == ("host-a", "host-b", "c1", "c2", "c3")
    assert told.addresses == tuple(f"10.0.1.{n}" for n in range(11, 16))
    lab.run("host-a", "docker network connect cellar three")  # which has a way out to lose
    assert [event.network for event in events] == ["few", "cellar@host-a"]


def test_the_longest_prefix_wins_whichever_came_first() -> None:
    lab = HostLab("name: prefixes\nunderlay: {hosts: [host-a]}\n")
    for name, subnet in (("wide", "10.5.0.0/16"), ("narrow", "10.5.1.0/24")):
        lab.run("host-a", "docker swarm init" if name == "wide" else "docker ps")
        driver = "-d overlay --attachable" if name == "narrow" else ""
        lab.run("host-a", f"docker network create {driver} --subnet {subnet} {name}")
    for order in (("wide", "narrow"), ("narrow", "wide")):
        container = lab.start("host-a", f"c-{order[0]}", network=order[0])
        lab.run("host-a", f"docker network connect {order[1]} {container.name}")
        for address, network in (("10.5.1.9", "narrow"), ("10.5.2.9", "wide")):
            way = container.stack.route(address)
            assert way is not None
            assert (way[0].segment.info.name, way[1]) == (network, address)


@pytest.mark.parametrize(
    ("underlay", "bridge", "gateway"),
    [
        ("10.77.0.0/24", "172.17.0.0/16", "172.18.0.0/16"),
        ("172.18.5.0/24", "172.17.0.0/16", "172.19.0.0/16"),
        ("172.17.0.0/24", "172.18.0.0/16", "172.19.0.0/16"),
    ],
)
def test_local_networks_keep_off_the_hosts_own_range(
    underlay: str, bridge: str, gateway: str
) -> None:
    lab = HostLab(f"name: ranges\nunderlay: {{hosts: [host-a], subnet: {underlay}}}\n")
    lab.swarm()
    assert lab.membership("host-a", "bridge").info.subnet == bridge
    assert lab.membership("host-a", "docker_gwbridge").info.subnet == gateway
