"""Shortest paths: where each node may send a frame for a given host."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Collection, Mapping, Sequence


class Routes:
    """All shortest paths (by number of links) to the hosts of a graph, worked out when asked for.

    Hosts do not forward: a path may start or end at a host but not lead through one.

    Args:
        neighbours: the nodes that each node is linked to, in both directions.
        hosts: the nodes that do not forward.
    """

    def __init__(self, neighbours: Mapping[str, Sequence[str]], hosts: Collection[str]) -> None:
        self._neighbours = {node: sorted(others) for node, others in neighbours.items()}
        self._hosts = frozenset(hosts)
        self._distances: dict[str, dict[str, int]] = {}

    def next_hops(self, node: str, destination: str) -> tuple[str, ...]:
        """The neighbours of ``node`` that are nearest to ``destination``, sorted by name.

        Empty if there is no path. The two are different nodes, and ``destination`` is a host.
        """
        if destination not in self._distances:
            self._distances[destination] = self._search(destination)
        distances = self._distances[destination]
        towards = [neighbour for neighbour in self._neighbours[node] if neighbour in distances]
        nearest = min((distances[neighbour] for neighbour in towards), default=0)
        return tuple(neighbour for neighbour in towards if distances[neighbour] == nearest)

    def set_link(self, a: str, b: str, usable: bool) -> None:
        """Take notice that a link, which was in the other state so far, can be used or not."""
        for node, other in ((a, b), (b, a)):
            if usable:
                insort(self._neighbours[node], other)
            else:
                self._neighbours[node].remove(other)
        self._distances.clear()

    def _search(self, destination: str) -> dict[str, int]:
        """Count the links from every node that can forward to ``destination``, breadth first."""
        distances = {destination: 0}
        frontier = deque([destination])
        while frontier:
            node = frontier.popleft()
            for neighbour in self._neighbours[node]:
                if neighbour not in distances and neighbour not in self._hosts:
                    distances[neighbour] = distances[node] + 1
                    frontier.append(neighbour)
        return distances
