"""In which order links can be worked out one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx


def dependency_order(feeds: Mapping[int, Iterable[int]]) -> list[list[int]]:
    """Sort links so that each comes behind all that feed it.

    Args:
        feeds: link -> links that take what leaves it; every link is a key.

    Returns:
        Groups of links in order; a group of more than one is links that feed one another around a
        circle, and its order is ascending.
    """
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(feeds)
    graph.add_edges_from((link, fed) for link, others in feeds.items() for fed in others)
    # Tarjan's algorithm finds a component when everything behind it has been found.
    return [sorted(group) for group in networkx.strongly_connected_components(graph)][::-1]
