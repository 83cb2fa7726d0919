"""Faults at work: in a timeline, at the prompt, from Python, and what commands say meanwhile."""

from __future__ import annotations

import pytest

from overlaysim import InputError, Lab, run
from overlaysim.scenario.model import FaultStep
from overlaysim.scenario.result import Result
from overlaysim.scenario.run import load
from overlaysim.scenario.session import HOST_DOWN, Session
from overlaysim.sim.events import FaultBegan, FaultEnded
from overlaysim.units import SECOND

NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
    "Is the docker daemon running?\n"
)

BEGIN = """\
name: broken
duration: 40 s
timeline:
  - on: host-a
    run: |
      docker swarm init
      docker network create -d overlay --attachable net
      docker run -d --network net --name web alpine sleep 1000
  - on: host-b
    run: docker run -d --network net --name client alpine sleep 1000
"""


def surprises(result: Result) -> list[str]:
    return [expectation.measured for expectation in result.expectations if not expectation.holds]


@pytest.fixture
def lab() -> Lab:
    lab = Lab(seed=3)
    lab["host-a"]("docker swarm init")
    return lab


# ---- timelines --------------------------------------------------------------------------------


def pings_lost(steps: str) -> int:
    text = BEGIN + steps + (
        "traffic:\n  - {from: client, to: web, kind: ping, interval: 500 ms, start: 5 s, "
        "stop: 30 s}\n"
    )  # fmt: skip
    (ping,) = run(text).measurements.latencies.pings.values()
    return ping.lost


@pytest.mark.parametrize(
    ("steps", "least", "most"),
    [
        ("", 0, 0),
        ("  - {at: 10 s, fault: {link: [host-b, switch], state: down, for: 3 s}}\n", 6, 6),
        ("  - {at: 10 s, fault: {link: [host-b, switch], state: down}}\n"
         "  - {at: 13 s, fault: {link: [host-b, switch], state: up}}\n", 6, 6),
        ("  - {at: 10 s, fault: {link: [host-b, switch], loss: 100 %}}\n"
         "  - {at: 13 s, fault: {heal: link}}\n", 6, 6),
        ("  - {at: 10 s, fault: {partition: [[host-b]], for: 3 s}}\n", 6, 6),
        ("  - {at: 10 s, fault: {partition: [[host-b]]}}\n"
         "  - {at: 13 s, fault: {heal: all}}\n", 6, 6),
        ("  - {at: 10 s, fault: {block: 4789/udp, at: [host-a, switch], for: 3 s}}\n", 6, 6),
        ("  - {at: 10 s, fault: {block: [1/tcp, 4789/udp], at: host-b}}\n"
         "  - {at: 13 s, fault: {heal: host-b}}\n", 6, 6),
        ("  - {at: 10 s, every: 5 s, until: 21 s, fault: {link: [host-b, switch], state: down, "
         "for: 1 s}}\n", 6, 6),
        ("  - {at: 10 s, fault: {host: host-b, state: frozen, for: 3 s}}\n", 0, 0),
    ],
)  # fmt: skip
def test_what_is_broken_loses_pings_until_it_is_whole_again(
    steps: str, least: int, most: int
) -> None:
    assert least <= pings_lost(steps) <= most


def faults_of(text: str) -> tuple[list[tuple[int, str]], list[int]]:
    """When faults began (with their words) and ended, in whole seconds."""
    scenario, _ = load(text, name="test")
    session = Session(scenario)
    began: list[tuple[int, str]] = []
    ended: list[int] = []
    session.simulator.bus.subscribe(
        FaultBegan, lambda event: began.append((event.at // SECOND, event.what))
    )
    session.simulator.bus.subscribe(FaultEnded, lambda event: ended.append(event.at // SECOND))
    for step in scenario.timeline:
        assert step.at is not None
        session.simulator.run_to(step.at)
        assert isinstance(step, FaultStep)
        session.faults.carry_out(step.order)
    session.simulator.run_for(20 * SECOND)
    return began, ended


def test_a_fault_that_was_healed_does_not_end_twice() -> None:
    began, ended = faults_of(
        "name: x\ntimeline:\n"
        "  - {at: 2 s, fault: {link: [host-a, switch], state: down, for: 8 s}}\n"
        "  - {at: 4 s, fault: {heal: [host-a, switch]}}\n"
        "  - {at: 6 s, fault: {link: [host-a, switch], state: down}}\n"
        "  - {at: 12 s, fault: {heal: host-a}}\n"
    )
    assert [at for at, _ in began] == [2, 6]
    assert ended == [4, 12]


def test_churn_starts_containers_until_it_ends() -> None:
    def names(duration: str) -> set[str]:
        text = BEGIN.replace("40 s", duration) + (
            "  - {at: 5 s, fault: {churn: {starts: 3/s, network: net}, for: 4 s}}\n"
        )
        changes = run(text).measurements.audit.changes
        return {change.name for change in changes if change.name.startswith("churn-")}

    assert len(names("10 s")) > 3
    assert names("10 s") == names("15 s")


def test_late_hosts_join_when_they_are_told_to() -> None:
    text = (
        "name: late\nlate: [host-c]\nduration: 30 s\ntimeline:\n"
        "  - {on: host-a, run: docker swarm init}\n"
        "  - {at: 10 s, fault: {host: host-c, state: joined}}\n"
    )
    scenario, _ = load(text, name="late")
    session = Session(scenario)
    outcome = session.execute("host-a", "docker swarm init")
    assert outcome.notes[0].startswith("(host-b joined as worker at ")
    session.wait(5 * SECOND)
    assert not session.world.workers["host-c"].node
    assert session.execute("host-a", "docker node ls").stdout.count(" Ready ") == 2
    session.faults.command(["host", "host-c", "joined"])
    session.wait(5 * SECOND)
    assert session.execute("host-a", "docker node ls").stdout.count(" Ready ") == 3


# ---- what a command says of a host that is not well -------------------------------------------


def test_a_crashed_host_is_down(lab: Lab) -> None:
    lab.fault("host host-b crashed")
    said = lab["host-b"]("docker ps")
    assert (said, said.status) == ("host-b is down\n", HOST_DOWN)


def test_a_stopped_daemon_cannot_be_connected_to_and_a_started_one_can(lab: Lab) -> None:
    lab.fault("host host-b stopped for 15s")
    lab.wait("10 s")
    said = lab["host-b"]("docker ps")
    assert (said, said.status) == (NO_DAEMON, 1)
    lab.wait("10 s")
    assert lab["host-b"]("docker ps").status == 0


def test_a_frozen_daemon_answers_when_it_is_thawed(lab: Lab) -> None:
    lab.fault("host host-b frozen for 5s")
    before = lab.now
    assert lab["host-b"]("docker ps").status == 0
    assert lab.now - before >= 5 * SECOND


def test_a_command_that_could_never_end_is_refused(lab: Lab) -> None:
    lab.fault("host host-b frozen")
    with pytest.raises(InputError, match="host-b is frozen and never answers; fault end 1"):
        lab["host-b"]("docker ps")
    lab.fault("end 1")
    assert lab["host-b"]("docker ps").status == 0


@pytest.mark.parametrize(
    ("state", "said"),
    [("crashed", "failed with status 255: host-b is down"),
     ("stopped", f"failed with status 1: {NO_DAEMON.strip()}")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["docker ps", "docker exec client ping -c 1 web"])
def test_a_command_on_such_a_host_fails_the_run_unless_it_is_expected(
    state: str, said: str, command: str
) -> None:
    text = (
        BEGIN
        + f"  - {{at: 10 s, fault: {{host: host-b, state: {state}}}}}\n"
        + f"  - {{at: 25 s, on: host-b, run: {command}}}\n"
    )
    assert surprises(run(text)) == [said]
    assert surprises(run(text.replace(f"run: {command}", f"run: {command}, fails: true"))) == []


def test_a_host_that_crashes_ends_the_command_that_was_under_way() -> None:
    text = (
        BEGIN
        + "  - {at: 10 s, fault: {host: host-b, state: crashed}}\n"
        + "  - {at: 9 s, on: host-b, run: docker exec client ping -c 20 web}\n"
    ).replace("duration: 40 s\n", "")
    assert surprises(run(text)) == ["failed with status 255: host-b is down"]


# ---- the words of the prompt ------------------------------------------------------------------


def test_faults_are_listed_with_their_numbers_and_ended_by_them(lab: Lab) -> None:
    assert lab.fault("list") == "nothing is broken\n"
    first = lab.fault("link host-b switch down for 10s")
    second = lab.fault("partition host-a host-c")
    assert first.startswith("fault 1: ")
    assert first.endswith(f", until {lab.now / SECOND + 10:.3f} s\n")
    assert second.startswith("fault 2: ")
    assert lab.fault("list") == first + second
    assert lab.fault("end 1") == "fault 1 ended\n"
    assert lab.fault("list") == second
    assert lab.fault("heal partition") == "fault 2 ended\n"
    assert lab.fault("heal") == "nothing like that is broken\n"


@pytest.mark.parametrize("words", ["end", "end 7", "end one", "end 1 2"])
def test_a_fault_that_is_not_there_cannot_be_ended(lab: Lab, words: str) -> None:
    lab.fault("host host-b frozen for 5s")
    with pytest.raises(InputError, match="is no fault that lasts; `fault list` shows them"):
        lab.fault(words)


def test_every_fault_says_what_it_is(lab: Lab) -> None:
    for words in ("link host-b switch loss 5%", "block 7946/udp at host-b", "partition host-a",
                  "host host-b delay 800ms", "host host-c frozen", "host host-c stopped",
                  "link host-a switch down", "host host-b crashed", "host host-c left",
                  "churn leaves 1/h"):  # fmt: skip
        line = lab.fault(words)
        place = next((word for word in words.split() if "host-" in word), "3 hosts")
        assert place in line


def test_a_swarm_without_a_majority_of_managers_takes_no_orders() -> None:
    text = (
        "name: quorum\nmanagers: [host-b, host-c]\n"
        "timeline:\n"
        "  - {on: host-a, run: docker swarm init}\n"
        "  - {at: 10 s, fault: {host: host-b, state: crashed, for: 40 s}}\n"
        "  - {at: 11 s, fault: {host: host-c, state: crashed, for: 40 s}}\n"
        "  - {at: 15 s, on: host-a, run: docker service create alpine sleep 9, fails: true}\n"
        "  - {at: 80 s, on: host-a, run: docker service create alpine sleep 9}\n"
    )
    result = run(text)
    assert not result.expectations  # neither a surprise nor anything expected
    (failed,) = [command for command in result.measurements.commands if command.status]
    assert "does not have a leader" in failed.complaint
