"""Services: placed, scaled, updated, rolled back, restarted, removed."""

from __future__ import annotations

import pytest
from cluster_lab import Cluster, seconds

from overlaysim.cluster.requests import Refused
from overlaysim.sim.events import TaskChanged

CREATE = "docker service create --name api --network app"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.network()
    return cluster


def reached(cluster: Cluster, state: str) -> list[TaskChanged]:
    """From now on, every task that comes to this state."""
    events: list[TaskChanged] = []
    cluster.session.simulator.bus.subscribe(
        TaskChanged, lambda event: events.append(event) if event.state == state else None
    )
    return events


# ---- created ----------------------------------------------------------------------------------


def test_create_converges_in_about_seven_seconds(cluster: Cluster) -> None:
    cluster.sleeper("host-a", "web")
    began = cluster.now
    said = cluster.run("host-a", f"{CREATE} --replicas 5 myapi:1.0").splitlines()
    assert 6.5 <= seconds(cluster.now - began) <= 7.5
    assert said[1] == "overall progress: 5 out of 5 tasks"
    assert said[-1].endswith("converged")
    counts = sorted(list(cluster.running("api").values()).count(h) for h in cluster.world.workers)
    assert counts == [1, 2, 2]
    assert "5/5" in cluster.run("host-a", "docker service ls")


def test_two_nodes_share_five_tasks_three_and_two() -> None:
    cluster = Cluster(scenario="name: two\nunderlay:\n  hosts: [host-a, host-b]\n")
    cluster.network()
    cluster.sleeper("host-a", "busy")
    cluster.run("host-a", f"{CREATE} --replicas 5 my:1")
    hosts = list(cluster.running("api").values())
    # The fifth goes where fewer tasks are in total: the standalone container counts.
    assert (hosts.count("host-a"), hosts.count("host-b")) == (2, 3)


def test_a_service_without_networks_has_no_names(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create --name plain my:1")
    assert cluster.json("host-a", "docker service inspect plain")["Endpoint"]["VirtualIPs"] == []
    host = next(iter(cluster.running("plain").values()))
    container = cluster.table(host, "docker ps")[0]["NAMES"]
    assert cluster.address(host, container, "bridge").startswith("172.17.0.")


def test_a_service_without_a_name_is_given_one(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create -d my:1")
    cluster.run("host-a", "docker service create -d my:1")
    names = [row["NAME"] for row in cluster.table("host-a", "docker service ls")]
    assert len(names) == len(set(names)) == 2
    assert all("_" in name for name in names)


def test_environment_hosts_and_labels_reach_the_containers(cluster: Cluster) -> None:
    cluster.run(
        "host-a",
        f"{CREATE} --env COLOUR=red --host db:10.1.2.3 --container-label tier=front"
        " --hostname box --constraint node.role==manager my:1",
    )
    name = cluster.table("host-a", "docker ps")[0]["NAMES"]
    config = cluster.json("host-a", f"docker inspect {name}")["Config"]
    assert config["Env"] == ["COLOUR=red"]
    assert config["Hostname"] == "box"
    assert config["Labels"]["tier"] == "front"
    assert config["Labels"]["com.docker.swarm.service.name"] == "api"
    assert "10.1.2.3\tdb" in cluster.run("host-a", f"docker exec {name} cat /etc/hosts")


@pytest.mark.parametrize(
    ("options", "gist"),
    [
        ("--name api my:1", "name conflicts with an existing object: service api already exists"),
        ("--name x.y my:1", "name must be valid as a DNS name component"),
        (f"--name {'x' * 64} my:1", "name must be 63 characters or fewer"),
        ("--name x1 --network nosuch my:1", "network nosuch not found"),
        ("--name x1 --network ingress my:1", "cannot be explicitly attached to the ingress"),
        ("--name x1 --constraint node.colour==red my:1", "node.colour"),
        ("--name x1 --constraint node.role=manager my:1", "constraint expected one operator"),
    ],
)
def test_what_create_refuses(cluster: Cluster, options: str, gist: str) -> None:
    cluster.run("host-a", f"{CREATE} -d my:1")
    assert gist in cluster.fail("host-a", f"docker service create {options}")
    assert len(cluster.manager.store.services) == 1


# ---- placed -----------------------------------------------------------------------------------


def test_constraints_choose_the_nodes_and_tasks_move_when_they_no_longer_hold(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", "docker node update --label-add disk=ssd host-b")
    cluster.run("host-a", f"{CREATE} --replicas 2 --constraint node.labels.disk==SSD my:1")
    assert set(cluster.running("api").values()) == {"host-b"}
    cluster.run("host-a", "docker node update --label-add disk=ssd host-c")
    cluster.run("host-a", "docker node update --label-rm disk host-b")
    cluster.wait("10 s")
    assert set(cluster.running("api").values()) == {"host-c"}


def test_no_suitable_node_is_told_in_the_error_column(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d --constraint node.hostname==nowhere my:1")
    cluster.run(
        "host-a", "docker service create -d --name wide --replicas 4 --replicas-max-per-node 1 my:1"
    )
    cluster.wait("3 s")
    row = cluster.tasks("api")[0]
    assert (row["STATE"], row["NODE"]) == ("Pending", "")
    assert row["ERROR"] == '"no suitable node (scheduling constraints not satisfied on 3 nodes)"'
    assert len(cluster.running("wide")) == 3
    assert [row["ERROR"] for row in cluster.tasks("wide") if row["STATE"] == "Pending"] == [
        '"no suitable node (max replicas per node limit exceed)"'
    ]
    assert "3/4 (max 1 per node)" in cluster.run("host-a", "docker service ls")


def test_draining_moves_tasks_without_a_delay_and_activating_moves_none_back(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    cluster.sleeper("host-b", "alone")
    running = reached(cluster, "running")
    began = cluster.now
    cluster.run("host-a", "docker node update --availability drain host-b")
    cluster.wait("8 s")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-a", "host-c"]
    # Drained for 2 s and stopped; the new one is ready by then and only has to start.
    assert 2.0 < seconds(running[0].at - began) < 3.0
    assert "Up" in cluster.table("host-b", "docker ps")[0]["STATUS"]
    cluster.run("host-a", "docker node update --availability active host-b")
    cluster.wait("8 s")
    assert "host-b" not in cluster.running("api").values()


def test_global_mode_follows_the_nodes(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --mode global my:1")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-b", "host-c"]
    assert "3/3" in cluster.run("host-a", "docker service ls")
    cluster.run("host-a", "docker node update --availability pause host-b")
    cluster.run("host-a", "docker node update --availability drain host-c")
    cluster.wait("5 s")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-b"]
    cluster.run("host-a", "docker node update --availability active host-c")
    cluster.wait("5 s")
    assert sorted(cluster.running("api").values()) == ["host-a", "host-b", "host-c"]


# ---- scaled -----------------------------------------------------------------------------------


def test_scaling_up_fills_the_lowest_slots(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    service = next(iter(cluster.manager.store.services.values()))
    middle = next(t for t in cluster.manager.store.tasks_of(service.id) if t.slot == 2)
    cluster.manager.orchestrator.lifecycle.stop(middle, "remove")
    cluster.wait("4 s")
    cluster.run("host-a", "docker service scale api=5")
    assert sorted(cluster.running("api")) == [f"api.{slot}" for slot in range(1, 6)]


def test_scaling_down_takes_the_fullest_node_first_then_the_highest_slot(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 5 my:1")
    before = cluster.running("api")
    assert [before[f"api.{n}"] for n in range(1, 6)] == [
        "host-a", "host-b", "host-c", "host-a", "host-b",
    ]  # fmt: skip
    cluster.run("host-a", "docker service scale api=4")
    assert sorted(cluster.running("api")) == ["api.1", "api.2", "api.3", "api.4"]
    cluster.run("host-a", "docker service scale api=3")
    cluster.run("host-a", "docker service scale api=1")
    assert sorted(cluster.running("api")) == ["api.1"]
    cluster.wait("3 s")
    assert [row["NAME"] for row in cluster.tasks("api")] == ["api.1"]  # no history of the others


def test_scaling_down_prefers_tasks_that_do_not_run(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d --replicas 4 --replicas-max-per-node 1 my:1")
    cluster.wait("4 s")
    waiting = next(row["NAME"] for row in cluster.tasks("api") if row["STATE"] == "Pending")
    cluster.run("host-a", "docker service scale -d api=3")
    cluster.wait("1 s")
    assert waiting not in cluster.running("api")
    assert len(cluster.running("api")) == 3


def test_scaling_to_zero_and_back(cluster: Cluster) -> None:
    cluster.sleeper("host-a", "web")
    cluster.run("host-a", f"{CREATE} --replicas 2 my:1")
    vip = cluster.answers("host-a", "api")
    assert len(vip) == 1
    cluster.run("host-a", "docker service scale api=0")
    cluster.wait("4 s")
    assert cluster.answers("host-a", "api") == ()
    cluster.run("host-a", "docker service scale api=1")
    assert cluster.answers("host-a", "api") == vip


# ---- updated ----------------------------------------------------------------------------------


def test_a_new_image_rolls_one_task_at_a_time(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    running, shut = reached(cluster, "running"), reached(cluster, "shutdown")
    cluster.run("host-a", "docker service update --image my:2 api")
    # Each old one is gone before its successor runs, and that runs before the next one goes.
    order = [at for pair in zip(shut, running, strict=True) for at in (pair[0].at, pair[1].at)]
    assert order == sorted(order)
    assert len(order) == 6
    rows = cluster.tasks("api")
    assert [(r["NAME"], r["OLD"], r["IMAGE"], r["STATE"]) for r in rows[:2]] == [
        ("api.1", "", "my:2", "Running"), ("api.1", "old", "my:1", "Shutdown"),
    ]  # fmt: skip
    assert len(rows) == 6
    service = cluster.json("host-a", "docker service inspect api")
    assert service["UpdateStatus"]["State"] == "completed"
    assert service["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "my:1"


def test_only_what_a_task_is_made_of_replaces_it(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 2 my:1")
    before = [row["ID"] for row in cluster.tasks("api")]
    for change in ("--label-add a=b", "--constraint-add node.role!=nobody", "--replicas 2"):
        cluster.run("host-a", f"docker service update {change} api")
    assert [row["ID"] for row in cluster.tasks("api")] == before
    cluster.run("host-a", "docker service update --force api")
    assert not set(before) & {row["ID"] for row in cluster.tasks("api") if not row["OLD"]}
    cluster.run("host-a", "docker service update --env-add A=1 api")
    assert len(cluster.tasks("api")) == 6


def test_a_constraint_that_no_longer_fits_moves_the_task(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --constraint node.hostname==host-b my:1")
    cluster.run(
        "host-a",
        "docker service update --constraint-rm node.hostname==host-b"
        " --constraint-add node.hostname==host-c api",
    )
    assert cluster.running("api") == {"api.1": "host-c"}


def test_rollback_puts_the_previous_spec_back(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 2 my:1")
    assert "does not have a previous spec" in cluster.fail("host-a", "docker service rollback api")
    cluster.run("host-a", "docker service update --image my:2 api")
    cluster.run("host-a", "docker service rollback api")
    assert {r["IMAGE"] for r in cluster.tasks("api") if not r["OLD"]} == {"my:1"}
    service = cluster.json("host-a", "docker service inspect api")
    assert service["UpdateStatus"]["State"] == "rollback_completed"


def test_a_failing_update_pauses_and_leaves_the_others_alone(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    text = cluster.fail("host-a", "docker service update --args nosuchprogram api")
    assert "service update paused: update paused due to failure or early termination" in text
    cluster.wait("12 s")
    assert sorted(cluster.running("api")) == ["api.2", "api.3"]
    # The next specification starts anew and reaches everyone.
    cluster.run("host-a", "docker service update --args 'sleep 1000' api")
    assert len(cluster.running("api")) == 3


def test_an_old_version_number_is_out_of_sequence(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d my:1")
    service = cluster.manager.store.service("api")
    cluster.run("host-a", "docker service scale -d api=2")
    with pytest.raises(Refused, match="out of sequence"):
        cluster.manager.services.update("api", service.version - 1, service.spec)


def test_a_service_may_gain_and_lose_a_network(cluster: Cluster) -> None:
    cluster.network("two")
    cluster.run("host-a", f"{CREATE} my:1")
    cluster.run("host-a", "docker service update --network-add two api")
    vips = cluster.json("host-a", "docker service inspect api")["Endpoint"]["VirtualIPs"]
    assert [vip["Addr"] for vip in vips] == ["10.0.1.2/24", "10.0.2.2/24"]
    cluster.run("host-a", "docker service update --network-rm app api")
    cluster.wait("1 s")
    vips = cluster.json("host-a", "docker service inspect api")["Endpoint"]["VirtualIPs"]
    assert [vip["Addr"] for vip in vips] == ["10.0.2.2/24"]
    cluster.run("host-a", "docker network rm app")


# ---- restarted --------------------------------------------------------------------------------


def test_a_task_that_fails_is_replaced_five_seconds_later_with_another_address(
    cluster: Cluster,
) -> None:
    cluster.run("host-a", f"{CREATE} --constraint node.hostname==host-b my:1")
    first = cluster.task_addresses("api")
    container = cluster.table("host-b", "docker ps")[0]["NAMES"]
    running = reached(cluster, "starting")
    began = cluster.now
    cluster.run("host-b", f"docker kill {container}")
    cluster.wait("1 s")
    new, old = cluster.tasks("api")
    assert (new["DESIRED STATE"], new["OLD"]) == ("Ready", "")
    assert (old["DESIRED STATE"], old["STATE"]) == ("Shutdown", "Failed")
    assert old["ERROR"] == '"task: non-zero exit (137)"'
    cluster.wait("7 s")
    assert 5.0 <= seconds(running[0].at - began) <= 5.3
    assert cluster.task_addresses("api") != first


def test_five_tasks_of_a_slot_are_kept(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d --restart-delay 1s alpine false")
    cluster.wait("30 s")
    rows = cluster.tasks("api")
    assert len(rows) == 5
    assert [row["OLD"] for row in rows] == ["", "old", "old", "old", "old"]
    assert {row["ERROR"] for row in rows[1:]} == {'"task: non-zero exit (1)"'}
    kept = sum(
        row["NAMES"].startswith("api.")
        for host in cluster.world.workers
        for row in cluster.table(host, "docker ps -a")
    )
    assert kept <= 5  # the containers of forgotten tasks are removed


def test_an_unknown_program_fails_the_task(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d alpine nosuchprogram")
    cluster.wait("3 s")
    old = cluster.tasks("api")[-1]
    assert old["STATE"] == "Failed"
    assert "executable file not found in $PATH" in old["ERROR"]


@pytest.mark.parametrize(
    ("condition", "program", "tasks", "state"),
    [
        ("none", "false", 1, "Failed"),
        ("none", "true", 1, "Complete"),
        ("on-failure", "true", 1, "Complete"),
        ("on-failure", "false", 2, "Failed"),
        ("any", "true", 2, "Complete"),
    ],
)
def test_restart_conditions(
    cluster: Cluster, condition: str, program: str, tasks: int, state: str
) -> None:
    cluster.run("host-a", f"{CREATE} -d --restart-condition {condition} alpine {program}")
    cluster.wait("5 s")
    rows = cluster.tasks("api")
    assert len(rows) == tasks
    assert (rows[-1]["STATE"], rows[-1]["DESIRED STATE"]) == (state, "Shutdown")


def test_a_node_where_a_service_keeps_failing_is_avoided(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d --restart-delay 1s alpine false")
    failed = reached(cluster, "failed")
    cluster.wait("60 s")
    hosts = [event.host for event in failed]
    assert len(set(hosts[:5])) == 1
    assert set(hosts) == {"host-a", "host-b", "host-c"}


# ---- removed ----------------------------------------------------------------------------------


def test_removal_takes_the_names_first_and_two_seconds_later_the_containers(
    cluster: Cluster,
) -> None:
    cluster.sleeper("host-c", "web")
    cluster.run("host-a", f"{CREATE} --replicas 3 my:1")
    assert len(cluster.answers("host-c", "tasks.api")) == 3
    cluster.run("host-a", "docker service rm api")
    cluster.wait("1 s")
    assert cluster.answers("host-c", "tasks.api") == ()
    assert len(cluster.answers("host-c", "api")) == 1  # the VIP, while a backend is present
    assert len(cluster.table("host-c", "docker ps")) == 2
    cluster.wait("2 s")
    assert cluster.answers("host-c", "api") == ()
    assert [row["NAMES"] for row in cluster.table("host-c", "docker ps -a")] == ["web"]
    assert "no such service: api" in cluster.fail("host-a", "docker service ps api")


def test_a_plain_sleep_gets_the_stop_grace_period(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} --replicas 1 alpine sleep 1000")
    shut = reached(cluster, "shutdown")
    began = cluster.now
    cluster.run("host-a", "docker service rm api")
    cluster.wait("15 s")
    assert 12.0 < seconds(shut[0].at - began) < 12.3


def test_logs_of_a_service_name_the_task_and_the_host(cluster: Cluster) -> None:
    cluster.run("host-a", f"{CREATE} -d --restart-condition none alpine echo hello")
    cluster.wait("4 s")
    said = cluster.run("host-a", "docker service logs api")
    task = cluster.tasks("api")[0]
    assert said == f"api.1.{task['ID']}@{task['NODE']}    | hello\n"
