"""The life of a container: created, started, stopped, removed, and what it says meanwhile."""

from __future__ import annotations

import re

import pytest
from daemon_lab import Typed


@pytest.fixture
def docker() -> Typed:
    return Typed()


# ---- start and end ----------------------------------------------------------------------------


def test_run_takes_about_half_a_second_and_prints_the_id(docker: Typed) -> None:
    said = docker("run -d --name web alpine sleep 1000")
    assert re.fullmatch(r"[0-9a-f]{64}\n", said)
    assert 0.3 < docker.took < 0.6
    assert docker.names() == {"web": "Up Less than a second"}


def test_stop_of_a_plain_sleep_takes_the_grace_period_and_kills(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 1000")
    assert docker("stop web") == "web\n"
    assert docker.took == pytest.approx(10.0, abs=0.01)
    state = docker.inspect("web")["State"]
    assert (state["Status"], state["ExitCode"], state["Running"]) == ("exited", 137, False)
    assert docker.names() == {}
    assert docker.names("-a") == {"web": "Exited (137) Less than a second ago"}
    docker("stop web")  # of a stopped one does nothing
    assert docker.took == 0


@pytest.mark.parametrize(("timeout", "took"), [("0", 0.0), ("3", 3.0)])
def test_stop_with_a_time_limit(docker: Typed, timeout: str, took: float) -> None:
    docker("run -d --name web alpine sleep 1000")
    docker(f"stop -t {timeout} web")
    assert docker.took == pytest.approx(took, abs=0.01)


def test_stop_waits_for_a_program_that_ends_by_itself(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 4")
    docker("stop web")
    assert docker.took == pytest.approx(4.0, abs=0.01)
    assert docker.inspect("web")["State"]["ExitCode"] == 0


def test_a_server_ends_at_once_on_sigterm(docker: Typed) -> None:
    docker("run -d --name web my-server:1")
    docker("stop web")
    assert docker.took == 0
    assert docker.inspect("web")["State"]["ExitCode"] == 0


def test_start_again_gives_a_new_start_and_the_same_container(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 5")
    first = docker.inspect("web")
    docker.lab.wait("6 s")
    assert docker.names("-a")["web"].startswith("Exited (0)")
    assert docker("start web") == "web\n"
    again = docker.inspect("web")
    assert again["Id"] == first["Id"]
    assert again["State"]["StartedAt"] > first["State"]["StartedAt"]
    assert again["State"]["FinishedAt"] == "0001-01-01T00:00:00Z"
    docker("start web")  # of a running one does nothing
    assert docker.took == 0


@pytest.mark.parametrize(
    ("signal", "status"), [("", 137), ("-s KILL", 137), ("-s 9", 137), ("-s SIGKILL", 137)]
)
def test_kill_ends_at_once(docker: Typed, signal: str, status: int) -> None:
    docker("run -d --name web alpine sleep 1000")
    docker(f"kill {signal} web")
    assert docker.took == 0
    assert docker.inspect("web")["State"]["ExitCode"] == status
    assert "is not running" in docker.fails("kill web")


def test_other_signals(docker: Typed) -> None:
    docker("run -d --name plain alpine sleep 1000")
    docker("run -d --name server my-server:1")
    docker("kill -s TERM plain server")
    assert set(docker.names()) == {"plain"}  # process 1 ignores what it has no handler for
    assert docker.fails("kill -s TREM plain") == (
        "Error response from daemon: Invalid signal: TREM; did you mean TERM?\n"
    )


def test_remove_refuses_a_running_one_unless_forced(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 1000")
    assert 'cannot remove container "/web": container is running' in docker.fails("rm web")
    docker("rm -f web")
    assert docker.names("-a") == {}
    assert "No such container: web" in docker.fails("rm web")
    docker("run -d --name web alpine sleep 1000")  # the name is free


def test_a_name_is_taken_until_the_container_is_removed(docker: Typed) -> None:
    first = docker("run -d --name web alpine sleep 1").strip()
    docker.lab.wait("2 s")
    said = docker.fails("run -d --name web alpine sleep 1", 125)
    assert f'The container name "/web" is already in use by container "{first}"' in said
    assert "Invalid container name (-x-)" in docker.fails("create --name=-x- alpine")


def test_containers_without_a_name_get_different_ones(docker: Typed) -> None:
    for _ in range(30):
        docker("create alpine sleep 1")
    assert len(docker.names("-a")) == 30


def test_create_then_start(docker: Typed) -> None:
    docker("create --name web alpine sleep 1000")
    assert docker.names("-a") == {"web": "Created"}
    docker("start web")
    assert docker.names() == {"web": "Up Less than a second"}


# ---- what it says -----------------------------------------------------------------------------


def test_in_the_foreground_run_prints_and_ends_with_the_program(docker: Typed) -> None:
    assert docker("run alpine echo hello world") == "hello world\n"
    assert docker.fails("run alpine false", 1) == ""
    docker("run alpine sleep 3")
    assert docker.took > 3.0
    assert docker("run alpine") == ""  # a shell without a terminal ends at once


def test_rm_leaves_nothing_behind(docker: Typed) -> None:
    assert docker("run --rm --name web alpine echo hi") == "hi\n"
    docker.lab.wait("1 s")
    assert docker.names("-a") == {}
    docker("run -d --rm --name web alpine sleep 2")
    docker.lab.wait("3 s")
    assert docker.names("-a") == {}


def test_restart_keeps_a_container_that_shall_be_removed_at_its_end(docker: Typed) -> None:
    docker("run -d --rm --name web alpine sleep 1000")
    docker("restart -t 0 web")
    assert docker.names() == {"web": "Up Less than a second"}
    docker("stop -t 0 web")
    docker.lab.wait("1 s")
    assert docker.names("-a") == {}


def test_logs_hold_all_runs_and_attach_only_the_last(docker: Typed) -> None:
    docker("run --name web alpine echo hello")
    assert docker("start -a web") == "hello\n"
    assert docker("logs web") == "hello\nhello\n"
    docker.fails("run --name lost alpine cat /nowhere", 1)
    assert docker("logs lost") == "cat: can't open '/nowhere': No such file or directory\n"
    docker("run -d --name pings alpine ping -c 3 127.0.0.1")
    docker.lab.wait("1500 ms")
    assert len(docker("logs pings").splitlines()) == 3  # it is still running


def test_wait_gives_the_exit_code(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 3")
    assert docker("wait web") == "0\n"
    assert docker.took == pytest.approx(3.0, abs=0.01)


def test_exec_ends_with_the_programs_status(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 1000")
    assert docker("exec web echo hello") == "hello\n"
    docker.fails("exec web false", 1)
    said = docker.fails("exec web nosuchprogram", 127)
    assert 'exec: "nosuchprogram": executable file not found in $PATH: unknown' in said
    docker("exec -d web sleep 1000")
    docker("stop -t 0 web")
    container = docker.inspect("web")["Id"]
    assert f"container {container} is not running" in docker.fails("exec web true")


def test_the_end_of_a_container_ends_what_runs_in_it(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 5")
    docker.fails("exec web sleep 1000", 137)
    assert docker.took == pytest.approx(5.0, abs=0.01)
    host = docker.lab._session.world.hosts["host-a"]
    assert [container.executions for container in host.containers.values()] == [[]]


def test_an_unknown_program_leaves_the_container_created(docker: Typed) -> None:
    said = docker.fails("run -d --name web alpine nosuchprogram", 127)
    assert 'exec: "nosuchprogram": executable file not found in $PATH: unknown' in said
    assert docker.names("-a") == {"web": "Created"}
    state = docker.inspect("web")["State"]
    assert state["ExitCode"] == 127
    assert "executable file not found" in state["Error"]
    assert docker.networks("web") == {"bridge": ""}


def test_entrypoint_and_command(docker: Typed) -> None:
    assert docker("run --entrypoint echo alpine a b") == "a b\n"
    assert docker('run --entrypoint "" alpine echo c') == "c\n"


def test_inspect_shows_what_it_was_made_from(docker: Typed) -> None:
    docker(
        "run -d --name web --hostname box --label tier=front -e A=1 --add-host db:10.1.1.1"
        " alpine sleep 1000"
    )
    document = docker.inspect("web")
    assert document["Name"] == "/web"
    assert (document["Path"], document["Args"]) == ("sleep", ["1000"])
    assert document["Config"]["Hostname"] == "box"
    assert document["Config"]["Labels"] == {"tier": "front"}
    assert document["Config"]["Env"] == ["A=1"]
    assert document["HostConfig"]["NetworkMode"] == "bridge"
    assert "10.1.1.1\tdb" in docker("exec web cat /etc/hosts")
    assert docker("exec web hostname") == "box\n"


@pytest.mark.parametrize("mode", ["host", "container:web"])
def test_network_modes_without_a_network_of_their_own_are_not_simulated(
    docker: Typed, mode: str
) -> None:
    assert "is not simulated" in docker.fails(f"run -d --network {mode} alpine sleep 1", 125)


def test_none_has_no_network(docker: Typed) -> None:
    docker("run -d --network none --name web alpine sleep 1000")
    assert "eth0" not in docker("exec web ip addr")
    assert docker.networks("web") == {}


def test_the_address_beside_the_networks_is_the_default_bridges(docker: Typed) -> None:
    docker("run -d --name web alpine sleep 1000")
    docker("network create mine")
    docker("run -d --name other --network mine alpine sleep 1000")
    beside = "inspect -f '{{.NetworkSettings.IPAddress}}|{{.NetworkSettings.Gateway}}'"
    assert docker(f"{beside} web") == "172.17.0.2|172.17.0.1\n"
    assert docker(f"{beside} other") == "|\n"


def test_inspect_shows_a_fixed_address_and_aliases_before_and_after_the_start(
    docker: Typed,
) -> None:
    docker("network create --subnet 10.5.0.0/24 mine")
    docker("create --name web --network mine --ip 10.5.0.9 --network-alias a alpine sleep 1000")
    before = docker.inspect("web")["NetworkSettings"]["Networks"]["mine"]
    docker("start web")
    after = docker.inspect("web")["NetworkSettings"]["Networks"]["mine"]
    for endpoint in (before, after):
        assert endpoint["IPAMConfig"] == {"IPv4Address": "10.5.0.9"}
        assert endpoint["Aliases"] == ["a"]
    assert (before["IPAddress"], after["IPAddress"]) == ("", "10.5.0.9")
    assert list(before) == list(after)
