"""Running containers and services: output, exit status, notes, and time that passes."""

from __future__ import annotations

from typing import Any

import pytest
from docker_client_fake import HOSTS, NODE_IDS, FakeEngine
from docker_client_transcripts import drive, execute, world
from hypothesis import given, settings
from hypothesis import strategies as st

from overlaysim.docker.api import ApiError
from overlaysim.docker.client import CommandResult, DockerClient
from overlaysim.docker.client.commands.progress import PATIENCE
from overlaysim.docker.client.grammar import ROOT, Command, Group
from overlaysim.units import MS, SECOND


def test_foreground_run_ends_with_what_the_program_wrote_and_its_status() -> None:
    engine = world()
    engine.attach_answer = {"Output": "hello\n", "Errors": "oops\n", "StatusCode": 3}
    result = execute(engine, "docker run --rm alpine sh -c 'exit 3'")
    assert result == CommandResult(3, "hello\n", "oops\n")
    names = [request[0] for request in engine.requests]
    assert names == ["container_create", "container_start", "container_attach"]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("network nope not found", 125),
        ('exec: "foo": executable file not found in $PATH', 127),
        ("exec /etc/hosts: permission denied", 126),
    ],
)
def test_a_failing_start_tells_what_failed(message: str, status: int) -> None:
    engine = world()
    engine.refusals["container_start"] = ApiError(500, message)
    result = execute(engine, "docker container run -d alpine foo")
    assert result.status == status
    assert result.stdout == ""
    assert result.stderr == (
        f"docker: Error response from daemon: {message}\n\n"
        "Run 'docker run --help' for more information\n"
    )


def test_exec_passes_on_streams_and_status() -> None:
    engine = world()
    engine.exec_answer = {"Output": "out\n", "Errors": "err\n", "ExitCode": 127}
    assert execute(engine, "docker exec -it web foo -d") == CommandResult(127, "out\n", "err\n")
    call = engine.requests[-1]
    assert call[:2] == ("exec", "web")
    assert call[2]["Cmd"] == ["foo", "-d"]
    assert call[2]["Tty"] is True
    assert call[2]["AttachStdin"] is True


def test_flags_without_a_model_are_named_and_the_others_are_not() -> None:
    result = execute(world(), "docker run -d --cap-add NET_ADMIN -v /a:/b --name x alpine")
    assert result.status == 0
    assert result.stderr.splitlines() == [
        "(--cap-add has no effect in the simulation)",
        "(--volume has no effect in the simulation)",
    ]


def test_warnings_of_the_daemon_are_shown() -> None:
    engine = world()
    engine.warnings = ["health checks are not simulated"]
    result = execute(engine, "docker run -d alpine")
    assert result.stderr == "WARNING: health checks are not simulated\n"


def test_service_create_watches_until_the_tasks_have_been_stable() -> None:
    """Tasks run after 2 s; the client goes on for 5 s more, in rounds of 0.29 s."""
    engine = FakeEngine()
    execute(engine, "docker swarm init")
    started = engine.now
    result = execute(engine, "docker service create --name api --replicas 3 myapi:1.0")
    assert result.status == 0
    identity, *lines = result.stdout.splitlines()
    assert lines == [
        "overall progress: 3 out of 3 tasks",
        "1/3: running",
        "2/3: running",
        "3/3: running",
        f"verify: Service {identity} converged",
    ]
    assert 7 * SECOND <= engine.now - started <= 7 * SECOND + 2 * 290 * MS


def test_scaling_to_nothing_still_waits_for_the_monitor_time() -> None:
    engine = world()
    started = engine.now
    result = execute(engine, "docker service scale api=0")
    assert result.stdout == (
        "api scaled to 0\noverall progress: 0 out of 0 tasks\nverify: Service api converged\n"
    )
    assert 5 * SECOND <= engine.now - started < 6 * SECOND


def test_the_monitor_time_of_the_service_counts() -> None:
    engine = world()
    started = engine.now
    execute(engine, "docker service create --name api2 --update-monitor 20s myapi:1.0")
    assert 22 * SECOND <= engine.now - started < 23 * SECOND


def test_detached_and_quiet_commands_say_less() -> None:
    engine = world()
    started = engine.now
    assert execute(engine, "docker service scale -d api=1").stdout == "api scaled to 1\n"
    assert engine.now == started
    assert execute(engine, "docker service update -q --force api").stdout == "api\n"
    assert engine.now > started


def test_a_service_that_never_converges_is_given_up() -> None:
    engine = world()
    for task in engine.task_table:
        task["Status"].update(State="pending", Err="no suitable node")
    started = engine.now
    engine._order_tasks = lambda service: None  # type: ignore[method-assign]
    engine.refusals["service_update"] = ApiError(500, "update out of sequence")
    refused = execute(engine, "docker service update --replicas 5 api")
    assert refused == CommandResult(1, "", "Error response from daemon: update out of sequence\n")
    del engine.refusals["service_update"]
    result = execute(engine, "docker service update --replicas 2 api")
    assert result.status == 1
    assert result.stdout == "api\n"
    assert "overall progress: 0 out of 2 tasks\n" in result.stderr
    assert "Use `docker service ps api` to check progress." in result.stderr
    assert engine.now - started >= PATIENCE


def test_a_paused_update_is_an_error() -> None:
    engine = world()
    engine.service_table[0]["UpdateStatus"] = {"State": "paused", "Message": "task failed"}
    result = execute(engine, "docker service update --force api")
    assert result.stderr == "service update paused: task failed\n"
    assert result.status == 1


def test_tasks_on_a_dead_node_do_not_count() -> None:
    engine = world()
    engine.node_table[1]["Status"]["State"] = "down"
    result = execute(engine, "docker service update --force api")
    assert result.status == 1
    assert "no longer watched" in result.stderr


def test_old_tasks_of_a_slot_stand_below_the_new_one() -> None:
    engine = world()
    old = {**engine.task_table[0], "ID": "old", "DesiredState": "shutdown"}
    old["Status"] = {
        **old["Status"],
        "State": "failed",
        "Err": "task: non-zero exit (1): boom boom",
    }
    old["CreatedAt"] = "2026-01-01T00:00:01Z"
    engine.task_table.insert(0, old)
    lines = execute(engine, "docker service ps api --filter node=host-a").stdout.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["api.1", "\\_", "api.4"]
    assert '"task: non-zero exit (1): boom…"' in lines[2]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("docker ps -a --filter name=^web$", ["web"]),
        ("docker ps -a --filter name=e", ["idle", "web"]),
        ("docker ps --filter status=created", ["idle"]),
        ("docker ps -l", ["idle"]),
        ("docker ps -a --filter network=app-overlay", ["web"]),
        ("docker ps -a --filter label=none", []),
    ],
)
def test_ps_filters(line: str, names: list[str]) -> None:
    result = execute(world(), f"{line} --format '{{{{.Names}}}}'")
    assert result.stdout.splitlines() == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("network ls --filter driver=overlay", ["app-overlay", "ingress"]),
        ("network ls --filter driver=overlay --filter name=app", ["app-overlay"]),
        ("network ls --filter type=builtin --filter scope=local", ["bridge", "host", "none"]),
        ("service ls --filter mode=global", ["glob"]),
        ("service ls --filter label=tier=front", ["glob"]),
        ("service ps api --filter desired-state=shutdown", []),
        ("service ps api --filter name=api.2", ["api.2"]),
        ("service ps api --filter node=host-c", ["api.3"]),
    ],
)
def test_list_filters(line: str, names: list[str]) -> None:
    result = execute(world(), f"docker {line} --format '{{{{.Name}}}}'")
    assert result.stdout.splitlines() == names


def test_node_filters_and_unknown_filters() -> None:
    engine = world()
    result = execute(engine, "docker node ls --filter role=worker --format '{{.Hostname}}'")
    assert result.stdout.split() == list(HOSTS[1:])
    refused = execute(engine, "docker node ls --filter foo=bar")
    assert refused == CommandResult(1, "", "Error response from daemon: invalid filter 'foo'\n")


def test_inspecting_self_and_a_task() -> None:
    engine = world()
    assert execute(engine, "docker node inspect self -f '{{.ID}}'").stdout.strip() == NODE_IDS[0]
    task = engine.task_table[0]["ID"]
    assert execute(engine, f"docker inspect {task} -f '{{{{.Slot}}}}'").stdout == "1\n"


def test_commands_outside_the_simulation_say_so() -> None:
    result = execute(FakeEngine(), "docker compose up")
    assert result == CommandResult(
        1, "", "docker: 'docker compose' is not part of the simulation\n"
    )
    assert execute(FakeEngine(), "docker -H tcp://x ps").status == 1
    assert execute(FakeEngine(), "kubectl get pods").status == 127


def all_commands(group: Group = ROOT) -> list[Command]:
    found: list[Command] = []
    for member in group.members.values():
        found += all_commands(member) if isinstance(member, Group) else [member]
    return found


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.path)
def test_every_command_has_help(command: Command) -> None:
    result = execute(FakeEngine(), f"docker {command.path} --help")
    assert result.status == 0
    assert result.stdout.startswith(f"Usage:  {command.synopsis}\n\n{command.about}\n")
    for name in command.flags.flags:
        assert name == "help" or f"--{name}" in result.stdout


WORDS = [
    "docker", "service", "network", "node", "swarm", "container", "ps", "ls", "rm", "run", "create",
    "exec", "inspect", "scale", "update", "init", "join-token", "worker", "web", "api", "api=2",
    "app-overlay", "alpine", "host-a", "self", "-d", "-f", "-q", "-a", "--format", "{{.ID}}",
    "{{json .}}", "{{range .X}}", "--filter", "name=a", "--name", "--network", "--", "-it", "-p",
    "80:80", "--replicas", "3", "--mode", "global", "--help", "-h", "", "é", "-", "--x=y", "-1",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=8))
@settings(max_examples=400, deadline=None)
def test_any_words_give_a_result(words: list[str]) -> None:
    result: Any = drive(DockerClient(world()).run(["docker", *words]))
    assert isinstance(result, CommandResult)
    assert 0 <= result.status < 256


@given(st.sampled_from(all_commands()), st.lists(st.sampled_from(WORDS), max_size=6))
@settings(max_examples=400, deadline=None)
def test_any_arguments_of_any_command_give_a_result(command: Command, words: list[str]) -> None:
    result: Any = drive(DockerClient(world()).run(["docker", *command.path.split(), *words]))
    assert isinstance(result, CommandResult)
