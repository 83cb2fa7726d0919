"""Hosts in the shadow of networks, and expect lines that name hosts and addresses."""

from __future__ import annotations

from typing import Any

import pytest
from measure_fakes import ended_journey, table

from overlaysim.measure import METRICS, Measurements, Recorder, judge_packets
from overlaysim.measure.shadows import find_shadows
from overlaysim.sim import Simulator
from overlaysim.sim.events import EndpointAdded, HostsShadowed

CLIENT, WORKER, TASK, FAR = "client@a", "worker@b", "api.1.aaaaaaaaaaaaaaaaaaaaaaaaa@b", "far@c"


def shadowed(at: int, endpoint: str, network: str = "net") -> HostsShadowed:
    host = endpoint.partition("@")[2]
    return HostsShadowed(
        at, network, endpoint, "10.0.1.0/24", host, ("db", "files"), ("10.0.1.13", "10.0.1.14")
    )


def packets(*rows: tuple[str, str, str | None]) -> list[Any]:
    """Journeys from source to intended that reach somebody, or nobody."""
    return [
        ended_journey(n, source=s, intended=i, reached=r, reason=None if r else "no neighbour")
        for n, (s, i, r) in enumerate(rows)
    ]


SENT = packets(
    (CLIENT, "db", TASK), (CLIENT, "db", TASK), (CLIENT, "db", None), (WORKER, "db", "db"),
    (WORKER, "files", None), (CLIENT, TASK, TASK), (FAR, "db", "db"),
)  # fmt: skip


def test_each_host_is_told_once_with_all_whose_containers_do_not_reach_it() -> None:
    events = [shadowed(1, CLIENT), shadowed(2, WORKER), shadowed(3, CLIENT)]
    db, files = find_shadows(events, judge_packets(table(*SENT), events))
    assert (db.host, db.address, db.network, db.subnet) == (
        "db", "10.0.1.13", "net", "10.0.1.0/24",
    )  # fmt: skip
    assert [*db.hosts] == [*files.hosts] == ["a", "b"]
    assert (db.sent, db.arrived, dict(db.reached)) == (4, 1, {TASK: 2})
    assert (files.sent, files.arrived, dict(files.reached)) == (1, 0, {})


def test_only_containers_in_the_shadow_count() -> None:
    events = [shadowed(1, FAR, "other"), shadowed(1, CLIENT)]
    other, _, net, _ = find_shadows(events, judge_packets(table(*SENT), events))
    assert (other.network, other.sent, other.arrived) == ("other", 1, 1)
    assert (net.network, net.sent, net.arrived) == ("net", 3, 0)


def test_without_overlap_there_is_none() -> None:
    assert find_shadows([], judge_packets(table(*SENT), [])) == ()


@pytest.fixture(scope="module")
def run() -> Measurements:
    simulator = Simulator(1)
    recorder = Recorder(simulator)
    for event in (
        EndpointAdded(0, "net", TASK, "10.0.1.13", "b"),
        EndpointAdded(0, "net", CLIENT, "10.0.1.2", "a"),
        EndpointAdded(0, "docker_gwbridge@a", CLIENT, "172.18.0.3", "a"),
    ):
        simulator.bus.emit(event)
    for row in SENT:
        journey = simulator.ledger.create("data", 0, source=row.source, intended=row.intended)
        if row.reached:
            simulator.ledger.deliver(journey, 0, row.reached)
        else:
            simulator.ledger.drop(journey, 0, "no neighbour", "x")
    addresses = {"db": "10.0.1.13", "files": "10.0.1.14"}
    meta = {"name": "t", "version": "0", "addresses": addresses}
    return recorder.finish(links=[], in_flight=0, meta=meta)


@pytest.mark.parametrize(
    ("source", "target", "sent"),
    [
        ("client", "db", 3),
        ("client", "api", 1),
        ("client", "10.0.1.13", 4),  # whoever had it: the host and the task
        ("worker", "10.0.1.14", 1),
        ("10.0.1.2", "db", 3),
        ("172.18.0.3", "10.0.1.13", 4),
        ("client", "10.0.1.99", None),
    ],
)
def test_an_address_stands_for_whoever_had_it(
    run: Measurements, source: str, target: str, sent: int | None
) -> None:
    assert METRICS["messages"].evaluate(run, (source, target), {}, "sent") == sent
    for metric in ("misdelivered", "blackholed"):
        keywords = {"from": source, "to": target}
        value = METRICS[metric].evaluate(run, (), keywords, "packets")
        assert (value is None) is (sent is None)


def test_owners_are_hosts_and_endpoints(run: Measurements) -> None:
    assert run.owners["10.0.1.13"] == {"db", TASK}
    assert run.owners["10.0.1.14"] == {"files"}
