"""G15: choosing peers at random, as ``cluster_test.go`` in moby/moby demands it of mRandomNodes."""

from __future__ import annotations

import random
from collections import Counter
from math import perm, sqrt

import pytest
from gossip_cluster import create, networked

from overlaysim.gossip.roster import Roster

DRAWS = 10_000
REPETITIONS = 10


def roster(size: int) -> Roster:
    """A roster with this node somewhere in the middle."""
    names = Roster()
    others = [f"peer{i}" for i in range(size - 1)]
    for name in [*others[: size // 2], "here", *others[size // 2 :]]:
        names.add(name)
    return names


def extreme(counts: Counter[str], peers: int, count: int) -> bool:
    """Whether a peer's count is off by more than four binomial standard deviations."""
    share = count / peers
    limit = 4 * sqrt(DRAWS * share * (1 - share))
    return any(abs(counts[f"peer{i}"] - DRAWS * share) > limit for i in range(peers))


@pytest.mark.parametrize(
    ("size", "count"),
    [(1, 3), (2, 1), (3, 2), (4, 2), (6, 1), (4, 3), (4, 9), (9, 3), (50, 3), (50, 2), (12, 11)],
)
def test_g15_peer_sampling(size: int, count: int) -> None:
    names, peers = roster(size), size - 1
    rng = random.Random(f"{size}/{count}")
    drawn = min(count, peers)
    orders: set[tuple[str, ...]] = set()
    extremes = 0
    for repetition in range(REPETITIONS):
        counts: Counter[str] = Counter()
        for _ in range(DRAWS):
            sample = names.sample(rng, count, "here")
            assert len(sample) == len(set(sample)) == drawn
            counts.update(sample)
            if repetition == 0:
                orders.add(tuple(sample))
        assert "here" not in counts
        extremes += drawn > 0 and extreme(counts, peers, drawn)
    assert extremes <= 2
    possible = perm(peers, drawn)
    assert len(orders) == possible if possible <= 10 else len(orders) > 10


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_g15_gossip_goes_to_such_a_sample(count: int) -> None:
    """Three other members of a network get a tick's packet, or all if there are fewer."""
    cluster, nodes = networked(count)
    cluster.run(2)
    cluster.datagrams.clear()
    create(cluster, nodes[0], "k", "v")
    cluster.run(4)
    ticks: dict[int, list[str]] = {}  # no two nodes tick at the same picosecond
    for when, datagram in cluster.datagrams:
        if datagram.kind == "table":
            ticks.setdefault(when, []).append(datagram.target)
    assert ticks
    for targets in ticks.values():
        assert len(targets) == len(set(targets)) == min(3, count - 1)
    firsts = next(iter(ticks.values()))
    assert nodes[0].address not in firsts
