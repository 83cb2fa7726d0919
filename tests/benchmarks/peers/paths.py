"""Which links the packets of a flow take, worked out without overlaysim's routes."""

from __future__ import annotations

from itertools import pairwise

from overlaysim.bench.workloads import HOSTS_PER_LEAF, LINE_SWITCHES, SPINES, Flow, Workload

Link = tuple[str, str]
"""One direction of a link, by the nodes that it joins."""


def links_of(workload: Workload, flow: Flow) -> list[Link]:
    """The links from a flow's source to its destination, in order."""
    middle = {"line": _along_line, "leaf-spine": _through_fabric, "star": _over_switch}
    nodes = [f"host-{flow.source}", *middle[workload.shape](flow), f"host-{flow.destination}"]
    return list(pairwise(nodes))


def backwards(links: list[Link]) -> list[Link]:
    """The way back."""
    return [(b, a) for a, b in reversed(links)]


def _along_line(_: Flow) -> list[str]:
    return [f"switch-{number + 1}" for number in range(LINE_SWITCHES)]


def _through_fabric(flow: Flow) -> list[str]:
    first, last = flow.source // HOSTS_PER_LEAF, flow.destination // HOSTS_PER_LEAF
    if first == last:
        return [f"leaf-{first + 1}"]
    spine = flow.hash * SPINES >> 32
    return [f"leaf-{first + 1}", f"spine-{spine + 1}", f"leaf-{last + 1}"]


def _over_switch(_: Flow) -> list[str]:
    return ["switch"]
