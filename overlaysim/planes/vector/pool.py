"""The packets that are under way in a window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import Ends
from overlaysim.planes.vector.arrays import nothing
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.roads import Road, Roads
from overlaysim.planes.vector.window import Keys, Labels, Window

Integers = NDArray[np.int64]


class Ahead(NamedTuple):
    """How much time on links lies ahead of packets, picoseconds."""

    transmit: Integers
    propagate: Integers


_COLUMNS = ("flow", "number", "born", "asking", "transmit", "propagate", "turned")


class Pool:
    """Packets in the order of their flows and their places in them, with what is known of each.

    ``transmit`` and ``propagate`` are what a packet will have spent with that when it has come to
    the end of its road; what lies before it at some link is known of the link
    (:class:`~overlaysim.planes.vector.roads.Road`), and the difference is what it has spent.
    """

    def __init__(self, classes: Classes, flows: int) -> None:
        self._classes = classes
        self._width = 2 if classes.answered else 1
        self.flow = self.number = self.born = self.asking = nothing()
        self.transmit = self.propagate = self.turned = nothing()
        self._made = np.zeros(flows, np.int64)

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

    def add(self, born: Born, roads: Roads) -> tuple[Labels, Integers]:
        """Take in packets that are born.

        Returns:
            Their labels; and the new label of each label that there was, for packets that were
            here before have moved.
        """
        count = len(born.when)
        flow = np.repeat(np.arange(len(self._made)), born.counts)
        first = np.repeat(np.cumsum(born.counts) - born.counts - self._made, born.counts)
        columns = {
            "flow": flow,
            "number": np.arange(1, count + 1) - first,
            "born": born.when,
            "asking": born.classes,
            "transmit": roads.transmit[born.classes],
            "propagate": roads.propagate[born.classes],
            "turned": np.full(count, -1),
        }
        self._made += born.counts
        # Those that are here already precede the new ones of their flows.
        old = np.arange(len(self.flow)) + np.concatenate(
            ([0], np.cumsum(born.counts))
        )[self.flow]
        fresh = np.ones(len(old) + count, bool)
        fresh[old] = False
        new = np.flatnonzero(fresh)
        for name, values in columns.items():
            if len(old):
                both = np.empty(len(fresh), np.int64)
                both[old], both[new] = getattr(self, name), values
                values = both
            setattr(self, name, values)
        return new * self._width, self._relabelled(old)

    def forget(self, labels: Labels, born: Born) -> Integers:
        """Take back packets: the window in which they were born is cut short.

        Returns:
            The new label of each label that there was.
        """
        self._made -= born.counts
        stays = np.ones(len(self.born), bool)
        stays[labels // self._width] = False
        return self._keep(stays)

    def keep(self, labels: Iterable[Labels]) -> Integers:
        """Forget all packets but those with these labels.

        Returns:
            The new label of each label that there was.
        """
        present = np.zeros(len(self.born), bool)
        for some in labels:
            present[some // self._width] = True
        return self._keep(present)

    def _keep(self, present: NDArray[np.bool_]) -> Integers:
        packets = np.flatnonzero(present)
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[packets])
        return self._relabelled(np.cumsum(present) - 1)

    def _relabelled(self, places: Integers) -> Integers:
        """The label of each label when the packets go to new places."""
        if self._width == 1:
            return places
        both = np.repeat(places * 2, 2)
        both[1::2] += 1
        return both

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
            self.number[packets], self.flow[packets], self.born[packets],
            self.turned[packets], ended, transmit, propagate, reason, where,
        )  # fmt: skip

    def arrivals(self, keys: Keys, window: Window) -> Ends:
        """Describe packets that arrived, in the order of their flows.

        Putting the instants into that order first is what takes least time: what is known of the
        packets is then read from one end to the other.
        """
        ended = np.full(len(self.born), -1)
        ended[self._packets(window.labels(keys))] = window.times(keys)
        packets = np.flatnonzero(ended >= 0)
        return self._ends(packets, ended[packets] + window.begin)

    def identify(self, labels: Labels) -> tuple[Integers, Integers, NDArray[np.bool_]]:
        """Flows and numbers of packets, and whether each label is that of an answer."""
        packets = self._packets(labels)
        return self.flow[packets], self.number[packets], labels % self._width == 1

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
