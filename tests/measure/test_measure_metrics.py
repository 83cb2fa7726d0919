from __future__ import annotations

import math
import re

import pytest

from overlaysim import InputError, check
from overlaysim.measure import METRICS, LinkUse, Measurements, Recorder
from overlaysim.measure.packet_metrics import names_endpoint
from overlaysim.sim import DROP_REASONS, Simulator, composition
from overlaysim.sim.events import (
    BeliefAdded,
    CommandEnded,
    HostJoinedNetwork,
    LookedUp,
    NameAdded,
    NameRemoved,
)

TASK = "api.2.k3xw0dtvbn6mqh1yz2c4f5g7j@host-c"
PING = composition("data", 56, 42, 8, 42)
TABLE = composition("table", 100, 0, 0, 48)


@pytest.fixture(scope="module")
def run() -> Measurements:
    simulator = Simulator(7)
    recorder = Recorder(simulator)
    _packets(simulator)
    for event in _events():
        simulator.bus.emit(event)
    simulator.run_to(1000)
    links = [LinkUse("a->b", 10**9, {PING: 10, TABLE: 10}, {}, 0, 0, 0)]
    return recorder.finish(links=links, in_flight=0, meta={"name": "t", "version": "1"})


def _packets(simulator: Simulator) -> None:
    ledger = simulator.ledger
    for sequence, latency in enumerate((10, 20, 30, 40)):
        for source, target, way in (
            ("client@host-b", "web@host-a", "request"), ("web@host-a", "client@host-b", "reply"),
        ):  # fmt: skip
            born = latency if way == "reply" else 0
            journey = ledger.create(
                "data", born, source=source, intended=target, protocol="icmp",
                message=("ping", "client@host-b", 1, sequence, way),
            )  # fmt: skip
            if sequence == 3:
                ledger.drop(journey, born, "queue full", "a->b")
                break
            journey.propagate = latency
            ledger.deliver(journey, born + latency, target)
    for latency, target in ((5, TASK), (7, "api.1.aaaaaaaaaaaaaaaaaaaaaaaaa@host-a")):
        journey = ledger.create("data", 0, source="client@host-b", intended=target)
        journey.queue = latency
        ledger.deliver(journey, latency, target)


def _events() -> list[object]:
    asked = ("c@b", ("net",), "net", "web", "A", "NOERROR")
    return [
        HostJoinedNetwork(0, "host-a", "net"),
        HostJoinedNetwork(0, "host-b", "net"),
        NameAdded(100, "net", "web", "10.0.1.2", "host-a"),
        BeliefAdded(100, "host-a", "net", "web", "10.0.1.2"),
        LookedUp(150, 1, "host-a", *asked, ("10.0.1.2",), False),
        LookedUp(150, 1, "host-b", *asked, (), False),
        BeliefAdded(300, "host-b", "net", "web", "10.0.1.2"),
        NameAdded(400, "net", "gone", "10.0.1.3", "host-a"),
        CommandEnded(500, "host-a", "docker ps", 0, 1, ""),
        CommandEnded(500, "host-b", "docker rm x", 1, 1, "no such container"),
        NameRemoved(600, "net", "web", "10.0.1.2", "host-a"),
    ]


def value(run: Measurements, name: str, /, *arguments: str, **keywords: str) -> float | None:
    """Evaluate ``name`` with its field behind the last dot."""
    metric, _, field = name.partition(".")
    assert field in METRICS[metric].fields
    assert len(arguments) == len(METRICS[metric].arguments)
    assert set(keywords) <= set(METRICS[metric].keywords)
    return METRICS[metric].evaluate(run, arguments, keywords, field)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("ping.sent", ("client", "web"), 4),
        ("ping.received", ("client", "web"), 3),
        ("ping.received", ("client@host-b", "web@host-a"), 3),
        ("ping.lost", ("client", "web"), 1),
        ("ping.loss", ("client", "web"), 0.25),
        ("ping.rtt_p50", ("client", "web"), 40),
        ("ping.rtt_max", ("client", "web"), 60),
        ("ping.rtt_mean", ("client", "web"), 40),
        ("ping.sent", ("web", "client"), None),
        ("latency.max", ("client", "web"), 30),
        ("latency.max", ("client", "api"), 7),
        ("latency.mean", ("client", "api"), 6),
        ("latency.p50", ("client", "api.2.k3xw0dtvbn6mqh1yz2c4f5g7j"), 5),
        ("latency.p50", ("nobody", "web"), None),
        ("messages.received", ("client", "api"), 2),
        ("messages.loss", ("client", "web"), 0.25),
        ("overhead.size", ("payload",), 560),
        ("overhead.size", ("overlay",), 500),
        ("overhead.share", ("control",), 0.5),
        ("overhead.size", ("total",), 2960),
        ("overhead.size", ("paylod",), None),
        ("resolution.correct", ("host-b", "web"), 300),
        ("resolution.missing", ("host-b", "web"), 200),
        ("resolution.stale", ("host-b", "web"), 400),
        ("resolution.wrong", ("host-b", "web"), 0),
        ("resolution.stale", ("host-b", "nobody"), None),
        ("convergence.p50", ("web",), math.inf),
        ("convergence.p100", ("gone",), math.inf),
        ("convergence.p100", ("nobody",), None),
        ("conservation.created", (), 9),
        ("conservation.dropped", (), 1),
        ("conservation.imbalance", (), 0),
        ("commands.total", (), 2),
        ("commands.failed", (), 1),
    ],
)
def test_values(
    run: Measurements, name: str, arguments: tuple[str, ...], expected: float | None
) -> None:
    assert value(run, name, *arguments) == expected


def test_keywords_narrow_a_count(run: Measurements) -> None:
    assert value(run, "dropped.") == 1
    assert value(run, "dropped.", reason="queue full") == 1
    assert value(run, "dropped.", reason="queue-full", kind="data") == 1
    assert value(run, "dropped.", reason="mtu") == 0
    assert value(run, "dropped.", kind="table") == 0
    assert value(run, "dropped.", reason="gremlins") is None
    assert value(run, "dropped.", kind="gremlins") is None
    assert value(run, "lookups.missing") == 1
    assert value(run, "lookups.missing", host="host-a") == 0
    assert value(run, "lookups.total", name="web") == 2
    assert value(run, "commands.failed", host="host-a") == 0
    assert value(run, "latency.p50", "client", "web", protocol="udp") is None
    assert value(run, "latency.p50", "client", "web", protocol="icmp") == 20


def test_every_metric_says_what_it_is_and_in_which_unit() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.about
        assert set(metric.fields.values()) <= {"count", "duration", "rate", "share", "size"}


def test_names_of_endpoints() -> None:
    assert names_endpoint("api", TASK)
    assert names_endpoint("api.2.k3xw0dtvbn6mqh1yz2c4f5g7j", TASK)
    assert names_endpoint(TASK, TASK)
    assert not names_endpoint("api.2", TASK)
    assert not names_endpoint("ap", TASK)
    assert names_endpoint("host-a", "host-a")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dropped(reason=quue-full) == 0", 'no reason "quue-full"; did you mean queue-full?'),
        ("dropped(kind=dta) == 0", 'no kind "dta"; did you mean data?'),
        ("overhead(paylod).size > 0 B", 'no category "paylod"; did you mean payload?'),
    ],
)
def test_a_word_of_a_closed_list_is_checked_before_the_run(line: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        check(f"name: words\nexpect:\n  - {line}\n")


@pytest.mark.parametrize("reason", sorted(DROP_REASONS))
def test_every_drop_reason_can_be_asked_for(reason: str) -> None:
    check(f"name: words\nexpect:\n  - dropped(reason={reason.replace(' ', '-')}) == 0\n")
