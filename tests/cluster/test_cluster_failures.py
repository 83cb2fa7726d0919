"""Heartbeats, silence, partitions: what the managers make of a node that falls silent."""

from __future__ import annotations

from collections import Counter

import pytest
from cluster_lab import Cluster, seconds

from overlaysim.sim.events import BeliefAdded, NodeChanged, TaskChanged

CREATE = "docker service create --name api --network app"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.network()
    return cluster


def changes(cluster: Cluster, kind: type) -> list:
    events: list = []
    cluster.session.simulator.bus.subscribe(kind, events.append)
    return events


def frames(cluster: Cluster, a: str, b: str) -> Counter[str]:
    """Bytes of frames without FCS that a link carried so far, by kind."""
    total: Counter[str] = Counter()
    for parts, count in cluster.world.underlay.links[a, b].compositions.items():
        total[parts.kind] += parts.length * count
    return total


# ---- heartbeats -------------------------------------------------------------------------------


def test_a_workers_heartbeats_cost_what_was_observed(cluster: Cluster) -> None:
    cluster.wait("2 s")
    before = [frames(cluster, *ends) for ends in (("host-b", "switch"), ("switch", "host-b"))]
    cluster.wait("300 s")
    after = [frames(cluster, *ends) for ends in (("host-b", "switch"), ("switch", "host-b"))]
    sent, received = (
        (late["heartbeat"] + late["manager"] - early["heartbeat"] - early["manager"]) / 300
        for early, late in zip(before, after, strict=True)
    )
    # 94 and 65 B/s on a swarm of three, 92 and 62 on one of five.
    assert sent == pytest.approx(94, rel=0.15)
    assert received == pytest.approx(65, rel=0.15)


def test_the_heartbeat_period_can_be_set(cluster: Cluster) -> None:
    cluster.run("host-a", "docker swarm update --dispatcher-heartbeat 1s")
    cluster.wait("6 s")
    states = changes(cluster, NodeChanged)
    cluster.cut("host-b")
    began = cluster.now
    cluster.wait("4 s")
    assert [(event.host, event.state) for event in states] == [("host-b", "down")]
    assert seconds(states[0].at - began) <= 3.3


@pytest.mark.parametrize("seed", range(6))
def test_a_silent_node_is_down_three_periods_after_its_last_heartbeat(seed: int) -> None:
    cluster = Cluster(seed=seed)
    beats: list[int] = []
    heard = cluster.manager.nodes.liveness.heard
    node_c = cluster.manager.store.node("host-c").id

    def listen(node):
        if node.id == node_c:
            beats.append(cluster.now)
        return heard(node)

    cluster.manager.nodes.liveness.heard = listen  # type: ignore[method-assign]
    cluster.wait(f"{12 + seed} s")
    states = changes(cluster, NodeChanged)
    cluster.cut("host-c")
    cluster.wait("20 s")
    assert [(event.host, event.state) for event in states] == [("host-c", "down")]
    assert 13.5 <= seconds(states[0].at - beats[-1]) <= 16.5
    cluster.mend("host-c")
    cluster.wait("9 s")
    assert [(event.host, event.state) for event in states[1:]] == [("host-c", "ready")]


# ---- partitions -------------------------------------------------------------------------------


def test_tasks_of_a_lost_node_start_elsewhere_five_seconds_after_it_is_down(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    lost = next(name for name, host in cluster.running("api").items() if host == "host-c")
    held = set(cluster.task_addresses("api"))
    states, tasks = changes(cluster, NodeChanged), changes(cluster, TaskChanged)
    cluster.cut("host-c")
    cluster.wait("26 s")
    down = states[0].at
    assigned, starting = (
        next(e.at for e in tasks if e.state == state) for state in ("assigned", "starting")
    )
    assert seconds(assigned - down) < 0.2  # placed and prepared during the delay
    assert 5.0 <= seconds(starting - down) <= 5.3
    assert cluster.running("api")[lost] in ("host-a", "host-b")
    rows = [row for row in cluster.tasks("api") if row["NAME"] == lost]
    assert [(r["DESIRED STATE"], r["STATE"], r["NODE"]) for r in rows[1:]] == [
        ("Shutdown", "Running", "host-c")
    ]
    assert held < set(cluster.task_addresses("api"))  # the old one's stays taken

    cluster.mend("host-c")
    cluster.wait("15 s")
    rows = [row for row in cluster.tasks("api") if row["NAME"] == lost]
    assert rows[1]["STATE"] == "Shutdown"
    assert len(cluster.task_addresses("api")) == 3
    assert "host-c" not in cluster.running("api").values()  # not moved back


def test_a_partitioned_worker_cannot_attach(cluster: Cluster) -> None:
    cluster.sleeper("host-c", "old")
    cluster.cut("host-c")
    began = cluster.now
    text = cluster.fail("host-c", "docker run -d --network app --name web alpine sleep 1", 125)
    assert "Could not attach to network app: context deadline exceeded" in text
    assert 20.0 <= seconds(cluster.now - began) <= 20.2
    assert cluster.table("host-c", "docker ps -a")[0]["STATUS"] == "Created"
    # Its own names and local networks go on working.
    assert cluster.answers("host-c", "old") == (cluster.address("host-c", "old"),)
    cluster.run("host-c", "docker run -d alpine sleep 1")
    cluster.mend("host-c")
    cluster.wait("10 s")
    cluster.run("host-c", "docker start web")
    store = cluster.manager.store
    containers = cluster.world.hosts["host-c"].containers.values()
    plugged = {a.interface.address for c in containers for a in c.attachments if a.info.vni}
    assert {a.address for a in store.attachments} == plugged


def test_an_attachment_whose_answer_is_lost_is_granted_once(cluster: Cluster) -> None:
    process = cluster.start("host-c", "docker run -d --network app --name web alpine sleep 99")
    cluster.wait("45 ms")  # the request is with the manager, the answer is not out yet
    cluster.cut("host-c")
    cluster.wait("11 s")
    cluster.mend("host-c")
    (outcome,) = cluster.finish(process)
    assert outcome.status == 0, outcome.text
    assert [a.address for a in cluster.manager.store.attachments] == ["10.0.1.2"]
    assert cluster.address("host-c", "web") == "10.0.1.2"


def test_an_attachment_nobody_uses_is_given_back(cluster: Cluster) -> None:
    process = cluster.start("host-c", "docker run -d --network app --name web alpine sleep 99")
    cluster.wait("45 ms")
    cluster.cut("host-c")
    (outcome,) = cluster.finish(process)
    assert outcome.status == 125
    assert len(cluster.manager.store.attachments) == 1
    cluster.mend("host-c")
    cluster.wait("20 s")
    assert cluster.manager.store.attachments == []
    assert cluster.manager.store.network("app").load_balancers == {}


def test_a_removal_during_a_partition_reaches_the_manager_afterwards(cluster: Cluster) -> None:
    cluster.sleeper("host-c", "web")
    cluster.cut("host-c")
    cluster.run("host-c", "docker rm -f web")
    cluster.wait("5 s")
    assert len(cluster.manager.store.attachments) == 1
    cluster.mend("host-c")
    cluster.wait("15 s")
    assert cluster.manager.store.attachments == []


def test_orders_for_a_node_that_is_down_wait_until_it_is_back(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    cluster.cut("host-c")
    cluster.wait("20 s")
    cluster.run("host-a", "docker service rm api")
    cluster.wait("5 s")
    assert "is in use by task" in cluster.fail("host-a", "docker network rm app")
    assert len(cluster.table("host-c", "docker ps")) == 1
    cluster.mend("host-c")
    cluster.wait("20 s")
    assert cluster.table("host-c", "docker ps -a") == []
    cluster.run("host-a", "docker network rm app")


def test_a_removed_nodes_tasks_and_addresses_are_free(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    cluster.sleeper("host-c", "web")
    cluster.cut("host-c")
    cluster.wait("20 s")
    cluster.run("host-a", "docker node rm host-c")
    states = {row["STATE"] for row in cluster.tasks("api") if row["OLD"]}
    assert states == {"Orphaned"}
    cluster.wait("6 s")
    cluster.run("host-a", "docker service rm api")
    cluster.wait("5 s")
    cluster.run("host-a", "docker network rm app")


def test_an_update_goes_on_when_a_node_is_lost_in_its_middle(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    cluster.run("host-a", "docker service update -d --image my:2 api")
    cluster.wait("4 s")  # the first task is replaced, the second on its way
    cluster.cut("host-b")
    cluster.cut("host-c")
    cluster.wait("20 s")
    cluster.run("host-a", "docker node rm host-b host-c")
    cluster.wait("40 s")
    assert list(cluster.running("api").values()) == ["host-a"] * 3
    assert {row["IMAGE"] for row in cluster.tasks("api") if not row["OLD"]} == {"my:2"}
    service = cluster.json("host-a", "docker service inspect api")
    assert service["UpdateStatus"]["State"] == "completed"


# ---- who knows what when ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_name_is_known_elsewhere_before_run_returns(seed: int) -> None:
    cluster = Cluster(seed=seed)
    cluster.network()
    cluster.sleeper("host-b", "second")
    cluster.sleeper("host-c", "third")
    heard = changes(cluster, BeliefAdded)
    began = cluster.now
    address = cluster.sleeper("host-a", "web")
    assert 0.4 <= seconds(cluster.now - began) <= 0.6
    for host in ("host-b", "host-c"):
        assert cluster.answers(host, "web") == (address,)
    assert {e.host for e in heard if e.name == "web"} == {"host-a", "host-b", "host-c"}
