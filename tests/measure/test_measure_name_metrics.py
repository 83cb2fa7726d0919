from __future__ import annotations

import math

import pytest
from measure_fakes import NET

from overlaysim.errors import InputError
from overlaysim.measure import METRICS, Measurements, Recorder
from overlaysim.scenario.grammar import parse_expectation
from overlaysim.sim import Simulator
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    EndpointAdded,
    FaultBegan,
    FaultEnded,
    HostJoinedNetwork,
    MemberChanged,
    NameAdded,
)
from overlaysim.units import SECOND

IP = "10.0.1.2"
EVENTS = [
    *(HostJoinedNetwork(0, host, NET) for host in "abc"),
    EndpointAdded(SECOND, NET, "web@b", IP, "b"),
    NameAdded(SECOND, NET, "web", IP, "b"),
    *(BeliefAdded(SECOND, host, NET, "web", IP) for host in "abc"),
    MemberChanged(SECOND, "a", "b", "active"),
    MemberChanged(2 * SECOND, "a", "c", "active"),
    FaultBegan(10 * SECOND, 1, "b is cut off", ("b",)),
    MemberChanged(16 * SECOND, "a", "b", "failed"),
    BeliefRemoved(16 * SECOND, "a", NET, "web", IP),
    MemberChanged(18 * SECOND, "c", "b", "failed"),
    BeliefRemoved(18 * SECOND, "c", NET, "web", IP),
    MemberChanged(19 * SECOND, "b", "a", "failed"),
    FaultEnded(20 * SECOND, 1, "b is cut off"),
    MemberChanged(21 * SECOND, "a", "b", "active"),
    BeliefAdded(21 * SECOND, "a", NET, "web", IP),
    BeliefAdded(50 * SECOND, "c", NET, "web", IP),
]  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Measurements:
    simulator = Simulator(7)
    recorder = Recorder(simulator)
    for reached, reason in (("web@b", None), ("db@c", None), (None, "no neighbour"),
                            (None, "link down")):  # fmt: skip
        journey = simulator.ledger.create("data", 0, source="client@a", intended="web@b")
        if reason:
            simulator.ledger.drop(journey, 0, reason, "vxlan0@a")
        else:
            simulator.ledger.deliver(journey, 0, reached or "")
    for event in EVENTS:
        simulator.bus.emit(event)
    simulator.run_to(60 * SECOND)
    return recorder.finish(links=[], in_flight=0, meta={"name": "t", "version": "1"})


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("resolution(a, web).missing", 5 * SECOND),
        ("resolution(c, web).missing", 32 * SECOND),
        ("resolution(c, web, from=40s).missing", 10 * SECOND),
        ("resolution(c, web, from=20s, until=30s).missing", 10 * SECOND),
        ("resolution(c, web, until=15s).missing", 0),
        ("resolution(c, web, from=61s).missing", None),
        ("recovery().p50", SECOND),
        ("recovery(name=web).p100", 30 * SECOND),
        ("recovery(name=db).p100", None),
        ("detection(b).p50", 6 * SECOND),
        ("detection(b).p100", 8 * SECOND),
        ("detection(b).hosts", 2),
        ("detection(a).hosts", None),
        ("failed_verdicts().count", 3),
        ("failed_verdicts().false", 1),
        ("failed_verdicts(host=b).count", 2),
        ("failed_verdicts(host=b).false", 0),
        ("failed_verdicts(by=b).false", 1),
        ("members(a).active", 2),
        ("members(a, until=17s).active", 1),
        ("members(a).fewest", 1),
        ("members(a, from=17s, until=18s).fewest", 1),
        ("members(a, from=22s).fewest", 2),
        ("members(z).active", None),
        ("misdelivered().packets", 1),
        ("misdelivered(from=client, to=web).share", 0.25),
        ("misdelivered(from=web).packets", None),
        ("blackholed(from=client).packets", 2),
        ("blackholed(reason=no-neighbour).packets", 1),
        ("blackholed(reason=mtu, to=web@b).packets", 0),
        ("blackholed().share", 0.5),
        ("overhead(control).per_minute", 0),
    ],
)
def test_metrics(run: Measurements, asked: str, value: float | None) -> None:
    unit = {"count": "0", "duration": "0 s", "share": "0 %", "size": "0 B"}
    name, field = asked[: asked.index("(")], asked.rpartition(".")[2]
    expectation = parse_expectation(f"{asked} >= {unit[METRICS[name].fields[field]]}", METRICS)
    measured = expectation.metric.evaluate(
        run, expectation.arguments, expectation.keywords, expectation.field
    )
    assert measured == value


def test_a_fault_that_nobody_noticed_is_never_detected() -> None:
    simulator = Simulator(7)
    recorder = Recorder(simulator)
    simulator.bus.emit(FaultBegan(0, 1, "x", ("b",)))
    run = recorder.finish(links=[], in_flight=0, meta={"name": "t", "version": "1"})
    evaluate = METRICS["detection"].evaluate
    assert evaluate(run, ("b",), {}, "p50") == math.inf
    assert evaluate(run, ("b",), {}, "hosts") == 0
    assert METRICS["recovery"].evaluate(run, (), {}, "p100") is None


def test_a_window_is_written_with_units(run: Measurements) -> None:
    with pytest.raises(InputError, match='"60" is not a duration'):
        METRICS["resolution"].evaluate(run, ("a", "web"), {"from": "60"}, "missing")


def test_a_metric_says_which_of_its_keywords_are_durations() -> None:
    for metric in METRICS.values():
        assert set(metric.durations) <= set(metric.keywords)
    assert METRICS["members"].durations == ("from", "until")
