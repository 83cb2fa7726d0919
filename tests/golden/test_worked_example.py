"""The worked example: what the tutorial's commands lead to on two hosts, to the last address."""

from __future__ import annotations

import json
import re

import pytest

from overlaysim import Lab

TWO_HOSTS = """\
name: worked-example
underlay:
  hosts: [host-a, host-b]
"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = Lab(TWO_HOSTS, seed=7)
    a, b = lab["host-a"], lab["host-b"]
    for host, command in [
        (a, "docker swarm init"),
        (a, "docker network create --driver overlay --attachable app-overlay"),
        (a, "docker run -d --network app-overlay --name container-on-host-a alpine sleep 1000"),
        (b, "docker run -d --network app-overlay --name container-on-host-b alpine sleep 1000"),
    ]:
        assert host(command).status == 0
    lab.ping = b("docker exec container-on-host-b ping container-on-host-a")  # type: ignore[attr-defined]
    lab.service = a(  # type: ignore[attr-defined]
        "docker service create --name api --network app-overlay --replicas 5 myapi:1.0"
    )
    return lab


def inspect(lab: Lab, host: str, what: str) -> dict:
    return json.loads(lab[host](f"docker {what}"))[0]


def test_ingress_took_the_first_subnet_and_vni(lab: Lab) -> None:
    ingress = inspect(lab, "host-a", "network inspect ingress")
    assert ingress["IPAM"]["Config"] == [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1"}]
    assert ingress["Options"]["com.docker.network.driver.overlay.vxlanid_list"] == "4096"
    assert ingress["Containers"]["ingress-sbox"]["IPv4Address"] == "10.0.0.2/24"
    on_b = inspect(lab, "host-b", "network inspect ingress")
    assert on_b["Containers"]["ingress-sbox"]["IPv4Address"] == "10.0.0.3/24"


def test_app_overlay_has_the_next_subnet_and_vni(lab: Lab) -> None:
    overlay = inspect(lab, "host-a", "network inspect app-overlay")
    assert overlay["IPAM"]["Config"] == [{"Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1"}]
    assert overlay["Options"]["com.docker.network.driver.overlay.vxlanid_list"] == "4097"
    assert overlay["Attachable"] is True


@pytest.mark.parametrize(
    ("host", "address", "mac", "balancer"),
    [
        ("host-a", "10.0.1.2", "02:42:0a:00:01:02", "10.0.1.3"),
        ("host-b", "10.0.1.4", "02:42:0a:00:01:04", "10.0.1.5"),
    ],
)
def test_a_container_comes_before_its_hosts_load_balancer(
    lab: Lab, host: str, address: str, mac: str, balancer: str
) -> None:
    network = inspect(lab, host, "network inspect app-overlay")
    by_name = {entry["Name"]: entry for entry in network["Containers"].values()}
    assert by_name[f"container-on-{host}"]["IPv4Address"] == f"{address}/24"
    assert by_name[f"container-on-{host}"]["MacAddress"] == mac
    assert network["Containers"]["lb-app-overlay"]["IPv4Address"] == f"{balancer}/24"
    assert network["Containers"]["lb-app-overlay"]["Name"] == "app-overlay-endpoint"


def test_the_service_has_vip_6_and_tasks_7_to_11(lab: Lab) -> None:
    service = inspect(lab, "host-a", "service inspect api")
    assert [vip["Addr"] for vip in service["Endpoint"]["VirtualIPs"]] == ["10.0.1.6/24"]
    addresses = []
    for host in lab.hosts:
        network = inspect(lab, host, "network inspect app-overlay")
        addresses += [
            entry["IPv4Address"]
            for entry in network["Containers"].values()
            if entry["Name"].startswith("api.")
        ]
    assert sorted(addresses, key=lambda a: int(a.split(".")[3][:-3])) == [
        f"10.0.1.{last}/24" for last in range(7, 12)
    ]


def test_the_service_needs_no_further_load_balancers(lab: Lab) -> None:
    for host, balancer in (("host-a", "10.0.1.3"), ("host-b", "10.0.1.5")):
        containers = inspect(lab, host, "network inspect app-overlay")["Containers"]
        assert containers["lb-app-overlay"]["IPv4Address"] == f"{balancer}/24"


@pytest.mark.parametrize("host", ["host-a", "host-b"])
def test_names_mean_the_same_on_both_hosts(lab: Lab, host: str) -> None:
    asked = f"docker exec container-on-{host} nslookup "
    assert "Address: 10.0.1.6" in lab[host](asked + "api")
    tasks = lab[host](asked + "tasks.api")
    assert sorted(re.findall(r"Address: (10\.0\.1\.\d+)", tasks)) == sorted(
        f"10.0.1.{last}" for last in range(7, 12)
    )


def test_five_tasks_on_two_nodes_are_three_and_two(lab: Lab) -> None:
    listing = str(lab["host-a"]("docker service ps api"))
    running = [line for line in listing.splitlines() if " Running " in line]
    per_host = sorted(sum(f" {host} " in line for line in running) for host in lab.hosts)
    assert per_host == [2, 3]


def test_the_ping_goes_by_name_with_ttl_64(lab: Lab) -> None:
    lines = lab.ping.splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "PING container-on-host-a (10.0.1.2): 56 data bytes"
    assert re.fullmatch(r"64 bytes from 10\.0\.1\.2: seq=0 ttl=64 time=0\.\d{3} ms", lines[1])
    assert "4 packets transmitted, 4 packets received, 0% packet loss" in lines


def test_service_create_takes_about_seven_seconds_and_converges(lab: Lab) -> None:
    assert lab.service.status == 0  # type: ignore[attr-defined]
    took = [
        event.took
        for event in lab.report().measurements.commands
        if event.command.startswith("docker service create")
    ]
    assert 6_500_000_000_000 <= took[0] <= 7_500_000_000_000
    assert "5/5" in lab["host-a"]("docker service ls")


def test_the_network_is_unknown_on_a_host_without_containers_on_it() -> None:
    lab = Lab(seed=7)
    lab["host-a"]("docker swarm init")
    lab["host-a"]("docker network create --driver overlay --attachable app-overlay")
    assert "app-overlay" in lab["host-a"]("docker network ls")
    assert "app-overlay" not in lab["host-b"]("docker network ls")
    run = lab["host-b"]("docker run -d --network app-overlay --name web alpine sleep 1000")
    assert run.status == 0
    assert "app-overlay" in lab["host-b"]("docker network ls")
