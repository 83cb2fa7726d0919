"""Where the nodes of a topology stand in its figure: simple, and always the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Positions = dict[str, tuple[float, float]]


class LinkView(NamedTuple):
    """A link as the figure shows it: rate in bit/s, delay in picoseconds, MTU in bytes."""

    a: str
    b: str
    rate: int
    delay: int
    mtu: int = 1500


@dataclass(frozen=True)
class TopologyView:
    """What the topology figure shows.

    Attributes:
        hosts: names, in order.
        switches: names, in order.
        links: each link once.
        containers: host -> names of the containers on it.
        positions: node -> (x, y) in any units, y upwards; missing nodes are laid out anew, all of
            them, so give none or all.
        routers: names, in order.
    """

    hosts: tuple[str, ...]
    switches: tuple[str, ...]
    links: tuple[LinkView, ...]
    containers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    routers: tuple[str, ...] = ()

    @property
    def between(self) -> tuple[str, ...]:
        """What stands between the hosts: switches, then routers."""
        return self.switches + self.routers


def place(view: TopologyView) -> Positions:
    """Give each node its place.

    Layers when the network has layers (hosts at the bottom, each switch or router as high above
    them as it is hops away), a circle of these with their hosts outside when it has not.
    """
    nodes = (*view.hosts, *view.between)
    if all(node in view.positions for node in nodes):
        return _scaled({node: view.positions[node] for node in nodes})
    neighbours: dict[str, list[str]] = {node: [] for node in nodes}
    for link in view.links:
        neighbours[link.a].append(link.b)
        neighbours[link.b].append(link.a)
    rows = _layers(view, neighbours)
    if _is_layered(rows, neighbours):
        return _in_rows(rows)
    return _in_circles(view, neighbours)


def _scaled(places: Positions) -> Positions:
    """Given places in the unit of the layouts below: neighbours about one apart."""
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    extent = max(max(xs) - min(xs), max(ys) - min(ys))
    factor = 1.5 * math.sqrt(len(places)) / extent if extent else 1.0
    return {node: (x * factor, y * factor) for node, (x, y) in places.items()}


def _layers(view: TopologyView, neighbours: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Rows of nodes by their hops from the nearest host, ordered to keep links short."""
    level = dict.fromkeys(view.hosts, 0)
    queue = list(view.hosts)
    for node in queue:
        for other in neighbours[node]:
            if other not in level:
                level[other] = level[node] + 1
                queue.append(other)
    for node in view.between:
        level.setdefault(node, 1)
    rows: list[list[str]] = [[] for _ in range(max(level.values(), default=0) + 1)]
    for node in view.between:
        rows[level[node]].append(node)
    first = {node: i for i, node in enumerate(view.between)}
    rows[0] = sorted(
        view.hosts, key=lambda host: min((first[n] for n in neighbours[host] if n in first),
                                         default=len(first)),
    )  # fmt: skip
    return [row for row in rows if row]


def _is_layered(rows: Sequence[Sequence[str]], neighbours: Mapping[str, Sequence[str]]) -> bool:
    """Whether links within a row join only nodes that stand next to each other."""
    for row in rows:
        place_in_row = {node: i for i, node in enumerate(row)}
        for node in row:
            for other in neighbours[node]:
                if other in place_in_row and abs(place_in_row[node] - place_in_row[other]) != 1:
                    return False
    return True


def _in_rows(rows: Sequence[Sequence[str]]) -> Positions:
    """Centred rows, as wide as the widest, one unit apart in height."""
    width = max(len(row) for row in rows)
    places: Positions = {}
    for height, row in enumerate(rows):
        for i, node in enumerate(row):
            places[node] = ((i + 0.5) * width / len(row), float(height))
    return places


def _in_circles(view: TopologyView, neighbours: Mapping[str, Sequence[str]]) -> Positions:
    """Switches and routers (hosts, if there are none) on a circle, hosts outside near theirs."""
    ring = view.between or view.hosts
    radius = max(1.0, len(ring) / 4)
    places = {node: _on_circle(radius, i / len(ring)) for i, node in enumerate(ring)}
    hosts_of: dict[str, list[str]] = {}
    for host in view.hosts if view.between else ():
        anchor = next((n for n in neighbours[host] if n in places), ring[0])
        hosts_of.setdefault(anchor, []).append(host)
    for i, node in enumerate(ring):
        guests = hosts_of.get(node, ())
        for j, host in enumerate(guests):
            spread = (j - (len(guests) - 1) / 2) / len(guests) * 0.9
            places[host] = _on_circle(radius + 1, (i + spread) / len(ring))
    return places


def _on_circle(radius: float, turn: float) -> tuple[float, float]:
    """A point at ``turn`` (0 to 1) clockwise from the top, rounded so that all platforms agree."""
    angle = math.pi / 2 - 2 * math.pi * turn
    return round(radius * math.cos(angle), 6), round(radius * math.sin(angle), 6)
