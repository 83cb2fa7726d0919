"""The packets that are under way in a window."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import Ends
from overlaysim.planes.vector.ahead import Ahead
from overlaysim.planes.vector.arrays import nothing
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.habits import Habits
from overlaysim.planes.vector.roads import Roads
from overlaysim.planes.vector.window import Keys, Labels, Window

Integers = NDArray[np.int64]


class Pool:
    """Packets in the order of their flows and their places in them, with what is known of each.

    What a packet will have spent on links when it has come to the end of its road is known of its
    class (:class:`~overlaysim.planes.vector.roads.Roads`), and what lies before it at some link is
    known of the link; the difference is what it has spent. Where links changed under a packet, or
    kept it for longer than they say, there is more to it, and that is noted here.

    Only what differs from packet to packet is held in columns; a column that nobody needs is None.

    Args:
        classes: the classes of packets.
        roads: of now.
    """

    def __init__(self, classes: Classes, roads: Roads) -> None:
        self.roads = roads
        self._classes = classes
        self._width = 2 if classes.answered else 1
        self._born = self._asking = nothing()
        self._turned = nothing() if classes.answered else None
        self._more: Ahead | None = None
        # Packets born in this window have number `place + 1 - offset of the flow`, others theirs.
        self._old = self._old_numbers = nothing()
        self._made = np.zeros(classes.flows, np.int64)
        self._offsets = self._made

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return len(self._born) * self._width

    def labels_with(self, more: int) -> int:
        """How many labels there would be with so many more packets."""
        return self.labels + more * self._width

    @property
    def classes(self) -> Integers:
        """The class of each label."""
        if self._width == 1:
            return self._asking
        both = np.repeat(self._asking, 2)
        both[1::2] += self._classes.asking
        return both

    def add(self, born: Born) -> tuple[Labels, Integers]:
        """Take in packets that are born.

        Returns:
            Their labels; and the new label of each label that there was, for packets that were
            here before have moved.
        """
        old, count = len(self._born), len(born.when)
        before = np.concatenate(([0], np.cumsum(born.counts)))  # new packets of earlier flows
        its_flow = self._classes.flow[self._asking]
        # Those that are here already precede the new ones of their flows.
        self._old = np.arange(old) + before[its_flow]
        here = np.cumsum(np.bincount(its_flow, minlength=len(self._made)))
        self._offsets = before[:-1] + here - self._made
        self._made = self._made + born.counts
        if old:
            new = np.ones(old + count, bool)
            new[self._old] = False
            places = np.flatnonzero(new)
        else:
            places = np.arange(count)
        self._born = self._with(self._born, places, born.when)
        self._asking = self._with(self._asking, places, born.classes)
        if self._turned is not None:
            self._turned = self._with(self._turned, places, np.full(count, -1))
        if self._more is not None:
            self._more = Ahead(
                *(self._with(more, places, np.zeros(count, np.int64)) for more in self._more)
            )
        return self._relabelled(places)[:: self._width], self._relabelled(self._old)

    def _with(self, column: Integers, places: Integers, values: Integers) -> Integers:
        """A column with what is new at its places."""
        if not len(column):
            return values
        both = np.empty(len(column) + len(values), np.int64)
        both[self._old], both[places] = column, values
        return both

    def forget(self, born: Born) -> Integers:
        """Take back the packets that were added last: their window is cut short.

        Returns:
            The new label of each label that there was.
        """
        self._made = self._made - born.counts
        stays = np.zeros(len(self._born), bool)
        stays[self._old] = True
        return self._keep(stays)

    def keep(self, labels: Iterable[Labels]) -> Integers:
        """Forget all packets but those with these labels.

        Returns:
            The new label of each label that there was.
        """
        present = np.zeros(len(self._born), bool)
        for some in labels:
            present[self._packets(some)] = True
        return self._keep(present)

    def _keep(self, present: NDArray[np.bool_]) -> Integers:
        packets = np.flatnonzero(present)
        self._old_numbers = self._numbers(packets)
        self._old = np.arange(len(packets))
        self._born, self._asking = self._born[packets], self._asking[packets]
        if self._turned is not None:
            self._turned = self._turned[packets]
        if self._more is not None:
            self._more = Ahead(*(more[packets] for more in self._more))
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
        assert self._turned is not None
        self._turned[self._packets(window.labels(keys))] = window.times(keys) + window.begin

    def add_propagation(self, labels: Labels, time: Integers) -> None:
        """Packets will spend more on wires than their roads say."""
        self._noted().propagate[self._packets(labels)] += time

    def rebase(self, labels: Labels, before: Habits, after: Habits, roads: Roads) -> None:
        """The road behind the link on which packets are has changed; what they have spent has not.

        Args:
            labels: of the packets.
            before: what the link has done so far.
            after: what it does from now on.
            roads: all roads from now on.
        """
        packets, its = self._packets(labels), self.classes[labels]
        asking, more = self._asking[packets], self._noted()
        now, then = after.behind(its), before.behind(its)
        transmit = (roads.transmit - self.roads.transmit)[asking]
        propagate = (roads.propagate - self.roads.propagate)[asking]
        more.transmit[packets] += now[0] - then[0] - transmit
        more.propagate[packets] += now[1] - then[1] - propagate

    def _noted(self) -> Ahead:
        if self._more is None:
            self._more = Ahead(np.zeros_like(self._born), np.zeros_like(self._born))
        return self._more

    def whole_road(self, labels: Labels) -> Ahead:
        """What packets will have spent at the end of their roads."""
        return self._whole(self._packets(labels))

    def _whole(self, packets: Integers) -> Ahead:
        asking = self._asking[packets]
        whole = Ahead(self.roads.transmit[asking], self.roads.propagate[asking])
        if self._more is None:
            return whole
        more = self._more
        return Ahead(
            whole.transmit + more.transmit[packets], whole.propagate + more.propagate[packets]
        )

    def ends(self, dropped: Dropped, window: Window, ahead: Ahead, where: str) -> Ends:
        """Describe packets that were dropped at one place for one reason.

        Args:
            dropped: which, when and why.
            window: the window.
            ahead: what lay ahead of them.
            where: the place.
        """
        packets = self._packets(window.labels(dropped.keys))
        whole = self._whole(packets)
        spent = Ahead(whole.transmit - ahead.transmit, whole.propagate - ahead.propagate)
        ended = window.times(dropped.keys) + window.begin
        return self._ends(packets, ended, spent, dropped.reason, where)

    def arrivals(self, keys: Keys, window: Window) -> Ends:
        """Describe packets that arrived, in the order of their flows.

        Putting the instants into that order first is what takes least time: what is known of the
        packets is then read from one end to the other.
        """
        ended = np.full(len(self._born), -1)
        ended[self._packets(window.labels(keys))] = window.times(keys)
        packets = np.flatnonzero(ended >= 0)
        return self._ends(packets, ended[packets] + window.begin, self._whole(packets))

    def _ends(
        self, packets: Integers, ended: Integers, spent: Ahead, reason: str = "", where: str = ""
    ) -> Ends:
        return Ends(
            self._classes.flow[self._asking[packets]], self._born[packets], ended, spent.transmit,
            spent.propagate, partial(self._identify, packets), reason, where,
        )  # fmt: skip

    def identify(self, labels: Labels) -> tuple[Integers, Integers, NDArray[np.bool_]]:
        """Flows and numbers of packets, and whether each label is that of an answer."""
        packets = self._packets(labels)
        flows = self._classes.flow[self._asking[packets]]
        return flows, self._numbers(packets), labels % self._width == 1

    def _identify(self, packets: Integers) -> tuple[Integers, Integers]:
        turned = np.full(len(packets), -1) if self._turned is None else self._turned[packets]
        return self._numbers(packets), turned

    def _numbers(self, packets: Integers) -> Integers:
        numbers = packets + 1 - self._offsets[self._classes.flow[self._asking[packets]]]
        if len(self._old) and len(packets):
            place = np.searchsorted(self._old, packets)
            found = self._old[np.minimum(place, len(self._old) - 1)] == packets
            numbers[found] = self._old_numbers[place[found]]
        return numbers

    def _packets(self, labels: Labels) -> Integers:
        return labels if self._width == 1 else labels // self._width
