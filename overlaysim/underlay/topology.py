"""Which nodes there are (hosts, switches, routers), which links, and the usual shapes by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from overlaysim.errors import InputError, nearest, quote
from overlaysim.underlay.routing import Routes
from overlaysim.underlay.spec import LinkSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_LARGEST_FAT_TREE = 64

Joined = tuple[str, str, LinkSpec]
"""A link and the two nodes it joins."""


@dataclass(frozen=True)
class Topology:
    """Hosts, switches, routers, and full-duplex links between two of them each.

    Hosts are the ends: they send and receive, and never pass on what is meant for another. Switches
    pass on frames, routers IP packets: these count hops, cut what is too long for the next link, or
    say that it is.

    Raises:
        InputError: naming everything that is wrong, one line each.
    """

    hosts: tuple[str, ...]
    switches: tuple[str, ...]
    links: tuple[Joined, ...]
    routers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = [*self._wrong_nodes(), *self._wrong_links()]
        if not problems:
            problems = list(self._wrong_shape())
        if problems:
            raise InputError("\n".join(problems))

    @property
    def nodes(self) -> tuple[str, ...]:
        """Hosts, then switches, then routers."""
        return self.hosts + self.switches + self.routers

    def neighbours(self) -> dict[str, tuple[str, ...]]:
        """Return the nodes that each node has a link to, sorted by name."""
        found: dict[str, list[str]] = {node: [] for node in self.nodes}
        for a, b, _ in self.links:
            found[a].append(b)
            found[b].append(a)
        return {node: tuple(sorted(others)) for node, others in found.items()}

    def link_between(self, a: str, b: str) -> LinkSpec:
        """Return the link between two nodes, whichever of them is named first.

        Raises:
            InputError: if they are not linked; the message says what ``a`` is linked to.
        """
        for first, second, spec in self.links:
            if {first, second} == {a, b}:
                return spec
        raise InputError(no_link(a, b, self.neighbours()))

    def with_links(self, changes: Mapping[tuple[str, str], Mapping[str, Any]]) -> Topology:
        """Return this topology with other properties on some of its links.

        Args:
            changes: fields of :class:`~overlaysim.underlay.spec.LinkSpec` by the ends of a link.

        Raises:
            InputError: if two ends are not linked or a property is out of range.
        """
        linked = {frozenset((a, b)) for a, b, _ in self.links}
        for a, b in changes:
            if frozenset((a, b)) not in linked:
                raise InputError(no_link(a, b, self.neighbours()))
        wanted = {frozenset(ends): fields for ends, fields in changes.items()}
        links = tuple(
            (a, b, replace(spec, **wanted.get(frozenset((a, b)), {}))) for a, b, spec in self.links
        )
        return replace(self, links=links)

    def _wrong_nodes(self) -> Iterator[str]:
        if not self.hosts:
            yield "a topology needs at least one host"
        for node, times in Counter(self.nodes).items():
            if times > 1:
                yield f"{quote(node)} names {times} nodes; names of nodes are unique"
            if not _NAME.fullmatch(node):
                yield (
                    f"{quote(node)} is not a name for a node; write up to 63 letters, digits, "
                    "points, dashes and underscores, a letter or digit first"
                )

    def _wrong_links(self) -> Iterator[str]:
        nodes = set(self.nodes)
        seen: set[frozenset[str]] = set()
        for a, b, _ in self.links:
            for node in (a, b):
                if node not in nodes:
                    yield (
                        f"link between {quote(a)} and {quote(b)}: there is no node {quote(node)}"
                        + nearest(node, nodes)
                    )
            if a == b:
                yield f"{quote(a)} has a link to itself"
            elif frozenset((a, b)) in seen:
                yield f"{quote(a)} and {quote(b)} are linked twice; one link joins two nodes"
            seen.add(frozenset((a, b)))

    def _wrong_shape(self) -> Iterator[str]:
        neighbours = self.neighbours()
        if len(self.hosts) == 1:
            return
        alone = [host for host in self.hosts if not neighbours[host]]
        for host in alone:
            yield f"host {quote(host)} has no link"
        first = self.hosts[0]
        if first in alone:
            return
        routes = Routes(neighbours, self.hosts)
        for host in self.hosts[1:]:
            if host not in alone and not routes.next_hops(host, first):
                yield f"there is no path between the hosts {quote(first)} and {quote(host)}"


def no_link(a: str, b: str, neighbours: Mapping[str, Sequence[str]]) -> str:
    """Say that ``a`` and ``b`` are not linked, and what would be right."""
    for node in (a, b):
        if node not in neighbours:
            return f"there is no node {quote(node)}{nearest(node, neighbours)}"
    return f"no link between {a} and {b}; {a} is linked to {', '.join(neighbours[a])}"


def listed(
    hosts: Iterable[str],
    switches: Iterable[str],
    links: Iterable[Joined],
    routers: Iterable[str] = (),
) -> Topology:
    """Any shape, given link by link."""
    return Topology(tuple(hosts), tuple(switches), tuple(links), tuple(routers))


def star(hosts: Sequence[str], link: LinkSpec | None = None) -> Topology:
    """All hosts on one switch, called ``switch``."""
    spec = link or LinkSpec()
    return Topology(tuple(hosts), ("switch",), tuple((host, "switch", spec) for host in hosts))


def line(hosts: Sequence[str], link: LinkSpec | None = None, *, switches: int = 0) -> Topology:
    """Switches ``switch-1`` … in a line, with the hosts spread from one end to the other.

    Args:
        hosts: names of the hosts.
        link: what every link is like.
        switches: how many; one per host if not given.
    """
    spec = link or LinkSpec()
    names = _numbered("switch", switches or len(hosts))
    trunk = [(a, b, spec) for a, b in pairwise(names)]
    return listed(hosts, names, _hang(hosts, names, spec, from_end_to_end=True) + trunk)


def ring(hosts: Sequence[str], link: LinkSpec | None = None, *, switches: int = 0) -> Topology:
    """Switches ``switch-1`` … in a ring, with the hosts spread evenly around it.

    Args:
        hosts: names of the hosts.
        link: what every link is like.
        switches: how many, at least 3; one per host if not given.

    Raises:
        InputError: for fewer than 3 switches.
    """
    spec = link or LinkSpec()
    count = switches or max(3, len(hosts))
    if count < 3:
        raise InputError(f"a ring has at least 3 switches, not {count}")
    names = _numbered("switch", count)
    trunk = [(a, b, spec) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    return listed(hosts, names, _hang(hosts, names, spec) + trunk)


def leaf_spine(
    hosts: Sequence[str], link: LinkSpec | None = None, *, spines: int = 2, leaves: int = 2
) -> Topology:
    """Every ``leaf-i`` linked to every ``spine-j``; hosts on the leaves in even blocks."""
    spec = link or LinkSpec()
    leaf_names, spine_names = _numbered("leaf", leaves), _numbered("spine", spines)
    fabric = [(leaf, spine, spec) for leaf in leaf_names for spine in spine_names]
    return listed(hosts, leaf_names + spine_names, _hang(hosts, leaf_names, spec) + fabric)


def fat_tree(hosts: Sequence[str], link: LinkSpec | None = None, *, k: int = 4) -> Topology:
    """The k-ary fat-tree of Al-Fares, Loukissas and Vahdat (SIGCOMM 2008, section 3).

    ``k`` pods of ``k/2`` edge and ``k/2`` aggregation switches (``edge-pod-i``, ``agg-pod-i``) and
    ``(k/2)**2`` core switches; aggregation switch i of each pod reaches the i-th group of cores.

    Args:
        hosts: names of at most ``k**3 / 4`` hosts, spread over the edge switches in even blocks.
        link: what every link is like.
        k: ports per switch: even, from 2 to 64.

    Raises:
        InputError: for another k or too many hosts.
    """
    if k % 2 or not 2 <= k <= _LARGEST_FAT_TREE:
        raise InputError(f"a fat-tree's k is an even number from 2 to {_LARGEST_FAT_TREE}, not {k}")
    half = k // 2
    if len(hosts) > k * half * half:
        raise InputError(f"a fat-tree with k = {k} holds {k * half * half} hosts, not {len(hosts)}")
    spec = link or LinkSpec()
    cores = _numbered("core", half * half)
    edges: list[str] = []
    aggregations: list[str] = []
    fabric: list[Joined] = []
    for pod in range(1, k + 1):
        pod_edges, pod_aggs = _numbered(f"edge-{pod}", half), _numbered(f"agg-{pod}", half)
        fabric += [(edge, agg, spec) for edge in pod_edges for agg in pod_aggs]
        for index, agg in enumerate(pod_aggs):
            fabric += [(agg, core, spec) for core in cores[index * half : (index + 1) * half]]
        edges += pod_edges
        aggregations += pod_aggs
    return listed(hosts, edges + aggregations + cores, _hang(hosts, edges, spec) + fabric)


def dumbbell(
    hosts: Sequence[str], link: LinkSpec | None = None, *, bottleneck: LinkSpec | None = None
) -> Topology:
    """The first half of the hosts on ``left``, the rest on ``right``, one link between the two.

    Args:
        hosts: names of the hosts.
        link: what a host's link is like.
        bottleneck: what the middle link is like; as the others if not given.
    """
    spec = link or LinkSpec()
    middle: Joined = ("left", "right", bottleneck or spec)
    sides = ["left", "right"]
    return listed(hosts, sides, [*_hang(hosts, sides, spec), middle])


def _numbered(stem: str, count: int) -> list[str]:
    if count < 1:
        raise InputError(f"the number of {stem} switches is 1 or more, not {count}")
    return [f"{stem}-{number}" for number in range(1, count + 1)]


def _hang(
    hosts: Sequence[str], switches: Sequence[str], spec: LinkSpec, *, from_end_to_end: bool = False
) -> list[Joined]:
    """Link the hosts to the switches in even blocks, in the order of both.

    With ``from_end_to_end`` and fewer hosts than switches the last host gets the last switch.
    """
    if from_end_to_end and 1 < len(hosts) <= len(switches):
        step, parts = len(switches) - 1, len(hosts) - 1
    else:
        step, parts = len(switches), max(1, len(hosts))
    return [(host, switches[index * step // parts], spec) for index, host in enumerate(hosts)]
