"""Random fault scenarios: a few seeds here; all thousand with ``RANDOM_FAULTS=1000``, or by
``python tests/cluster/random_faults.py``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import fault_generator
import pytest
import random_faults
from cluster_lab import Cluster
from equal_tables import difference, disorder

from overlaysim.host.tables import NetworkTables
from overlaysim.overlay.peers import PeerRecord
from overlaysim.units import SECOND

COUNT = int(os.environ.get("RANDOM_FAULTS", "20"))


@pytest.mark.parametrize("seed", range(1, COUNT + 1))
def test_what_was_healed_grows_together_again(seed: int) -> None:
    trial = random_faults.run(seed)
    assert trial.complaint == ""
    assert trial.recovery <= random_faults.BOUND


def test_a_scenario_depends_on_its_seed_alone() -> None:
    texts = [fault_generator.text(fault_generator.scenario(seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_every_kind_of_fault_is_drawn_and_ends() -> None:
    kinds = Counter[str]()
    overlapping = repeated = 0
    for seed in range(1, 1001):
        steps = [s for s in fault_generator.scenario(seed)["timeline"] if "fault" in s]
        assert 1 <= len(steps) <= 6
        spans = sorted((seconds(s["at"]), seconds(s["fault"]["for"])) for s in steps)
        overlapping += any(a + d > b for (a, d), (b, _) in pairwise(spans))
        repeated += any("every" in s for s in steps)
        kinds.update(str(s["fault"].get("state") or next(iter(s["fault"]))) for s in steps)
    assert set(kinds) == {
        "down", "link", "partition", "crashed", "frozen", "stopped", "left", "joined", "host",
        "block", "churn",
    }  # fmt: skip
    assert min(kinds.values()) > 50
    assert overlapping > 400
    assert repeated > 300


def seconds(words: str) -> float:
    return float(words.removesuffix(" s"))


# ---- the check itself -------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.network()
    cluster.sleeper("host-a", "web")
    cluster.sleeper("host-b", "client")
    cluster.wait("40 s")
    assert difference(cluster.world) == ""
    return cluster


def forget_name(cluster: Cluster) -> None:
    tables = app(cluster, "host-b")
    tables.remove_names(next(k for k, r in tables.records.items() if r.name == "web"))


def keep_stale_name(cluster: Cluster) -> None:
    tables = app(cluster, "host-a")
    tables.add_names("gone", next(iter(tables.records.values())))


def forget_peer(cluster: Cluster) -> None:
    tables = app(cluster, "host-a")
    tables.remove_peer(next(iter(tables.peers)))


def misplace_peer(cluster: Cluster) -> None:
    tables = app(cluster, "host-a")
    key, peer = next(iter(tables.peers.items()))
    tables.add_peer(key, PeerRecord(peer.endpoint_ip, peer.prefix_length, peer.mac, "10.77.0.13"))


def lose_member(cluster: Cluster) -> None:
    cluster.session.faults.command(["host", "host-c", "frozen"])
    cluster.wait("20 s")


def app(cluster: Cluster, host: str) -> NetworkTables:
    memberships = cluster.world.hosts[host].memberships.values()
    return next(m for m in memberships if m.info.name == "app").beliefs


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (forget_name, "host-b, network app: names lacking [EndpointRecord(name='web'"),
        (keep_stale_name, "host-a, network app: names lacking [], surplus"),
        (forget_peer, "host-a, network app: peers lacking"),
        (misplace_peer, "host-a, network app: peers lacking [], surplus []"),
        (lose_member, "host-a has members"),
    ],
)
def test_a_table_that_differs_is_found(
    cluster: Cluster, spoil: Callable[[Cluster], None], says: str
) -> None:
    spoil(cluster)
    assert says in difference(cluster.world)


def test_books_and_replicas_that_are_not_right_are_found(cluster: Cluster) -> None:
    cluster.run("host-a", "docker service create --name api --network app --replicas 2 my:1")
    assert disorder(cluster.world) == ""
    service = next(iter(cluster.manager.store.services.values()))
    wanted = service.spec
    service.spec = replace(wanted, replicas=3)
    assert disorder(cluster.world).startswith("api has 2 replicas, not 3")
    service.spec = wanted
    cluster.manager.store.attachments.pop()
    assert disorder(cluster.world).startswith("network app: booked")


def test_a_crash_of_the_program_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int) -> dict[str, object]:
        words = json.loads(json.dumps(original(seed)))
        words["timeline"].append({"at": "31 s", "fault": {"link": ["host-a", "nowhere"]}})
        return dict(words)

    original = fault_generator.scenario
    monkeypatch.setattr(fault_generator, "scenario", broken)
    assert "InputError" in random_faults.run(1).complaint


def test_the_summary_names_what_failed() -> None:
    trials = [random_faults.Trial(seed, 2, seed * SECOND) for seed in range(1, 11)]
    trials.append(random_faults.Trial(11, 3, 0, "host-a differs"))
    said = random_faults.summary(trials)
    assert said.startswith("10 of 11 scenarios hold\n  seed 11: host-a differs\n")
    assert "faults per scenario: 2: 10, 3: 1\n" in said
    assert "median 6.0 s" in said
    assert "longest 10.0 s" in said
