"""A daemon that is frozen, slow or gone, on a host whose kernel goes on."""

from __future__ import annotations

from typing import Any

import pytest
from host_lab import HostLab, loss, tutorial

from overlaysim.gossip.member_messages import Ping
from overlaysim.host.agent import GOSSIP_PORT
from overlaysim.host.daemon import BUFFER_OVERHEAD, RECEIVE_BUFFER, Daemon, DaemonStopped
from overlaysim.host.programs import program_for
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Simulator, Steps
from overlaysim.sim.events import EndpointAdded, EndpointRemoved, LookedUp, PeerAdded, PeerRemoved
from overlaysim.units import MS, SECOND
from overlaysim.wire import UDP, Opaque


class Script:
    """Processes of a daemon that write down what they do and when (ms)."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.daemon = Daemon(self.simulator)
        self.log: list[tuple[str, int]] = []

    def note(self, word: str) -> None:
        self.log.append((word, self.simulator.now // MS))

    def steps(self, *pauses: int) -> Steps:
        try:
            for pause in pauses:
                yield self.simulator.sleep(pause * MS)
                self.note("step")
            return "done"
        finally:
            self.note("end")


# ---- the daemon as a process ------------------------------------------------------------------


def test_a_frozen_daemon_goes_on_where_it_was_and_what_was_due_happens_once() -> None:
    script = Script()
    process = script.daemon.spawn(script.steps(10, 10, 10))
    script.simulator.run_to(15 * MS)
    script.daemon.freeze()
    script.simulator.run_to(100 * MS)
    script.daemon.thaw()
    assert script.simulator.run_until(process) == "done"
    assert script.log == [("step", 10), ("step", 100), ("step", 110), ("end", 110)]


def test_a_process_begun_while_the_daemon_is_frozen_waits() -> None:
    script = Script()
    script.daemon.freeze()
    script.daemon.spawn(script.steps(1))
    script.simulator.run_to(50 * MS)
    assert script.log == []
    script.daemon.thaw()
    script.simulator.run_to(60 * MS)
    assert script.log == [("step", 51), ("end", 51)]


def test_the_end_of_the_daemon_ends_its_processes_and_cleans_up_behind_them() -> None:
    script = Script()
    process = script.daemon.spawn(script.steps(10, 10))
    unborn = script.daemon.spawn(script.steps(10))
    script.simulator.run_to(12 * MS)
    script.daemon.end()
    script.daemon.begin()
    assert script.log == [("step", 10), ("step", 10), ("end", 10), ("end", 12)]
    assert script.simulator.run_until(process) is None
    assert script.simulator.run_until(unborn) == "done"
    script.simulator.run_to(SECOND)
    assert script.log[4:] == []


def test_whoever_waits_for_work_of_a_daemon_that_ends_is_told() -> None:
    script = Script()
    told: list[str] = []

    def command() -> Steps:
        try:
            yield from script.daemon.during(script.steps(10))
        except DaemonStopped as error:
            told.append(str(error))

    script.simulator.spawn(command())
    script.simulator.call_at(5 * MS, lambda _: script.daemon.end())
    script.simulator.run_to(6 * MS)
    script.simulator.spawn(command())
    script.simulator.run_to(20 * MS)
    assert [text.startswith("Cannot connect to the Docker daemon") for text in told] == [True, True]


def test_errors_go_through_the_daemon_as_if_it_were_not_there() -> None:
    simulator = Simulator()
    daemon = Daemon(simulator)

    def fails() -> Steps:
        yield simulator.sleep(1)
        raise ValueError("inner")

    def outer() -> Steps:
        try:
            yield simulator.spawn(fails())
        except ValueError as error:
            return f"caught {error}"

    assert simulator.run_until(daemon.spawn(outer())) == "caught inner"


def test_a_slow_daemon_serves_one_after_the_other_and_catches_up() -> None:
    script = Script()
    undo = script.daemon.slow_down(10 * MS)
    for _ in range(3):
        script.daemon.take(lambda: script.note("served"))
    script.simulator.run_to(25 * MS)
    assert script.log == [("served", 10), ("served", 20)]
    undo()
    script.daemon.take(lambda: script.note("late"))
    script.simulator.run_to(99 * MS)
    assert script.log[2:] == [("served", 30), ("late", 30)]
    script.daemon.take(lambda: script.note("at once"))
    assert script.log[4:] == [("at once", 99)]


def test_two_slow_downs_add_up_and_end_in_any_order() -> None:
    for order in ((0, 1), (1, 0)):
        script = Script()
        undo = [script.daemon.slow_down(10 * MS), script.daemon.slow_down(30 * MS)]
        script.daemon.take(lambda script=script: script.note("both"))
        script.simulator.run_to(40 * MS)
        undo[order[0]]()
        script.daemon.take(lambda script=script: script.note("one"))
        script.simulator.run_to(100 * MS)
        left = 40 + (30, 10)[order[0]]
        assert script.log == [("both", 40), ("one", left)]


# ---- its sockets ------------------------------------------------------------------------------


def flood(lab: HostLab, count: int, size: int) -> list[Any]:
    """Send datagrams to host-b's gossip port that nobody understands but everybody counts."""
    source, target = lab.host("host-a"), lab.world.directory.host_at("10.77.0.12")
    assert target is not None
    journeys = []
    for _ in range(count):
        journey = lab.simulator.ledger.create(
            "table", lab.simulator.now, source="host-a", intended="host-b"
        )
        source.datapath.send(journey, UDP(9, GOSSIP_PORT), Opaque(size, "table"), target)
        journeys.append(journey)
        lab.wait(MS)
    return journeys


def test_datagrams_wait_in_the_socket_buffer_until_it_is_full() -> None:
    lab = tutorial()
    host = lab.host("host-b")
    got: list[object] = []
    host.datapath.listen(GOSSIP_PORT, lambda journey, packet: got.append(journey))
    host.freeze()
    journeys = flood(lab, 250, 1400)
    per_datagram = 1400 + 14 + 20 + 8 + BUFFER_OVERHEAD
    room = RECEIVE_BUFFER // per_datagram + 1  # the last one may exceed the limit
    reasons = [journey.reason for journey in journeys]
    assert set(reasons[: room - 2]) == {None}
    assert reasons.index("socket buffer full") == pytest.approx(room, abs=2)  # others send as well
    assert set(reasons[room + 1 :]) == {"socket buffer full"}
    assert got == []
    lab.world.check_conservation()
    host.thaw()
    assert [j for j in got if j in journeys] == [j for j in journeys if j.reason is None]


def test_a_frozen_daemon_answers_no_question_while_its_kernel_goes_on_forwarding() -> None:
    lab = tutorial()
    answers: list[LookedUp] = []
    lab.simulator.bus.subscribe(LookedUp, answers.append)
    address = lab.container("web").attachments[0].interface.address
    container = lab.container("client")
    lab.host("host-b").freeze()

    def run(*words: str) -> Any:
        program = program_for(container, words, lab.host("host-b"))
        return lab.host("host-b").execute(container, program), program

    _, by_name = run("ping", "-c", "1", "web")
    _, by_address = run("ping", "-c", "3", address)
    lab.wait(4 * SECOND)
    assert loss("\n".join(by_address.lines)) == (3, 3)
    assert (answers, by_name.finished) == ([], False)
    lab.host("host-b").thaw()
    lab.wait(SECOND)
    assert [event.name for event in answers] == ["web"]
    assert answers[0].took >= 4 * SECOND
    assert loss("\n".join(by_name.lines)) == (1, 1)


def test_tcp_to_a_frozen_daemon_is_acknowledged_but_not_answered_until_it_goes_on() -> None:
    lab = tutorial()
    lab.host("host-b").freeze()
    client = lab.world.workers["host-a"].rpc
    outcome: list[object] = []

    def ask(limit: int | None) -> Steps:
        try:
            yield from client.call("10.77.0.12", "hello", limit=limit)
        except Exception as error:
            outcome.append((type(error).__name__, lab.simulator.now - began))

    began = lab.simulator.now
    lab.simulator.spawn(ask(3 * SECOND))
    lab.wait(4 * SECOND)
    assert outcome == [("RpcFailed", 3 * SECOND)]  # not before: the handshake was completed
    assert [j.born - began for j in lab.ended if j.kind == "manager"][-1] == 3 * SECOND  # a reset
    began = lab.simulator.now
    lab.simulator.spawn(ask(8 * SECOND))
    lab.wait(5 * SECOND)
    lab.host("host-b").thaw()
    lab.wait(SECOND)
    (_, (kind, took)) = outcome
    assert kind == "Refused"  # an answer: host-b is no manager
    assert 5 * SECOND < took < 5 * SECOND + 10 * MS
    lab.world.check_conservation()


# ---- calls ------------------------------------------------------------------------------------


def segments_after(lab: HostLab, start: int) -> list[Any]:
    kinds = [j for j in lab.ended if j.kind == "manager" and j.born > start]
    return [j for j in kinds if j.intended == "host-c"]


@pytest.mark.parametrize("limit", [2 * SECOND, 20 * SECOND])
def test_a_call_lasts_as_long_as_its_limit_and_no_segment_follows(limit: int) -> None:
    lab = tutorial()
    lab.world.underlay.set_link_state("host-c", "switch", False)
    failed: list[int] = []
    began = lab.simulator.now

    def ask() -> Steps:
        try:
            yield from lab.world.workers["host-a"].rpc.call("10.77.0.13", "hello", limit=limit)
        except RpcFailed:
            failed.append(lab.simulator.now - began)

    lab.simulator.spawn(ask())
    lab.wait(60 * SECOND)
    assert failed == [limit]
    assert segments_after(lab, began)
    assert not segments_after(lab, began + limit)


@pytest.mark.parametrize(
    ("back", "kind", "took"),
    [(10 * SECOND, "RpcFailed", 3 * SECOND), (1500 * MS, "Refused", 2 * SECOND)],
    ids=["no route to host", "the carrier is back in time"],
)
def test_without_a_carrier_a_dial_asks_for_its_neighbour_three_times(
    back: int, kind: str, took: int
) -> None:
    lab = tutorial()
    link = ("host-b", "switch")
    lab.world.underlay.set_link_state(*link, False)
    lab.simulator.call_in(back, lambda _: lab.world.underlay.set_link_state(*link, True))
    outcome: list[tuple[str, int]] = []
    began = lab.simulator.now

    def ask() -> Steps:
        try:
            yield from lab.world.workers["host-b"].rpc.call("10.77.0.13", "hello", limit=None)
        except Exception as error:
            outcome.append((type(error).__name__, lab.simulator.now - began))

    lab.simulator.spawn(ask())
    lab.wait(20 * SECOND)
    ((got, after),) = outcome
    assert got == kind  # a refusal is an answer: host-c is no manager
    assert took <= after < took + 10 * MS
    lab.world.check_conservation()


def test_nobody_listens_on_7946_after_the_host_has_left_the_swarm() -> None:
    lab = tutorial()
    failed: list[int] = []
    streams = lab.host("host-a").streams
    streams.listen(GOSSIP_PORT, lambda *_: None, failed.append)

    def dial() -> int:
        number = streams.open(
            "10.77.0.13", GOSSIP_PORT, Ping(1, "", "", ""), 10, "probe", wants_reply=False
        )
        lab.wait(10 * MS)
        return number

    dial()
    assert failed == []
    lab.run("host-c", "docker swarm leave")
    assert failed == [dial()]


# ---- what is traced ---------------------------------------------------------------------------


def test_endpoints_and_ways_to_them_are_traced() -> None:
    lab = HostLab()
    lab.swarm("app-overlay")
    lab.start("host-a", "web")
    events: list[Any] = []
    lab.simulator.bus.subscribe_all(events.append)
    lab.start("host-b", "client")
    lab.wait(SECOND)

    def of(kind: type, *fields: str) -> list[tuple[str, ...]]:
        return [tuple(getattr(e, f) for f in fields) for e in events
                if isinstance(e, kind) and e.network == "app-overlay"]  # fmt: skip

    endpoint = ("endpoint", "address", "host")
    assert of(EndpointAdded, *endpoint) == [
        ("lb-app-overlay@host-b", "10.0.1.5", "host-b"), ("client@host-b", "10.0.1.4", "host-b"),
    ]  # fmt: skip
    way = ("host", "address", "to")
    assert sorted(of(PeerAdded, *way)) == [
        ("host-a", "10.0.1.4", "host-b"), ("host-a", "10.0.1.5", "host-b"),
        ("host-b", "10.0.1.2", "host-a"), ("host-b", "10.0.1.3", "host-a"),
    ]  # fmt: skip
    events.clear()
    lab.run("host-b", "docker rm -f client")
    lab.wait(SECOND)
    assert sorted(of(EndpointRemoved, *endpoint)) == [
        ("client@host-b", "10.0.1.4", "host-b"), ("lb-app-overlay@host-b", "10.0.1.5", "host-b"),
    ]  # fmt: skip
    assert sorted(of(PeerRemoved, *way)) == [
        ("host-a", "10.0.1.4", "host-b"), ("host-a", "10.0.1.5", "host-b"),
        ("host-b", "10.0.1.2", "host-a"), ("host-b", "10.0.1.3", "host-a"),
    ]  # fmt: skip
    assert of(PeerAdded, *way) == []
