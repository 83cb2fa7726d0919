"""Whatever happens, the tables agree in the end.

In the spirit of TestNetworkDBAlwaysConverges (``networkdb_property_test.go`` in moby/moby): joins,
leaves and writes with no waiting in between, keys never used twice, two minutes to settle.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from gossip_cluster import Cluster, formed, live
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Choose = Callable[[Sequence[Any]], Any]
"""Picks one of several."""

ACTIONS = ("join", "leave", "create", "create", "update", "delete", "sleep", "sleep")


class Walk:
    """A cluster and what its tables must come to."""

    def __init__(self, count: int, networks: int, seed: int) -> None:
        self.cluster: Cluster
        self.cluster, self.nodes = formed(count, seed)
        self.networks = [f"W{i}" for i in range(networks)]
        self.state: list[dict[str, dict[str, int]]] = [{} for _ in self.nodes]
        self.writes = 0

    def act(self, choose: Choose) -> None:
        action = choose(ACTIONS)
        if action == "sleep":
            self.cluster.run(choose(range(10, 501)) / 1000)
            return
        number = choose(range(len(self.nodes)))
        network = choose(self.networks)
        own = self.state[number].get(network)
        if action == "join" and own is None:
            self.state[number][network] = {}
            self.do(number, "join_network", network)
        elif action == "leave" and own is not None:
            del self.state[number][network]
            self.do(number, "leave_network", network)
        elif action == "create" and own is not None:
            self.write(number, "create_entry", network, f"k{self.writes}")
        elif action == "update" and own:
            self.write(number, "update_entry", network, choose(sorted(own)))
        elif action == "delete" and own:
            key = choose(sorted(own))
            del own[key]
            self.do(number, "delete_entry", network, "T", key)

    def write(self, number: int, call: str, network: str, key: str) -> None:
        self.writes += 1
        self.state[number][network][key] = self.writes
        self.do(number, call, network, "T", key, self.writes, 110)

    def do(self, number: int, call: str, *args: Any) -> None:
        self.cluster.do(self.nodes[number], call, *args)

    def agreed(self) -> bool:
        for network in self.networks:
            union: dict[str, int] = {}
            for state in self.state:
                union |= state.get(network, {})
            for node, state in zip(self.nodes, self.state, strict=True):
                expected = union if network in state else {}
                if live(node, network) != expected:
                    return False
        return True

    def settle(self) -> None:
        """Wait for agreement, and see that it lasts: nothing under way brings old states back."""
        for _ in range(240):
            if self.agreed():
                break
            self.cluster.run(0.5)
        assert self.agreed()
        self.cluster.run(35)
        assert self.agreed()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(2, 8), st.integers(1, 3), st.integers(0, 1000))
def test_all_tables_agree_in_the_end(
    data: st.DataObject, count: int, networks: int, seed: int
) -> None:
    walk = Walk(count, networks, seed)
    for _ in range(data.draw(st.integers(1, 40))):
        walk.act(lambda options: data.draw(st.sampled_from(options)))
    walk.settle()


@pytest.mark.parametrize("loss", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(20))
def test_all_tables_agree_after_long_walks(seed: int, loss: float) -> None:
    rng = random.Random(seed)
    walk = Walk(rng.randint(2, 12), rng.randint(1, 5), seed)
    walk.cluster.loss = loss
    for _ in range(200):
        walk.act(rng.choice)
    walk.settle()
