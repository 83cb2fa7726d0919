"""Networks of a host alone, connecting and disconnecting, and what the daemon refuses."""

from __future__ import annotations

import json
import re

import pytest
from daemon_lab import Typed


@pytest.fixture
def docker() -> Typed:
    return Typed()


@pytest.fixture
def swarm() -> Typed:
    docker = Typed()
    docker("swarm init")
    docker("network create -d overlay --attachable app")
    return docker


def subnet(docker: Typed, network: str) -> str:
    document = json.loads(docker(f"network inspect {network}"))[0]
    return document["IPAM"]["Config"][0]["Subnet"]


def listed(docker: Typed) -> list[str]:
    return docker("network ls --format '{{.Name}} {{.Driver}} {{.Scope}}'").splitlines()


# ---- bridges ----------------------------------------------------------------------------------


def test_a_host_begins_with_three_networks(docker: Typed) -> None:
    assert listed(docker) == ["bridge bridge local", "host host local", "none null local"]


def test_bridge_subnets_are_the_next_free_ones(docker: Typed) -> None:
    assert subnet(docker, "bridge") == "172.17.0.0/16"
    for number in range(15):
        docker(f"network create net{number}")
    assert subnet(docker, "net0") == "172.18.0.0/16"
    assert subnet(docker, "net13") == "172.31.0.0/16"
    assert subnet(docker, "net14") == "192.168.0.0/20"
    docker("network rm net0")
    docker("network create again")
    assert subnet(docker, "again") == "172.18.0.0/16"


def test_names_work_on_a_users_bridge_and_not_on_the_default_one(docker: Typed) -> None:
    docker("network create mine")
    for name, network in (
        ("one", "mine"),
        ("two", "mine"),
        ("three", "bridge"),
        ("four", "bridge"),
    ):
        docker(f"run -d --network {network} --name {name} alpine sleep 1000")
    said = docker("exec one ping -c 1 two")
    assert "PING two (172.18.0.3)" in said
    assert "ttl=64" in said
    assert "bad address" in docker.fails("exec three ping -c 1 four")
    address = docker.networks("four")["bridge"]
    assert "1 packets received" in docker(f"exec three ping -c 1 {address}")


def test_a_users_bridge_as_asked(docker: Typed) -> None:
    docker("network create --subnet 10.5.0.0/16 --gateway 10.5.0.9 --ip-range 10.5.1.0/24 mine")
    docker("run -d --network mine --name one alpine sleep 1000")
    docker("run -d --network mine --ip 10.5.7.7 --name two alpine sleep 1000")
    assert docker.networks("one") == {"mine": "10.5.1.0"}
    assert docker.networks("two") == {"mine": "10.5.7.7"}
    assert "default via 10.5.0.9 dev eth0" in docker("exec one ip route")
    said = docker.fails("run -d --network mine --ip 10.5.7.7 --name three alpine sleep 1", 125)
    assert "the address 10.5.7.7 of 10.5.0.0/16 is in use" in said


def test_internal_networks_have_no_way_out(docker: Typed) -> None:
    docker("network create --internal mine")
    docker("run -d --network mine --name one alpine sleep 1000")
    assert "default" not in docker("exec one ip route")


@pytest.mark.parametrize(
    ("arguments", "gist"),
    [
        ("bridge", "operation is not permitted on predefined bridge network"),
        ("-d overlay none", "operation is not permitted on predefined none network"),
        ("taken", "network with name taken already exists"),
        ("--subnet 172.18.0.0/24 x1", "Pool overlaps with other one on this address space"),
        (
            "--subnet 10.5.0.1/24 x1",
            "config:\ninvalid subnet 10.5.0.1/24: it should be 10.5.0.0/24",
        ),
        ("--subnet nonsense x1", "invalid subnet nonsense: invalid CIDR block notation"),
        ("--subnet 10.5.0.0 x1", "invalid subnet 10.5.0.0: invalid CIDR block notation"),
        (
            "--subnet 10.5.0.7/24 --ip-range 10.5.0.9/25 x1",
            "config:\n* invalid subnet 10.5.0.7/24: it should be 10.5.0.0/24\n"
            "* invalid ip-range 10.5.0.9/25: it should be 10.5.0.0/25",
        ),
        ("--subnet 10.5.0.0/24 --gateway 10.5.0.0 x1", "10.5.0.0"),
        ("-d macvlan x1", 'plugin "macvlan" not found'),
        ("-d overlay x1", "This node is not a swarm manager"),
        ("--subnet 10.5.0.0/24 --subnet 10.6.0.0/24 x1", "several subnets"),
    ],
)
def test_what_network_create_refuses(docker: Typed, arguments: str, gist: str) -> None:
    docker("network create taken")
    assert gist in docker.fails(f"network create {arguments}")
    assert len(listed(docker)) == 4


@pytest.mark.parametrize(
    ("arguments", "gist"),
    [
        ("app", "network with name app already exists"),
        ("-d overlay app", "network with name app already exists"),
        ("-d overlay --ingress x1", "is already present"),
        ("-d overlay my.net", "name must be valid as a DNS name component"),
        ("-d overlay 'my net'", "name must be valid as a DNS name component"),
        (f"-d overlay {'n' * 64}", "name must be 63 characters or fewer"),
        ("-d overlay --opt com.docker.network.driver.mtu=big x1", "allowed: 126 to 65535"),
        (
            "-d overlay --opt overlaysim.attach=devise x1",
            "is not one of bridge, device; did you mean",
        ),
        ("-d overlay --opt overlaysim.df=clear x1", "is not one of unset, set, inherit"),
    ],
)
def test_what_network_create_refuses_in_a_swarm(swarm: Typed, arguments: str, gist: str) -> None:
    assert gist in swarm.fails(f"network create {arguments}")


def test_info_tells_the_swarms_address_pools(docker: Typed) -> None:
    docker("swarm init --default-addr-pool 10.20.0.0/16 --default-addr-pool-mask-length 26")
    info = docker("info")
    assert "  Default Address Pool: 10.20.0.0/16" in info
    assert "  SubnetSize: 26\n  Data Path Port: 4789\n" in info
    docker("network create -d overlay one")
    assert subnet(docker, "one") == "10.20.0.64/26"


def test_an_address_from_the_manager_is_the_endpoints_configuration(swarm: Typed) -> None:
    swarm("run -d --network app --name web alpine sleep 1000")
    endpoint = swarm.inspect("web")["NetworkSettings"]["Networks"]["app"]
    assert endpoint["IPAMConfig"] == {"IPv4Address": endpoint["IPAddress"]}
    assert endpoint["Gateway"] == ""


def test_the_daemons_own_bridges_have_its_options(swarm: Typed) -> None:
    def option(network: str, name: str) -> str:
        options = json.loads(swarm(f"network inspect {network}"))[0]["Options"]
        return options[f"com.docker.network.bridge.{name}"]

    assert option("bridge", "name") == "docker0"
    assert option("bridge", "enable_icc") == "true"
    assert option("docker_gwbridge", "name") == "docker_gwbridge"
    assert option("docker_gwbridge", "enable_icc") == "false"
    assert option("docker_gwbridge", "enable_ip_masquerade") == "true"


def test_the_routing_mesh_was_in_docker_gwbridge_before_the_containers(swarm: Typed) -> None:
    swarm("run -d --network app --name web alpine sleep 1000")
    document = json.loads(swarm("network inspect docker_gwbridge"))[0]["Containers"]
    mesh = document.pop("ingress-sbox")
    assert (mesh["Name"], mesh["IPv4Address"]) == ("gateway_ingress-sbox", "172.18.0.2/16")
    assert re.fullmatch("02(:[0-9a-f]{2}){5}", mesh["MacAddress"])
    [leg] = document.values()
    assert re.fullmatch("gateway_[0-9a-f]{12}", leg["Name"])
    assert leg["IPv4Address"] == "172.18.0.3/16"


def test_removal_of_what_is_in_use_or_predefined(swarm: Typed) -> None:
    swarm("network create mine")
    swarm("run -d --network mine --name one alpine sleep 1000")
    swarm("run -d --network app --name two alpine sleep 1000")
    assert "has active endpoints" in swarm.fails("network rm mine")
    assert "is in use by task" in swarm.fails("network rm app")
    assert "is a pre-defined network and cannot be removed" in swarm.fails("network rm bridge")
    assert "has active endpoints" in swarm.fails("network rm docker_gwbridge")
    assert "cannot be removed" in swarm.fails("network rm ingress")
    assert "network nosuch not found" in swarm.fails("network rm nosuch")
    swarm("service create -d --name api --network app --replicas 0 my:1")
    swarm("rm -f one two")
    assert "is in use by service" in swarm.fails("network rm app")
    swarm("service rm api")
    swarm("network rm mine app")


def test_prune_removes_what_nobody_uses(swarm: Typed) -> None:
    swarm("network create used")
    swarm("network create idle")
    swarm("network create -d overlay away")
    swarm("run -d --network used --name one alpine sleep 1000")
    swarm("run -d --network app --name two alpine sleep 1000")
    assert swarm("network prune -f").split() == ["Deleted", "Networks:", "idle", "away"]
    assert [row.split()[0] for row in listed(swarm)] == [
        "app", "bridge", "docker_gwbridge", "host", "ingress", "none", "used",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "gist"),
    [
        ("--network nosuch", "network nosuch not found"),
        ("--network closed", "network closed not manually attachable"),
    ],
)
def test_what_run_refuses_leaves_the_container_created(
    swarm: Typed, options: str, gist: str
) -> None:
    swarm("network create -d overlay closed")
    said = swarm.fails(f"run -d --name web {options} alpine sleep 1", 125)
    assert "failed to set up container networking" in said
    assert gist in said
    assert swarm.names("-a") == {"web": "Created"}
    swarm("rm web")


def test_outside_a_swarm_an_unknown_network_is_not_found_at_once(docker: Typed) -> None:
    said = docker.fails("run -d --network nosuch alpine sleep 1", 125)
    assert "network nosuch not found" in said
    assert docker.took < 0.1
    docker("run -d --name web alpine sleep 1000")
    assert "network nosuch not found" in docker.fails("network connect nosuch web")


# ---- connect and disconnect -------------------------------------------------------------------


def test_connecting_adds_an_interface_and_disconnecting_takes_it(swarm: Typed) -> None:
    swarm("network create -d overlay --attachable two")
    swarm("run -d --network app --name web alpine sleep 1000")
    swarm("network connect --alias db two web")
    assert swarm.networks("web") == {"app": "10.0.1.2", "two": "10.0.2.2"}
    assert "eth2" in swarm("exec web ip addr")
    assert "default via 172.18.0.1 dev eth1" in swarm("exec web ip route")
    swarm("exec web ping -c 1 db.two")
    assert "already exists in network two" in swarm.fails("network connect two web")
    swarm("network disconnect two web")
    assert swarm.networks("web") == {"app": "10.0.1.2"}
    assert "bad address" in swarm.fails("exec web ping -c 1 db")
    assert "is not connected to network two" in swarm.fails("network disconnect two web")
    swarm("network rm two")


def test_the_way_out_follows_the_networks(swarm: Typed) -> None:
    swarm("network create mine")
    swarm("run -d --network app --name web alpine sleep 1000")
    swarm("network connect mine web")
    assert "default via 172.18.0.1" in swarm("exec web ip route")  # docker_gwbridge
    swarm("network disconnect app web")
    routes = swarm("exec web ip route")
    assert "default via 172.19.0.1" in routes
    assert "172.18.0.0/16" not in routes
    swarm("network connect app web")
    swarm("network disconnect mine web")
    assert "default via 172.18.0.1" in swarm("exec web ip route")


def test_an_internal_overlay_needs_no_gateway(swarm: Typed) -> None:
    swarm("network create -d overlay --attachable --internal closed")
    swarm("run -d --network closed --name web alpine sleep 1000")
    assert "172.18" not in swarm("exec web ip addr")


def test_what_was_connected_is_joined_again_at_the_next_start(swarm: Typed) -> None:
    swarm("network create -d overlay --attachable two")
    swarm("network create mine")
    network = json.loads(swarm("network inspect app"))[0]["Id"]
    swarm(f"run -d --network {network} --name web alpine sleep 1000")  # by its id
    swarm("network connect two web")
    swarm("network connect mine web")
    swarm("network disconnect two web")
    swarm("stop -t 0 web")
    assert swarm.networks("web") == {"app": "", "mine": ""}
    swarm("network connect two web")  # a stopped one joins when it starts
    assert swarm.networks("web")["two"] == ""
    swarm("start web")
    assert set(swarm.networks("web")) == {"app", "mine", "two"}
    assert all(swarm.networks("web").values())
    swarm("network disconnect app web")
    swarm("restart -t 0 web")
    assert set(swarm.networks("web")) == {"mine", "two"}


def test_a_networks_short_id_is_as_good_as_its_name(swarm: Typed) -> None:
    swarm("network create mine")
    ids = swarm("network ls -q --filter name=mine").split()
    swarm(f"run -d --network {ids[0]} --name web alpine sleep 1000")
    assert list(swarm.networks("web")) == ["mine"]
    app = swarm("network ls -q --filter name=app").strip()
    swarm(f"network connect {app} web")
    assert list(swarm.networks("web")) == ["mine", "app"]
    swarm(f"network disconnect {app} web")
    assert list(swarm.networks("web")) == ["mine"]


@pytest.mark.parametrize(("network", "gist"), [("host", "host network"), ("none", "private")])
def test_host_and_none_cannot_be_connected(docker: Typed, network: str, gist: str) -> None:
    docker("run -d --name web alpine sleep 1000")
    assert gist in docker.fails(f"network connect {network} web")


def test_the_end_of_a_container_frees_its_addresses(swarm: Typed) -> None:
    swarm("network create --subnet 10.5.0.0/29 mine")
    for number in range(5):
        swarm(f"run -d --network mine --name c{number} alpine sleep 3")
    assert "no free address is left" in swarm.fails("run -d --network mine alpine sleep 3", 125)
    swarm.lab.wait("4 s")
    assert swarm.networks("c0") == {"mine": ""}
    for number in range(5):
        swarm(f"start c{number}")
