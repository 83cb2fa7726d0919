"""The packets that are under way in a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import Ends
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.ended import Ended
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.roads import Road, Roads
from overlaysim.planes.vector.window import Labels

Integers = NDArray[np.int64]
_NONE = np.empty(0, np.int64)


class Lot(NamedTuple):
    """Labels of packets, when they ended, and how much time on links lay ahead of them there."""

    labels: Labels
    when: Integers
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
            renumber[packets * self._width + back] = np.arange(len(packets)) * self._width + back
        self._select(packets)
        return renumber

    def _select(self, packets: Integers | slice) -> None:
        for name in ("born", "number", "asking", "transmit", "propagate", "turned"):
            setattr(self, name, getattr(self, name)[packets])

    def turn(self, ended: Ended, begin: int) -> None:
        """Packets have reached their receivers, who send them back."""
        self.turned[ended.labels // self._width] = ended.when + begin

    def add_propagation(self, labels: Labels, time: Integers) -> None:
        """Packets will spend more on wires than their roads say."""
        self.propagate[labels // self._width] += time

    def rebase(self, labels: Labels, before: Road, after: Road, classes: Integers) -> None:
        """The road behind the link on which packets are has changed."""
        packets = labels // self._width
        its = classes[labels]
        for name in ("transmit", "propagate"):
            change = _behind(after, name)[its] - _behind(before, name)[its]
            getattr(self, name)[packets] += change

    def ends(self, lots: Sequence[Lot], begin: int, reason: str = "", where: str = "") -> Ends:
        """Describe packets that ended in the same way.

        Args:
            lots: the packets, and what lay ahead of them where they ended.
            begin: of the window.
            reason: why they were dropped.
            where: and where.
        """
        labels, when, transmit, propagate = (
            column[0] if len(column) == 1 else np.concatenate(column)
            for column in zip(*lots, strict=True)
        )
        packets = labels // self._width if self._width > 1 else labels
        return Ends(
            self.number[packets], self._flow[self.asking[packets]], self.born[packets],
            self.turned[packets], when + begin, self.transmit[packets] - transmit,
            self.propagate[packets] - propagate, reason, where,
        )  # fmt: skip

    def identify(self, labels: Labels) -> tuple[Integers, NDArray[np.bool_]]:
        """The numbers of packets, and whether each label is that of an answer."""
        return self.number[labels // self._width], labels % self._width == 1

    def at_source(self, labels: Labels, when: Integers) -> Lot:
        """Packets that have not got anywhere."""
        packets = labels // self._width
        return Lot(labels, when, self.transmit[packets], self.propagate[packets])


def at_queue(road: Road, ended: Ended, classes: Integers) -> Lot:
    """Packets that ended before a link had done anything for them."""
    its = classes[ended.labels]
    return Lot(ended.labels, ended.when, road.transmit[its], road.propagate[its])


def at_far_end(road: Road, ended: Ended, classes: Integers) -> Lot:
    """Packets that ended where a link leads to."""
    its = classes[ended.labels]
    transmit, propagate = _behind(road, "transmit"), _behind(road, "propagate")
    return Lot(ended.labels, ended.when, transmit[its], propagate[its])


def on_link(road: Road, held: Held, classes: Integers) -> Lot:
    """Packets that ended on a link, at instant 0: some wait, some are sent, some are on the wire."""
    its = classes[held.labels]
    sent = np.minimum(held.sent, 0) - np.minimum(held.start, 0)
    crossed = -np.minimum(held.sent, 0)
    foreseen = held.due - held.sent - road.delay
    return Lot(
        held.labels, np.zeros_like(held.due), road.transmit[its] - sent,
        road.propagate[its] - crossed + foreseen,
    )  # fmt: skip


def _behind(road: Road, name: str) -> Integers:
    """What is ahead of packets of each class when they are at the far end of a link."""
    if name == "transmit":
        return road.transmit - road.service
    return road.propagate - road.delay
