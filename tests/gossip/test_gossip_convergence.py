"""How fast news spread, against the real code."""

from __future__ import annotations

import csv
import math
import random
import statistics
from collections import defaultdict
from pathlib import Path

import pytest
from gossip_cluster import encoded, networked

from overlaysim.units import SECOND

DATA = Path(__file__).parents[1] / "data" / "gossip" / "convergence.csv"
SHARES = {"t50_s": 0.5, "t99_s": 0.99, "t100_s": 1.0}

NETWORK = "n" * 25

Sample = dict[tuple[str, str], list[float]]


def measured(nodes: int, loss: int) -> Sample:
    sample: Sample = defaultdict(list)
    with DATA.open() as file:
        for row in csv.DictReader(file):
            if (int(row["N"]), int(row["loss"])) == (nodes, loss):
                sample[row["experiment"], row["metric"]].append(float(row["value"]))
    return sample


def simulated(count: int, loss: int, clusters: int, runs: int) -> Sample:
    """Creates and deletes at random nodes and instants, in clusters with random phases."""
    sample: Sample = defaultdict(list)
    for seed in range(clusters):
        cluster, nodes = networked(count, seed=1000 * count + seed)
        cluster.run(8)
        cluster.loss = loss / 100
        rng = random.Random(seed)
        for run in range(runs):
            writer = rng.choice(nodes)
            for kind, call in (("create", "create_entry"), ("delete", "delete_entry")):
                cluster.run(rng.uniform(3, 5))
                began, before = cluster.now, len(cluster.changes)
                value = ("v", encoded("v")) if kind == "create" else ()
                cluster.do(writer, call, "W", "T", f"k{run}", *value)
                cluster.run_until(lambda: len(cluster.changes) - before == count - 1, 60)  # noqa: B023 - called at once
                times = [(when - began) / SECOND for when, _, _ in cluster.changes[before:]]
                for metric, share in SHARES.items():
                    sample[kind, metric].append(times[math.ceil(share * (count - 1)) - 1])
    return sample


def assert_same_means(real: list[float], ours: list[float], what: object) -> None:
    """Within 10 % or three standard errors of the difference, whichever is more."""
    error = math.sqrt(statistics.variance(ours) / len(ours) + statistics.variance(real) / len(real))
    difference = statistics.mean(ours) - statistics.mean(real)
    assert abs(difference) <= max(0.1 * statistics.mean(real), 3 * error), what


@pytest.mark.parametrize("loss", [0, 5])
@pytest.mark.parametrize(("count", "clusters", "runs"), [(3, 60, 5), (10, 20, 6), (50, 8, 4)])
def test_changes_spread_as_fast_as_in_the_real_code(
    count: int, clusters: int, runs: int, loss: int
) -> None:
    reference = measured(count, loss)
    for key, times in simulated(count, loss, clusters, runs).items():
        assert_same_means(reference[key], times, key)


def late_join(count: int, seed: int) -> tuple[float, float]:
    """Seconds from the start of a node until it has 100 entries, and until all others list it.

    As measured: it joins a network once its announcement to the cluster is out.
    """
    cluster, nodes = networked(count - 1, NETWORK, seed)
    for i in range(100):
        node = nodes[i % len(nodes)]
        place = (NETWORK, "endpoint_table", f"{i:064}")
        cluster.do(node, "create_entry", *place, i, encoded(i))
    rng = random.Random(seed)
    cluster.run(10 + rng.random())
    joiner, began = cluster.start("joiner123456"), cluster.now
    cluster.do(joiner, "join_cluster", [rng.choice(nodes).address])
    cluster.run_until(lambda: joiner.cluster_joined, 5)
    cluster.do(joiner, "join_network", NETWORK)
    cluster.run_until(lambda: len(joiner.entries(NETWORK, "endpoint_table")) == 100, 5)
    synced = (cluster.now - began) / SECOND
    cluster.run_until(
        lambda: all(joiner.name in node.network_members(NETWORK) for node in nodes), 40
    )
    return synced, (cluster.now - began) / SECOND


@pytest.mark.parametrize("count", [3, 10])
def test_a_late_joiner_arrives_as_in_the_real_code(count: int) -> None:
    reference = measured(count, 0)
    synced, listed = zip(*(late_join(count, seed) for seed in range(30)), strict=True)
    assert_same_means(reference["late_join", "entries_t100_s"], list(synced), "synced")
    assert_same_means(reference["late_join", "peers_know_joiner_t100_s"], list(listed), "listed")


@pytest.mark.parametrize(("count", "ready"), [(3, 0.006), (10, 0.027)])
def test_a_network_join_walks_all_members_in_turn(count: int, ready: float) -> None:
    """The real code's network join call: 6 ms at 3 nodes, 27 ms at 10."""
    cluster, nodes = networked(count - 1)
    joiner = cluster.start("joiner")
    cluster.do(joiner, "join_cluster", [nodes[0].address])
    cluster.run(2)
    cluster.do(joiner, "join_network", "W")
    took = cluster.run_until(lambda: joiner.network_ready("W"), 1)
    assert took == pytest.approx(ready)
