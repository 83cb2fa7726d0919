"""Which address, subnet and VNI comes next, and when one comes back."""

from __future__ import annotations

import pytest
from cluster_lab import Cluster, seconds

VNI = "com.docker.network.driver.overlay.vxlanid_list"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.network()
    return cluster


def subnet(cluster: Cluster, network: str) -> tuple[str, str]:
    document = cluster.json("host-a", f"docker network inspect {network}")
    return document["IPAM"]["Config"][0]["Subnet"], document["Options"][VNI]


def test_a_released_address_is_not_given_again_at_once(cluster: Cluster) -> None:
    assert cluster.sleeper("host-a", "one") == "10.0.1.2"
    assert cluster.balancer("host-a") == "10.0.1.3"
    assert cluster.sleeper("host-a", "two") == "10.0.1.4"
    cluster.run("host-a", "docker rm -f one")
    assert cluster.sleeper("host-a", "three") == "10.0.1.5"


def test_the_pointer_wraps_to_what_was_released() -> None:
    cluster = Cluster()
    cluster.network("tiny", "--attachable --subnet 10.9.0.0/29")
    assert [cluster.sleeper("host-a", f"c{n}", "--network tiny") for n in range(4)] == [
        "10.9.0.2", "10.9.0.4", "10.9.0.5", "10.9.0.6",
    ]  # fmt: skip
    cluster.run("host-a", "docker rm -f c1 c2")
    assert cluster.sleeper("host-a", "c4", "--network tiny") == "10.9.0.4"


def test_the_load_balancers_address_goes_with_the_hosts_last_container(cluster: Cluster) -> None:
    cluster.sleeper("host-b", "keeps")
    cluster.sleeper("host-a", "one")
    cluster.sleeper("host-a", "two")
    first = cluster.balancer("host-a")
    cluster.run("host-a", "docker rm -f one")
    assert cluster.balancer("host-a") == first
    cluster.run("host-a", "docker rm -f two")
    cluster.wait("1 s")
    assert cluster.json("host-a", "docker network inspect app")["Containers"] is None
    assert len(cluster.manager.store.network("app").load_balancers) == 1
    assert cluster.sleeper("host-a", "three") == "10.0.1.7"
    assert cluster.balancer("host-a") == "10.0.1.8"


def test_a_restart_gives_a_new_address_unless_one_was_asked_for(cluster: Cluster) -> None:
    cluster.sleeper("host-b", "other")
    assert cluster.sleeper("host-a", "web") == "10.0.1.4"
    assert cluster.sleeper("host-a", "fixed", "--network app --ip 10.0.1.77") == "10.0.1.77"
    cluster.run("host-a", "docker restart -t 0 web fixed")
    assert cluster.address("host-a", "web") == "10.0.1.6"
    assert cluster.address("host-a", "fixed") == "10.0.1.77"
    # A fixed address does not move the pointer.
    assert cluster.sleeper("host-a", "next") == "10.0.1.7"


def test_a_services_vip_comes_first_and_tasks_follow_in_slot_order(cluster: Cluster) -> None:
    cluster.sleeper("host-a", "web")
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 3 my:1")
    cluster.wait("5 s")
    service = cluster.json("host-a", "docker service inspect api")
    assert [vip["Addr"] for vip in service["Endpoint"]["VirtualIPs"]] == ["10.0.1.4/24"]
    assert cluster.task_addresses("api") == ["10.0.1.5", "10.0.1.6", "10.0.1.7"]
    # host-a had a load balancer; those of host-b and host-c come after scheduling.
    assert [cluster.balancer(host) for host in ("host-a", "host-b", "host-c")] == [
        "10.0.1.3", "10.0.1.8", "10.0.1.9",
    ]  # fmt: skip


def test_dnsrr_takes_no_vip_and_switching_gives_it_back(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create -d --name api --network app my:1")
    service = next(iter(cluster.manager.store.services.values()))
    assert list(service.vips.values()) == ["10.0.1.2"]
    cluster.run("host-a", "docker service update -d --endpoint-mode dnsrr api")
    assert service.vips == {}
    pool = cluster.manager.store.network("app").pool
    assert pool is not None
    assert pool.request("10.0.1.2") == "10.0.1.2"


def test_everything_comes_back_with_service_and_network(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create --name api --network app --replicas 4 my:1")
    cluster.run("host-a", "docker service rm api")
    cluster.wait("5 s")
    network = cluster.manager.store.network("app")
    assert network.pool is not None
    assert network.load_balancers == {}
    for last in range(2, 255):  # nobody has any of them
        network.pool.request(f"10.0.1.{last}")


def test_subnets_are_first_fit_and_vnis_serial(cluster: Cluster) -> None:
    cluster.network("two")
    cluster.network("three")
    assert subnet(cluster, "two") == ("10.0.2.0/24", "4098")
    assert subnet(cluster, "three") == ("10.0.3.0/24", "4099")
    cluster.run("host-a", "docker network rm two")
    cluster.network("four")
    assert subnet(cluster, "four") == ("10.0.2.0/24", "4100")


def test_subnet_gateway_range_and_vni_as_asked() -> None:
    cluster = Cluster()
    cluster.network(
        "mine",
        "--attachable --subnet 10.9.0.0/24 --ip-range 10.9.0.128/25 --gateway 10.9.0.200"
        f" --opt {VNI}=7777 --opt com.docker.network.driver.mtu=9000",
    )
    assert subnet(cluster, "mine") == ("10.9.0.0/24", "7777")
    assert cluster.sleeper("host-a", "web", "--network mine") == "10.9.0.128"
    assert "mtu 8950" in cluster.run("host-a", "docker exec web ip addr")


def test_an_overlapping_subnet_leaves_the_network_without_addresses(cluster: Cluster) -> None:
    cluster.network("late", "--attachable --subnet 10.0.1.128/25")
    document = cluster.json("host-a", "docker network inspect late")
    assert document["IPAM"]["Config"] == []
    assert VNI not in document["Options"]
    began = cluster.now
    text = cluster.fail("host-b", "docker run -d --network late --name x1 alpine sleep 9", 125)
    assert "context deadline exceeded" in text
    assert 19.5 < seconds(cluster.now - began) <= 20.1
    assert cluster.table("host-b", "docker ps -a")[0]["STATUS"] == "Created"
    cluster.run("host-a", "docker service create -d --name api --network late my:1")
    cluster.wait("2 s")
    assert [row["STATE"] for row in cluster.tasks("api")] == ["New"]
    # What stood in the way goes: the network is allocated, and all who waited go on.
    cluster.run("host-a", "docker network rm app")
    cluster.wait("3 s")
    assert subnet(cluster, "late")[0] == "10.0.1.128/25"
    assert [row["STATE"] for row in cluster.tasks("api")] == ["Running"]
    cluster.run("host-b", "docker start x1")


def test_tasks_wait_for_addresses_and_get_those_that_come_free() -> None:
    cluster = Cluster()
    cluster.network("tiny", "--attachable --subnet 10.9.0.0/29")
    for name in ("c1", "c2", "c3"):
        cluster.sleeper("host-a", name, "--network tiny")
    cluster.run(
        "host-a",
        "docker service create -d --name api --network tiny --endpoint-mode dnsrr"
        " --constraint node.hostname==host-a --replicas 2 my:1",
    )
    cluster.wait("3 s")
    assert sorted(row["STATE"] for row in cluster.tasks("api")) == ["New", "Running"]
    text = cluster.fail("host-b", "docker run -d --network tiny alpine sleep 9", 125)
    assert "context deadline exceeded" in text
    waiting = cluster.start("host-b", "docker run -d --network tiny alpine sleep 9")
    cluster.run("host-a", "docker rm -f c1 c2 c3")
    assert cluster.finish(waiting)[0].status == 0
    cluster.wait("3 s")
    assert len(cluster.running("api")) == 2


def test_a_fixed_address_that_cannot_be_had_fails_after_the_limit(cluster: Cluster) -> None:
    cluster.sleeper("host-a", "web", "--network app --ip 10.0.1.50")
    for address in ("10.0.1.50", "10.0.1.255", "192.0.2.1"):
        text = cluster.fail(
            "host-b", f"docker run -d --network app --ip {address} alpine sleep 9", 125
        )
        assert "context deadline exceeded" in text
    assert [a.address for a in cluster.manager.store.attachments] == ["10.0.1.50"]
