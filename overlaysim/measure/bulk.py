"""What became of bulk traffic between hosts, flow by flow.

Latency is counted as for messages (:mod:`overlaysim.measure.latency`): one way, or the whole round
trip where the receiver sends each packet back; a packet still in flight at the end of the run
counts as neither sent nor lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overlaysim.measure.latency import Distribution


@dataclass(frozen=True)
class BulkUse:
    """One bulk flow of a run.

    Attributes:
        entry: the place of its entry in the scenario, from 0; an entry may stand for many flows.
        source: the host that sends.
        target: the host that it means.
        echo: whether each packet is sent back, so that latencies are round trips.
        latency: how many were sent and lost, and how long those that arrived took.
        dropped: packets (or answers) by the reason and the link or node of their end.
    """

    entry: int
    source: str
    target: str
    echo: bool
    latency: Distribution
    dropped: Mapping[tuple[str, str], int]


def merged(flows: Iterable[BulkUse]) -> Distribution:
    """The latencies of several flows as those of one."""
    whole = Distribution()
    for flow in flows:
        whole.include(flow.latency)
    return whole


def dropped_at(flows: Iterable[BulkUse]) -> Counter[tuple[str, str]]:
    """Packets dropped of several flows, by reason and place."""
    places: Counter[tuple[str, str]] = Counter()
    for flow in flows:
        places.update(flow.dropped)
    return places
