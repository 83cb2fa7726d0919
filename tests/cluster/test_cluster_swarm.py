"""Init, join, leave, nodes: who may do what, and what the others see of it."""

from __future__ import annotations

import re

import pytest
from cluster_lab import Cluster

MANUAL = "name: manual\nswarm: manual\n"
TOKEN = re.compile(r"docker swarm join --token (SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}) (\S+)")


def nodes(cluster: Cluster, host: str = "host-a") -> dict[str, str]:
    """Status by host name."""
    return {row["HOSTNAME"]: row["STATUS"] for row in cluster.table(host, "docker node ls")}


def token(cluster: Cluster, role: str) -> str:
    return cluster.run("host-a", f"docker swarm join-token -q {role}").strip()


def test_the_printed_command_joins() -> None:
    cluster = Cluster(scenario=MANUAL, swarm=False)
    said = cluster.run("host-a", "docker swarm init")
    match = TOKEN.search(said)
    assert match is not None
    assert match.group(2) == "10.77.0.11:2377"
    assert nodes(cluster) == {"host-a": "Ready"}
    said = cluster.run("host-b", match.group(0))
    assert said == "This node joined a swarm as a worker.\n"
    assert nodes(cluster) == {"host-a": "Ready", "host-b": "Ready"}


def test_equal_seeds_give_equal_tokens_and_others_give_others() -> None:
    tokens = []
    for seed in (7, 7, 8):
        cluster = Cluster(seed=seed, scenario=MANUAL)
        tokens.append(token(cluster, "worker"))
    assert tokens[0] == tokens[1] != tokens[2]


def test_the_token_decides_the_role() -> None:
    cluster = Cluster(scenario=MANUAL)
    said = cluster.run(
        "host-b", f"docker swarm join --token {token(cluster, 'manager')} 10.77.0.11:2377"
    )
    assert said == "This node joined a swarm as a manager.\n"
    rows = cluster.table("host-b", "docker node ls")
    assert [(row["HOSTNAME"], row["MANAGER STATUS"]) for row in rows] == [
        ("host-a", "Leader"), ("host-b", "Reachable"),
    ]  # fmt: skip
    assert [row["ID"].endswith("*") for row in rows] == [False, True]
    cluster.run("host-b", "docker network create -d overlay app")
    assert "app" in cluster.run("host-a", "docker network ls")


def test_a_second_manager_takes_over_when_the_leader_leaves() -> None:
    cluster = Cluster(scenario=MANUAL)
    for host, role in (("host-b", "manager"), ("host-c", "worker")):
        cluster.run(host, f"docker swarm join --token {token(cluster, role)} 10.77.0.11:2377")
    cluster.network()
    cluster.run("host-a", "docker swarm leave --force")
    rows = cluster.table("host-b", "docker node ls")
    assert [(r["HOSTNAME"], r["STATUS"], r["MANAGER STATUS"]) for r in rows] == [
        ("host-a", "Down", "Reachable"), ("host-b", "Ready", "Leader"), ("host-c", "Ready", ""),
    ]  # fmt: skip
    cluster.run("host-c", "docker run -d --network app --name web alpine sleep 1000")
    cluster.run("host-b", "docker service create --name api --network app --replicas 4 my:1")
    assert "4/4" in cluster.run("host-b", "docker service ls")
    cluster.wait("20 s")
    assert nodes(cluster, "host-b") == {"host-a": "Down", "host-b": "Ready", "host-c": "Ready"}


def test_another_manager_may_leave_without_taking_the_lead_along() -> None:
    cluster = Cluster(scenario=MANUAL)
    for host in ("host-b", "host-c"):
        cluster.run(host, f"docker swarm join --token {token(cluster, 'manager')} 10.77.0.11:2377")
    cluster.run("host-b", "docker swarm leave --force")
    rows = cluster.table("host-c", "docker node ls")
    assert [row["MANAGER STATUS"] for row in rows] == ["Leader", "Reachable", "Reachable"]
    cluster.run("host-c", "docker service create --name api --replicas 2 my:1")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-c"]


def test_node_ls_has_the_clients_columns() -> None:
    cluster = Cluster()
    header = cluster.run("host-a", "docker node ls").splitlines()[0]
    assert re.split(r" {2,}", header.strip()) == [
        "ID", "HOSTNAME", "STATUS", "AVAILABILITY", "MANAGER STATUS", "ENGINE VERSION",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def three() -> Cluster:
    """A swarm that the tests below only ask for what is refused."""
    return Cluster()


@pytest.mark.parametrize(
    ("host", "command", "gist"),
    [
        ("host-a", "docker swarm init", "already part of a swarm"),
        ("host-b", "docker swarm init", "already part of a swarm"),
        ("host-b", "docker swarm join --token x 10.77.0.11:2377", "already part of a swarm"),
        ("host-a", "docker swarm leave", "--force"),
        ("host-b", "docker node ls", "not a swarm manager. Worker nodes can't be used"),
        ("host-b", "docker service ls", "not a swarm manager. Worker nodes can't be used"),
        ("host-b", "docker swarm join-token worker", "not a swarm manager"),
        ("host-b", "docker network create -d overlay x1", "from a worker node"),
        ("host-a", "docker node rm host-a", "is a cluster manager"),
        ("host-a", "docker node rm host-b", "is not down and can't be removed"),
        ("host-a", "docker node rm nobody", "nobody not found"),
        ("host-a", "docker node update --availability off host-b", "Availability"),
        ("host-a", "docker node promote host-b", "not simulated"),
        ("host-a", "docker node inspect nobody", "nobody not found"),
    ],
)
def test_what_a_node_refuses(three: Cluster, host: str, command: str, gist: str) -> None:
    assert gist in three.fail(host, command)
    assert nodes(three) == dict.fromkeys(("host-a", "host-b", "host-c"), "Ready")


@pytest.mark.parametrize(
    ("command", "gist"),
    [
        ("docker node ls", 'Use "docker swarm init" or "docker swarm join"'),
        ("docker network create -d overlay app", "This node is not a swarm manager"),
        ("docker swarm leave", "not part of a swarm"),
        ("docker swarm init --advertise-addr 1.2.3.4", "host-b has eth0 at 10.77.0.12"),
        ("docker swarm init --data-path-port 500", "not in valid range (1024-49151) : 500"),
        ("docker swarm init --default-addr-pool 10.0.0.0/28", "address pool"),
        ("docker swarm join --token {worker} 10.77.0.99:2377", "no route to host"),
        ("docker swarm join --token {worker} 10.77.0.13:2377", "connection refused"),
        ("docker swarm join --token SWMTKN-1-a-b 10.77.0.11:2377", "valid join token"),
    ],
)
def test_what_a_host_outside_is_refused(command: str, gist: str) -> None:
    cluster = Cluster(scenario=MANUAL)
    assert gist in cluster.fail("host-b", command.format(worker=token(cluster, "worker")))
    assert nodes(cluster) == {"host-a": "Ready"}


def test_a_rotated_token_is_worth_nothing() -> None:
    cluster = Cluster(scenario=MANUAL)
    old = token(cluster, "worker")
    cluster.run("host-a", "docker swarm join-token --rotate worker")
    assert "valid join token" in cluster.fail(
        "host-b", f"docker swarm join --token {old} 10.77.0.11:2377"
    )
    cluster.run("host-b", f"docker swarm join --token {token(cluster, 'worker')} 10.77.0.11:2377")


def test_subnets_come_from_the_pool_of_the_swarm() -> None:
    cluster = Cluster(scenario=MANUAL, swarm=False)
    cluster.run(
        "host-a",
        "docker swarm init --default-addr-pool 172.30.0.0/16 --default-addr-pool-mask-length 26",
    )
    cluster.network()
    document = cluster.json("host-a", "docker network inspect app")
    assert document["IPAM"]["Config"] == [{"Subnet": "172.30.0.64/26", "Gateway": "172.30.0.65"}]


def test_a_worker_leaves_silently_and_may_come_back() -> None:
    cluster = Cluster()
    cluster.network()
    cluster.sleeper("host-a", "stays")
    cluster.sleeper("host-b", "web")
    cluster.run("host-a", "docker service create --name api --network app --replicas 3 my:1")
    assert cluster.answers("host-a", "web") != ()
    cluster.run("host-b", "docker swarm leave")
    # Its names are gone at once elsewhere, its tasks' containers too, the standalone one stays.
    cluster.wait("1 s")
    assert cluster.answers("host-a", "web") == ()
    assert [row["NAMES"] for row in cluster.table("host-b", "docker ps -a")] == ["web"]
    assert "app" not in cluster.run("host-b", "docker network ls")
    assert nodes(cluster)["host-b"] == "Ready"
    cluster.wait("17 s")
    assert nodes(cluster)["host-b"] == "Down"
    cluster.wait("8 s")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-c", "host-c"]
    cluster.run("host-b", f"docker swarm join --token {token(cluster, 'worker')} 10.77.0.11:2377")
    rows = cluster.table("host-a", "docker node ls")
    assert sorted((r["HOSTNAME"], r["STATUS"]) for r in rows if r["HOSTNAME"] == "host-b") == [
        ("host-b", "Down"), ("host-b", "Ready"),
    ]  # fmt: skip
    gone = next(row["ID"] for row in rows if row["STATUS"] == "Down")
    assert "ambiguous" in cluster.fail("host-a", "docker node rm host-b")
    held = len(cluster.manager.store.attachments)
    cluster.run("host-a", f"docker node rm {gone}")
    assert len(cluster.manager.store.attachments) == held - 1  # the address of web is free
    cluster.run("host-b", "docker restart -t 0 web")
    cluster.wait("1 s")
    assert cluster.answers("host-a", "web") == (cluster.address("host-b", "web"),)
    cluster.run("host-a", "docker service update --force api")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-b", "host-c"]


def test_the_last_manager_takes_the_swarm_with_it() -> None:
    cluster = Cluster()
    cluster.network()
    cluster.sleeper("host-a", "web")
    cluster.sleeper("host-b", "db")
    cluster.run("host-a", "docker swarm leave --force")
    assert "ingress" not in cluster.run("host-a", "docker network ls")
    assert "connection refused" in cluster.fail(
        "host-b", "docker run -d --network app alpine sleep 9", 125
    )
    cluster.run("host-b", "docker swarm leave")
    cluster.run("host-a", "docker swarm init")  # and the others join again
    assert nodes(cluster)["host-b"] == "Ready"
    cluster.network()
    assert cluster.sleeper("host-b", "new") == "10.0.1.2"


def test_a_host_that_cannot_be_reached_stays_outside() -> None:
    cluster = Cluster(swarm=False)
    cluster.cut("host-c")
    outcome = cluster.type("host-a", "docker swarm init")
    assert outcome.status == 0
    assert outcome.notes
    assert outcome.notes[0].startswith("(host-b joined as worker")
    assert "not a swarm manager" in cluster.fail("host-c", "docker node ls")


def test_removing_a_node_that_is_up_moves_its_tasks() -> None:
    cluster = Cluster()
    cluster.network()
    cluster.run("host-a", "docker service create --name api --network app --replicas 3 my:1")
    cluster.run("host-a", "docker node rm --force host-c")
    cluster.wait("9 s")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-a", "host-b"]
    text = cluster.fail("host-c", "docker run -d --network app alpine sleep 9", 125)
    assert "is no member" in text
