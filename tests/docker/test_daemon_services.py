"""What the daemon hands out about services is a copy: nobody's changes leak into the swarm."""

from __future__ import annotations

import json

import pytest
from daemon_lab import Typed


@pytest.fixture
def swarm() -> Typed:
    docker = Typed()
    docker("swarm init")
    docker("network create -d overlay --attachable app")
    docker("service create --name api --network app my:1")
    return docker


def service(docker: Typed) -> dict:
    return json.loads(docker("service inspect api"))[0]


def test_a_refused_change_changes_nothing(swarm: Typed) -> None:
    before = service(swarm)
    swarm.fails("service update --image my:2 --constraint-add nonsense api")
    assert service(swarm) == before


def test_tasks_and_the_previous_spec_keep_what_they_were_made_from(swarm: Typed) -> None:
    swarm("service update --image my:2 --env-add A=1 api")
    now = service(swarm)
    assert now["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "my:2"
    assert now["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "my:1"
    images = swarm("service ps --format '{{.Image}}' api").split()
    assert images == ["my:2", "my:1"]


def test_inspect_has_what_the_client_needs(swarm: Typed) -> None:
    document = service(swarm)
    network = json.loads(swarm("network inspect app"))[0]["Id"]
    assert document["Spec"]["Mode"] == {"Replicated": {"Replicas": 1}}
    assert document["Spec"]["TaskTemplate"]["Networks"] == [{"Target": network}]
    assert document["Endpoint"]["VirtualIPs"] == [{"NetworkID": network, "Addr": "10.0.1.2/24"}]
    task = json.loads(swarm(f"inspect --type task {task_id(swarm)}"))[0]
    assert task["NetworksAttachments"][0]["Addresses"] == ["10.0.1.3/24"]
    assert task["Status"]["ContainerStatus"]["ContainerID"] == swarm("ps -q --no-trunc").strip()


def task_id(docker: Typed) -> str:
    return docker("service ps -q api").strip()


def test_a_local_network_is_no_network_for_services(swarm: Typed) -> None:
    swarm("network create mine")
    said = swarm.fails("service create --name x1 --network mine my:1")
    assert "not found" in said or "cannot be used with services" in said


def test_the_length_of_the_history_is_a_setting_of_the_swarm(swarm: Typed) -> None:
    swarm("swarm update --task-history-limit 2")
    for number in range(4):
        swarm(f"service update --image my:{number + 2} api")
    assert len(task_id(swarm).split()) == 2
