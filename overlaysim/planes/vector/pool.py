"""The packets that are under way in a window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import Ends
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.roads import Road, Roads
from overlaysim.planes.vector.window import Keys, Labels, Window

Integers = NDArray[np.int64]
_NONE = np.empty(0, np.int64)


class Ahead(NamedTuple):
    """How much time on links lies ahead of packets, picoseconds."""

    transmit: Integers
    propagate: Integers


class Pool:
    """Packets in the order of their births, with what has to be known of each.

    ``transmit`` and ``propagate`` are what a packet will have spent with that when it has come to
    the end of its road; what lies before it at some link is known of the link
    (:class:`~overlaysim.planes.vector.roads.Road`), and the difference is what it has spent.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._width = 2 if classes.answered else 1
        self._flow = classes.flow.astype(np.int64)
        self.born = self.number = self.asking = self.transmit = self.propagate = _NONE
        self.turned = _NONE
        self._made = 0

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return len(self.born) * self._width

    def labels_with(self, more: int) -> int:
        """How many labels there would be with so many more packets."""
        return self.labels + more * self._width

    @property
    def classes(self) -> Integers:
        """The class of each label."""
        if self._width == 1:
            return self.asking
        both = np.repeat(self.asking, 2)
        both[1::2] += self._classes.asking
        return both

    def add(self, born: Born, roads: Roads) -> Labels:
        """Take in packets that are born; return their labels."""
        first = len(self.born)
        count = len(born.when)
        if first == 0:
            self.born, self.asking = born.when, born.classes
        else:
            self.born = np.concatenate((self.born, born.when))
            self.asking = np.concatenate((self.asking, born.classes))
        numbers = np.arange(self._made + 1, self._made + count + 1)
        self.number = np.concatenate((self.number, numbers))
        self.transmit = np.concatenate((self.transmit, roads.transmit[born.classes]))
        self.propagate = np.concatenate((self.propagate, roads.propagate[born.classes]))
        self.turned = np.concatenate((self.turned, np.full(count, -1)))
        self._made += count
        return np.arange(first, first + count) * self._width

    def forget(self, count: int) -> None:
        """Take back the last ``count`` packets: the window in which they were born is cut short."""
        kept = len(self.born) - count
        self._made -= count
        self._select(slice(kept))

    def keep(self, labels: Iterable[Labels]) -> NDArray[np.int64]:
        """Forget all packets but those with these labels; return the new label of each old one."""
        present = np.zeros(len(self.born), bool)
        for some in labels:
            present[some // self._width] = True
        packets = np.flatnonzero(present)
        renumber = np.zeros(self.labels, np.int64)
        for back in range(self._width):
            renumber[packets * self._width + back] = (
                np.arange(len(packets)) * self._width + back
            )
        self._select(packets)
        return renumber

    def _select(self, packets: Integers | slice) -> None:
        for name in ("born", "number", "asking", "transmit", "propagate", "turned"):
            setattr(self, name, getattr(self, name)[packets])

    def turn(self, keys: Keys, window: Window) -> None:
        """Packets have reached their receivers, who send them back."""
        self.turned[window.labels(keys) // self._width] = window.times(keys) + window.begin

    def add_propagation(self, labels: Labels, time: Integers) -> None:
        """Packets will spend more on wires than their roads say."""
        self.propagate[labels // self._width] += time

    def rebase(self, labels: Labels, before: Road, after: Road, classes: Integers) -> None:
        """The road behind the link on which packets are has changed."""
        packets, its = labels // self._width, classes[labels]
        old, new = before.behind(its), after.behind(its)
        self.transmit[packets] += new[0] - old[0]
        self.propagate[packets] += new[1] - old[1]

    def ends(
        self, dropped: Dropped, window: Window, ahead: Ahead, where: str
    ) -> Ends:
        """Describe packets that were dropped at one place for one reason.

        Args:
            dropped: which, when and why.
            window: the window.
            ahead: what lay ahead of them.
            where: the place.
        """
        packets = self._packets(window.labels(dropped.keys))
        ended = window.times(dropped.keys) + window.begin
        return self._ends(packets, ended, ahead, dropped.reason, where)

    def _ends(
        self, packets: Integers, ended: Integers, ahead: Ahead | None = None, reason: str = "",
        where: str = "",
    ) -> Ends:  # fmt: skip
        transmit, propagate = self.transmit[packets], self.propagate[packets]
        if ahead is not None:
            transmit -= ahead.transmit
            propagate -= ahead.propagate
        return Ends(
            self.number[packets], self._flow[self.asking[packets]], self.born[packets],
            self.turned[packets], ended, transmit, propagate, reason, where,
        )  # fmt: skip

    def arrivals(self, keys: Keys, window: Window) -> Ends:
        """Describe packets that arrived, in the order of their births.

        Putting the instants into that order first is what takes least time: what is known of the
        packets is then read from one end to the other.
        """
        ended = np.full(len(self.born), -1)
        ended[self._packets(window.labels(keys))] = window.times(keys)
        packets = np.flatnonzero(ended >= 0)
        return self._ends(packets, ended[packets] + window.begin)

    def identify(self, labels: Labels) -> tuple[Integers, NDArray[np.bool_]]:
        """The numbers of packets, and whether each label is that of an answer."""
        return self.number[self._packets(labels)], labels % self._width == 1

    def whole_road(self, labels: Labels) -> Ahead:
        """What lies ahead of packets that are just born."""
        packets = self._packets(labels)
        return Ahead(self.transmit[packets], self.propagate[packets])

    def _packets(self, labels: Labels) -> Integers:
        return labels if self._width == 1 else labels // self._width


def at_queue(road: Road, keys: Keys, window: Window) -> Ahead:
    """What lies ahead of packets for which a link has not done anything yet."""
    its = window.classes[window.labels(keys)]
    return Ahead(road.transmit[its], road.propagate[its])


def at_far_end(road: Road, keys: Keys, window: Window) -> Ahead:
    """What lies ahead of packets where a link leads to."""
    return Ahead(*road.behind(window.classes[window.labels(keys)]))


def on_link(road: Road, held: Held, classes: Integers) -> Ahead:
    """What lies ahead of packets on a link at instant 0: waiting, being sent, or on the wire.

    What the link itself still has to do for them the frames tell: it may have changed since it took
    them.
    """
    transmit, propagate = road.behind(classes[held.labels])
    sent = np.maximum(held.sent, 0)
    return Ahead(transmit + sent - np.maximum(held.start, 0), propagate + held.due - sent)
