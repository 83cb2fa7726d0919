"""Shortest paths: where each node may send a frame for a given host."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence


def next_hops(
    neighbours: Mapping[str, Sequence[str]], hosts: Collection[str], destination: str
) -> dict[str, tuple[str, ...]]:
    """Find all shortest paths (by number of links) to one host.

    Hosts do not forward: a path may start or end at a host but not lead through one.

    Args:
        neighbours: the nodes that each node is linked to, in both directions.
        hosts: the nodes that do not forward.
        destination: the host to reach.

    Returns:
        For each node that can reach ``destination`` the neighbours on its shortest paths, in the
        order of ``neighbours``. Nodes that cannot reach it are absent, and so is itself.
    """
    distance = {destination: 0}
    hops: dict[str, tuple[str, ...]] = {}
    frontier = deque([destination])
    while frontier:
        node = frontier.popleft()
        if node in hosts and node != destination:
            continue
        for neighbour in neighbours[node]:
            steps = distance.setdefault(neighbour, distance[node] + 1)
            if steps == distance[node] + 1:
                if neighbour not in hops:
                    frontier.append(neighbour)
                hops[neighbour] = (*hops.get(neighbour, ()), node)
    return {
        node: tuple(neighbour for neighbour in neighbours[node] if neighbour in nearer)
        for node, nearer in hops.items()
    }
