"""Commands that meet: several at once, or one while the consequences of another still run."""

from __future__ import annotations

import pytest
from cluster_lab import Cluster, check_rest


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.network()
    return cluster


def test_two_runs_on_one_host_join_the_network_once(cluster: Cluster) -> None:
    runs = [
        cluster.start("host-b", f"docker run -d --network app --name {name} alpine sleep 1000")
        for name in ("one", "two")
    ]
    assert [outcome.status for outcome in cluster.finish(*runs)] == [0, 0]
    assert cluster.plugged("app") == ["10.0.1.2", "10.0.1.4"]
    assert cluster.balancer("host-b") == "10.0.1.3"
    check_rest(cluster)


def test_two_containers_cannot_have_one_name(cluster: Cluster) -> None:
    runs = [
        cluster.start("host-b", "docker run -d --network app --name one alpine sleep 1000")
        for _ in range(2)
    ]
    assert sorted(outcome.status for outcome in cluster.finish(*runs)) == [0, 125]
    check_rest(cluster)


@pytest.mark.parametrize("moment", ["10 ms", "35 ms", "60 ms", "100 ms", "300 ms", "470 ms"])
def test_a_container_removed_while_it_starts_leaves_nothing(cluster: Cluster, moment: str) -> None:
    run = cluster.start("host-b", "docker run -d --network app --name web alpine sleep 1000")
    cluster.wait(moment)
    removal = cluster.start("host-b", "docker rm -f web")
    cluster.finish(run, removal)
    cluster.wait("1 s")
    if cluster.table("host-b", "docker ps -a"):  # the removal came before it was there
        cluster.run("host-b", "docker rm -f web")
        cluster.wait("1 s")
    assert cluster.plugged("app") == []
    check_rest(cluster)


def test_start_stop_kill_and_remove_all_at_once(cluster: Cluster) -> None:
    cluster.sleeper("host-b", "web")
    commands = ["restart -t 0 web", "stop -t 0 web", "start web", "kill web", "rm -f web"]
    processes = [cluster.start("host-b", f"docker {command}") for command in commands]
    cluster.finish(*processes)
    cluster.wait("2 s")
    assert cluster.plugged("app") == []
    check_rest(cluster)


def test_connecting_while_the_container_ends(cluster: Cluster) -> None:
    cluster.run("host-b", "docker run -d --name web alpine sleep 1000")
    connect = cluster.start("host-b", "docker network connect app web")
    cluster.wait("30 ms")
    kill = cluster.start("host-b", "docker kill web")
    cluster.finish(connect, kill)
    cluster.wait("1 s")
    assert cluster.plugged("app") == []
    check_rest(cluster)


@pytest.mark.parametrize("moment", ["20 ms", "60 ms", "0.7 s", "1.4 s", "1.6 s", "1.9 s"])
def test_a_service_removed_while_its_tasks_come_up_leaves_nothing(
    cluster: Cluster, moment: str
) -> None:
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 4 my:1")
    cluster.wait(moment)
    cluster.run("host-a", "docker service rm api")
    cluster.wait("6 s")
    for host in cluster.world.workers:
        assert cluster.table(host, "docker ps -a") == []
    assert cluster.manager.store.tasks == {}
    check_rest(cluster)


def test_scaling_and_updating_before_the_last_change_is_done(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 2 my:1")
    for step in ("scale -d api=6", "update -d --image my:2 api", "scale -d api=1", "scale -d api=4",
                 "update -d --force api", "rollback -d api"):  # fmt: skip
        cluster.wait("700 ms")
        cluster.run("host-a", f"docker service {step}")
    cluster.wait("40 s")
    assert len(cluster.running("api")) == 4
    assert {row["IMAGE"] for row in cluster.tasks("api") if not row["OLD"]} == {"my:2"}
    check_rest(cluster)


def test_containers_of_tasks_in_the_users_hands(cluster: Cluster) -> None:
    cluster.run(
        "host-a",
        "docker service create --name api --network app --constraint node.hostname==host-b my:1",
    )
    for command in ("rm -f", "stop", "kill"):
        container = cluster.table("host-b", "docker ps")[0]["NAMES"]
        cluster.run("host-b", f"docker {command} {container}")
        cluster.wait("8 s")
        assert len(cluster.running("api")) == 1
    check_rest(cluster)


@pytest.mark.parametrize("moment", ["5 ms", "45 ms", "80 ms", "250 ms"])
def test_leaving_the_swarm_while_a_container_joins_a_network(cluster: Cluster, moment: str) -> None:
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 3 my:1")
    run = cluster.start("host-b", "docker run -d --network app --name web alpine sleep 1000")
    cluster.wait(moment)
    leave = cluster.start("host-b", "docker swarm leave")
    _, left = cluster.finish(run, leave)
    assert left.status == 0
    assert "app" not in cluster.run("host-b", "docker network ls")
    cluster.wait("30 s")
    assert len(cluster.running("api")) == 3
    cluster.run("host-a", "docker node rm host-b")
    check_rest(cluster)


def test_init_twice_and_join_twice_at_once() -> None:
    cluster = Cluster(scenario="name: manual\nswarm: manual\n", swarm=False)
    inits = [cluster.start("host-a", "docker swarm init") for _ in range(2)]
    assert sorted(outcome.status for outcome in cluster.finish(*inits)) == [0, 1]
    token = cluster.run("host-a", "docker swarm join-token -q worker").strip()
    command = f"docker swarm join --token {token} 10.77.0.11:2377"
    joins = [cluster.start("host-b", command) for _ in range(2)]
    assert sorted(outcome.status for outcome in cluster.finish(*joins)) == [0, 1]
    assert len(cluster.table("host-a", "docker node ls")) == 2


def test_two_swarms_side_by_side_do_not_meet() -> None:
    cluster = Cluster(
        scenario="name: two\nswarm: manual\nunderlay:\n  hosts: [host-a, host-b, host-c, host-d]\n",
        swarm=False,
    )
    for manager, worker in (("host-a", "host-b"), ("host-c", "host-d")):
        cluster.run(manager, "docker swarm init")
        join = cluster.run(manager, "docker swarm join-token worker").splitlines()[2].strip()
        cluster.run(worker, join)
        cluster.run(manager, "docker network create -d overlay --attachable app")
        cluster.run(worker, "docker run -d --network app --name web alpine sleep 1000")
        cluster.run(manager, "docker service create --name api --network app --replicas 4 my:1")
    cluster.wait("20 s")
    for manager in ("host-a", "host-c"):
        assert len(cluster.table(manager, "docker node ls")) == 2
        assert "4/4" in cluster.run(manager, "docker service ls")
    assert cluster.answers("host-b", "web") == ("10.0.1.2",)
    assert cluster.answers("host-d", "web") == ("10.0.1.2",)


def test_service_removed_and_network_removed_in_one_breath(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create -d --name api --network app --replicas 3 my:1")
    cluster.wait("3 s")
    cluster.run("host-a", "docker service rm api")
    assert "is in use by task" in cluster.fail("host-a", "docker network rm app")
    cluster.wait("4 s")
    cluster.run("host-a", "docker network rm app")
    cluster.network()
    assert cluster.sleeper("host-b", "web") == "10.0.1.2"
