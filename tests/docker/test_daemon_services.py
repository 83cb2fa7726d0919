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


def test_inspect_shows_what_was_left_open(swarm: Typed) -> None:
    spec = service(swarm)["Spec"]
    task = spec["TaskTemplate"]
    roll = {
        "Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000, "MaxFailureRatio": 0,
        "Order": "stop-first",
    }  # fmt: skip
    assert spec["UpdateConfig"] == spec["RollbackConfig"] == roll
    assert task["RestartPolicy"] == {"Condition": "any", "Delay": 5_000_000_000, "MaxAttempts": 0}
    assert task["ContainerSpec"]["StopGracePeriod"] == 10_000_000_000
    assert list(spec) == [
        "Name", "Labels", "TaskTemplate", "Mode", "UpdateConfig", "RollbackConfig", "EndpointSpec",
    ]  # fmt: skip
    pretty = swarm("service inspect --pretty api")
    assert "UpdateConfig:\n Parallelism:\t1\n On failure:\tpause\n Monitoring" in pretty
    assert " Rollback order:    stop-first\n" in pretty


def test_the_defaults_shown_are_nobodys_wish(swarm: Typed) -> None:
    """An update sends the spec as it was posted, so what was left open stays open."""
    swarm("service update --update-delay 3s --restart-max-attempts 2 api")
    spec = service(swarm)["Spec"]
    assert list(spec["UpdateConfig"])[:2] == ["Parallelism", "Delay"]
    assert spec["TaskTemplate"]["RestartPolicy"]["MaxAttempts"] == 2
    assert spec["TaskTemplate"]["RestartPolicy"]["Delay"] == 5_000_000_000
    stored = swarm.lab._session.world.managers["host-a"].store.service("api").spec.document
    assert "RollbackConfig" not in stored
    assert stored["TaskTemplate"]["RestartPolicy"] == {"MaxAttempts": 2}


def test_status_belongs_to_the_list_alone(swarm: Typed) -> None:
    assert "ServiceStatus" not in service(swarm)
    assert swarm("service ls --format '{{.Replicas}}'").strip() == "1/1"


@pytest.mark.parametrize(
    ("arguments", "gist"),
    [
        ("--endpoint-mode dnsrr -p 80:80", "ingress mode can't be used with dnsrr mode"),
        ("-p 8080:81", "port '8080' is already in use by service 'web' ("),
        ("-p published=8080,target=81,mode=host", "as an ingress port"),
        ("-p 9000:81", "as a host-published port"),
    ],
)
def test_ports_that_cannot_be_published(swarm: Typed, arguments: str, gist: str) -> None:
    swarm("service create -d --name web -p 8080:80 my:1")
    swarm("service create -d --name direct -p published=9000,target=80,mode=host my:1")
    assert gist in swarm.fails(f"service create -d {arguments} my:1")


def test_ports_that_can_be_published(swarm: Typed) -> None:
    swarm("service create -d --name web -p 8080:80 my:1")
    swarm("service create -d --name direct -p published=9000,target=80,mode=host my:1")
    swarm("service create -d --name two -p published=9000,target=80,mode=host my:1")
    swarm("service create -d --name udp -p 8080:80/udp my:1")
    swarm("service create -d --endpoint-mode dnsrr -p published=90,target=80,mode=host my:1")
    swarm("service update -d --env-add A=1 web")  # its own port is no conflict
    assert "8080" in swarm.fails("service update -d --publish-add 8080:80 api")
