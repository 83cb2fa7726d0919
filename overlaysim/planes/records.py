"""What the planes hand over of packets that have ended, and the tally kept of them by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.workload import BulkFlow

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """Packets that ended in the same way. Arrays have one element per packet.

    A packet that is answered ends when its answer does: one end for the two of them.

    Attributes:
        flows: numbers of their flows.
        born: picoseconds.
        ended: picoseconds.
        transmit: how much of the time from birth to end was transmission.
        propagate: how much was propagation; the rest was waiting in queues.
        identify: works out :attr:`numbers` and :attr:`turned`, which few ask for.
        reason: why they were dropped; empty if they arrived.
        where: the link or node where they were dropped; empty if they arrived.
    """

    flows: Integers
    born: Integers
    ended: Integers
    transmit: Integers
    propagate: Integers
    identify: Callable[[], tuple[Integers, Integers]]
    reason: str = ""
    where: str = ""

    @property
    def numbers(self) -> Integers:
        """The place of each in its flow, from 1."""
        return self.identify()[0]

    @property
    def turned(self) -> Integers:
        """When an answered packet reached its receiver, who sent it back; -1 if it did not."""
        return self.identify()[1]

    @property
    def queue(self) -> Integers:
        """Picoseconds of waiting."""
        return self.ended - self.born - self.transmit - self.propagate


_EXACT = 2**53
"""Whole numbers below this are exact as floating point numbers (IEEE 754 binary64)."""
_HALF = 31

OnEnds = Callable[[Ends], None]


class Hops(NamedTuple):
    """Frames that crossed one link: arrays with an element for each.

    Attributes:
        link: the link's name.
        flows: numbers of the packets' flows.
        numbers: the packets' places in their flows, from 1.
        answers: whether it is an answer that crossed.
        arrived: when it came to the queue, picoseconds.
        started: when its transmission began.
        delivered: when the far end had it.
    """

    link: str
    flows: Integers
    numbers: Integers
    answers: NDArray[np.bool_]
    arrived: Integers
    started: Integers
    delivered: Integers


OnHops = Callable[[Hops], None]


@dataclass(slots=True)
class FlowTally:
    """What became of one flow.

    Attributes:
        delivered: packets that arrived; of an answered flow those whose answer did.
        dropped: packets (or answers) dropped, by reason and link or node.
        queue: picoseconds that all that arrived have waited.
        transmit: likewise of transmission.
        propagate: likewise of propagation.
    """

    delivered: int = 0
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    queue: int = 0
    transmit: int = 0
    propagate: int = 0

    @property
    def ended(self) -> int:
        """Packets that have ended."""
        return self.delivered + self.dropped.total()


class Tally:
    """Counts what ends and keeps every latency, in as few bytes as it takes.

    Args:
        flows: the flows, in the order of their numbers.
    """

    def __init__(self, flows: Sequence[BulkFlow]) -> None:
        self.flows = [FlowTally() for _ in flows]
        self._latencies: list[tuple[NDArray[np.unsignedinteger], NDArray[np.unsignedinteger]]] = []

    def add(self, ends: Ends) -> None:
        """Take note of ends."""
        count = len(self.flows)
        ended = np.bincount(ends.flows, minlength=count).tolist()
        if ends.reason:
            for tally, packets in zip(self.flows, ended, strict=True):
                if packets:
                    tally.dropped[ends.reason, ends.where] += packets
            return
        latency = ends.ended - ends.born
        transmit = _sums(ends.flows, ends.transmit, count)
        propagate = _sums(ends.flows, ends.propagate, count)
        whole = _sums(ends.flows, latency, count)
        for number, tally in enumerate(self.flows):
            tally.delivered += ended[number]
            tally.transmit += transmit[number]
            tally.propagate += propagate[number]
            tally.queue += whole[number] - transmit[number] - propagate[number]
        self._latencies.append((_small(ends.flows), _small(latency)))

    @property
    def delivered(self) -> int:
        """Packets that arrived."""
        return sum(tally.delivered for tally in self.flows)

    @property
    def dropped(self) -> Counter[tuple[str, str]]:
        """Packets dropped, by reason and place."""
        return sum((tally.dropped for tally in self.flows), Counter())

    @property
    def total_latency(self) -> int:
        """The latencies of all that arrived, added: picoseconds."""
        return sum(tally.queue + tally.transmit + tally.propagate for tally in self.flows)

    def latencies(self, flow: int | None = None) -> Integers:
        """The latencies of a flow, or of all, ascending, picoseconds."""
        parts = list(self._parts(flow))
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def by_flow(self) -> list[Integers]:
        """The latencies of each flow, ascending, picoseconds."""
        if not self._latencies:
            return [np.empty(0, np.int64) for _ in self.flows]
        flows = np.concatenate([flows.astype(np.int64) for flows, _ in self._latencies])
        latencies = np.concatenate([some.astype(np.int64) for _, some in self._latencies])
        order = np.lexsort((latencies, flows))
        ends = np.cumsum(np.bincount(flows, minlength=len(self.flows)))
        return np.split(latencies[order], ends[:-1])

    def _parts(self, flow: int | None) -> Iterator[Integers]:
        for flows, latencies in self._latencies:
            chosen = latencies if flow is None else latencies[flows == flow]
            yield chosen.astype(np.int64)


def _sums(flows: Integers, values: Integers, count: int) -> list[int]:
    """Add values, none of them negative, up by flow: exactly, though ``bincount`` adds floats.

    Where a sum could reach 2**53, upper and lower halves are added apart.
    """
    if count == 1:
        return [int(values.sum())]
    if int(values.max(initial=0)) * len(values) < _EXACT:
        return [int(each) for each in np.bincount(flows, weights=values, minlength=count)]
    upper = _sums(flows, values >> _HALF, count)
    lower = _sums(flows, values & ((1 << _HALF) - 1), count)
    return [(a << _HALF) + b for a, b in zip(upper, lower, strict=True)]


def _small(values: Integers) -> NDArray[np.unsignedinteger]:
    """The same numbers, none of them negative, in the narrowest type that holds them."""
    most = int(values.max()) if len(values) else 0
    return values.astype(np.min_scalar_type(most))
