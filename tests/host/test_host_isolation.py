"""docker_gwbridge is a way out, not a way to one another (docker-behaviour: traffic off)."""

from __future__ import annotations

import pytest

from overlaysim import Lab

ICC_OFF = "-o com.docker.network.bridge.enable_icc=false"


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = Lab("name: one\nunderlay: {hosts: [host-a, host-b]}\n", seed=4)
    host = lab["host-a"]
    host("docker swarm init")
    host("docker network create -d overlay --attachable net")
    for name in ("web", "client"):
        assert host(f"docker run -d --network net --name {name} alpine sleep 1000").status == 0
    return lab


def gateway_address(lab: Lab, name: str) -> str:
    lines = lab["host-a"](f"docker exec {name} ip addr").splitlines()
    return next(line.split()[1].split("/")[0] for line in lines if "inet 172.18." in line)


def test_containers_do_not_reach_one_another_over_docker_gwbridge(lab: Lab) -> None:
    before = lab.report().measurements.conservation.by_reason().get("filtered", 0)
    ping = lab["host-a"](f"docker exec client ping -c 2 -W 1 {gateway_address(lab, 'web')}")
    assert ping.status == 1
    assert "2 packets transmitted, 0 packets received" in ping
    assert lab.report().measurements.conservation.by_reason()["filtered"] == before + 2


def test_they_reach_the_gateway_and_one_another_over_the_overlay(lab: Lab) -> None:
    for target in ("172.18.0.1", "web"):
        assert lab["host-a"](f"docker exec client ping -c 1 {target}").status == 0


@pytest.mark.parametrize(("option", "status"), [("", 0), (ICC_OFF, 1)])
def test_the_option_does_it_for_any_bridge(lab: Lab, option: str, status: int) -> None:
    host = lab["host-a"]
    name = f"lan{status}"
    assert host(f"docker network create {option} {name}").status == 0
    for end in ("one", "two"):
        assert (
            host(f"docker run -d --network {name} --name {end}{status} alpine sleep 9").status == 0
        )
    assert host(f"docker exec one{status} ping -c 1 -W 1 two{status}").status == status
