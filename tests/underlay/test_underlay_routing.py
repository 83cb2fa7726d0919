"""Shortest paths, and how flows are shared out among equal ones."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from underlay_world import World

from overlaysim.errors import ModelError
from overlaysim.sim import Simulator
from overlaysim.underlay import Underlay, fat_tree, leaf_spine, star
from overlaysim.underlay.routing import Routes


@given(st.data())
def test_next_hops_are_those_of_all_shortest_paths(data: st.DataObject) -> None:
    """Against networkx, on a graph from which all hosts but the two ends are taken out."""
    nodes = [f"n{number}" for number in range(data.draw(st.integers(2, 8)))]
    pairs = list(itertools.combinations(nodes, 2))
    graph = networkx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(data.draw(st.lists(st.sampled_from(pairs), unique=True)))
    hosts = data.draw(st.sets(st.sampled_from(nodes), min_size=1))
    destination = data.draw(st.sampled_from(sorted(hosts)))
    neighbours = {node: sorted(graph[node]) for node in nodes}
    routes = Routes(neighbours, hosts)
    for a, b in list(graph.edges):
        if data.draw(st.booleans(), label=f"{a}-{b} fails"):
            routes.set_link(a, b, False)
            graph.remove_edge(a, b)
    for node in nodes:
        forwarding = graph.subgraph(set(nodes) - hosts | {node, destination})
        if node == destination:
            continue
        expected: set[str] = set()
        if networkx.has_path(forwarding, node, destination):
            paths = networkx.all_shortest_paths(forwarding, node, destination)
            expected = {path[1] for path in paths}
        assert routes.next_hops(node, destination) == tuple(sorted(expected))


def crossings(world: World, layer: str, above: str) -> dict[str, int]:
    """Frames from switches of one layer to each switch of the one above."""
    count: Counter[str] = Counter()
    for (a, b), link in world.underlay.links.items():
        if a.startswith(layer) and b.startswith(above):
            count[b] += link.frames
    return count


def test_flows_spread_evenly_and_each_keeps_its_path() -> None:
    world = World(leaf_spine(["a", "b"], spines=4, leaves=2))
    rng = random.Random(5)
    flows = [rng.getrandbits(32) for _ in range(2000)]
    first: dict[int, str] = {}
    for flow in flows * 2:
        before = crossings(world, "leaf-1", "spine")
        world.send("a", "b", 60, flow)
        world.simulator.run_for(10**9)
        after = crossings(world, "leaf-1", "spine")
        (spine,) = (name for name in after if after[name] != before[name])
        assert first.setdefault(flow, spine) == spine
    shares = Counter(first.values())
    assert len(shares) == 4
    assert all(abs(share - 500) < 80 for share in shares.values())  # 4 standard deviations


@pytest.mark.parametrize(("ecmp", "idle"), [("per-switch", 0), ("shared", 6)])
def test_a_fat_tree_polarises_only_if_all_switches_mix_alike(ecmp: str, idle: int) -> None:
    """With one hash for all, the i-th aggregation switch only ever uses its i-th core switch."""
    hosts = [f"h{number}" for number in range(54)]
    world = World(fat_tree(hosts, k=6), ecmp=ecmp)
    rng = random.Random(1)
    for _ in range(4000):
        source, destination = rng.sample(hosts, 2)
        world.send(source, destination, 60, rng.getrandbits(32))
        world.simulator.run_for(10**7)
    world.simulator.run_for(10**10)
    up = crossings(world, "agg", "core")
    assert len(up) == 9
    assert sum(frames == 0 for frames in up.values()) == idle
    if not idle:
        mean = sum(up.values()) / 9
        assert all(abs(frames - mean) < 0.25 * mean for frames in up.values())


def test_shared_hash_selects_by_its_upper_bits() -> None:
    world = World(leaf_spine(["a", "b"], spines=4, leaves=2), ecmp="shared")
    for flow in (0, 2**30 - 1, 2**30, 2**32 - 1):
        world.send("a", "b", 60, flow)
    world.simulator.run_for(10**9)
    assert crossings(world, "leaf-1", "spine") == {
        "spine-1": 2, "spine-2": 1, "spine-3": 0, "spine-4": 1,
    }  # fmt: skip


def test_unknown_hosts_and_hosts_without_receiver_are_bugs() -> None:
    underlay = Underlay(Simulator(), star(["a", "b"]))
    with pytest.raises(ModelError, match="the underlay has no host switch"):
        underlay.attach("switch", print)
    journey = underlay.simulator.ledger.create("data", 0, source="a", intended="b")
    journey.destination = "b"
    with pytest.raises(ModelError, match="no host b is attached"):
        underlay.send(journey, "a")
