"""What windows bring, entered in the ledger, in the counters of links and with whoever listens."""

from __future__ import annotations

import numpy as np

from overlaysim.planes.records import Hops, OnEnds, OnHops
from overlaysim.planes.vector.ahead import Ahead, at_far_end, at_queue, on_link
from overlaysim.planes.vector.arrays import concatenated, nothing
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import PacketClass
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.habits import Habits
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.link import Work
from overlaysim.planes.vector.network import Network, Works
from overlaysim.planes.vector.pool import Pool
from overlaysim.planes.vector.roads import NO_PEER, NO_ROUTE
from overlaysim.planes.vector.window import Labels, Window
from overlaysim.planes.workload import KIND
from overlaysim.sim import Ledger
from overlaysim.underlay import Link


class Books:
    """Enters what happened.

    Args:
        ledger: of all packets.
        pool: the packets under way.
        classes: the classes of packets.
        on_ends: takes packets that ended.
        on_hops: takes frames that crossed a link, if somebody wants to know.
    """

    def __init__(
        self,
        ledger: Ledger,
        pool: Pool,
        classes: list[PacketClass],
        on_ends: OnEnds,
        on_hops: OnHops | None,
    ) -> None:
        self._ledger = ledger
        self._pool = pool
        self._classes = classes
        self._on_ends = on_ends
        self._on_hops = on_hops

    def enter(self, works: Works, network: Network, window: Window) -> None:
        """Enter what a window has brought to the links."""
        for number, work in works.items():
            _count(network.links[number].link, work, network.habits(number), window)
            if work.further is not None:
                self._pool.add_propagation(*work.further)
            for keys in work.answered:
                self._pool.turn(keys, window)
                self._ledger.created[KIND] += len(keys)
                self._ledger.delivered[KIND] += len(keys)
        for number, work in works.items():
            link, habits = network.links[number].link, network.habits(number)
            for dropped in work.dropped:
                if len(dropped.keys):
                    ahead = at_queue(habits, dropped.keys, window)
                    link.drops[dropped.reason] += len(dropped.keys)
                    self._drop(dropped, window, ahead, link.name)
            for dropped in work.lost:
                if len(dropped.keys):
                    self._enter_lost(habits, dropped, window)
            if self._on_hops is not None:
                for held in work.hops:
                    self._on_hops(self._hops(link.name, held, window.begin))
        arrived = concatenated([nothing(), *(keys for w in works.values() for keys in w.arrived)])
        if len(arrived):
            self._ledger.delivered[KIND] += len(arrived)
            self._on_ends(self._pool.arrivals(arrived, window))

    def _enter_lost(self, habits: Habits, dropped: Dropped, window: Window) -> None:
        link = habits.road.link
        where = link.target
        if dropped.reason == "loss":
            where = link.name
            link.drops["loss"] += len(dropped.keys)
        self._drop(dropped, window, at_far_end(habits, dropped.keys, window), where)

    def enter_births(self, network: Network, born: Born, labels: Labels, window: Window) -> None:
        """Enter packets that are born, and drop those that have nowhere to go."""
        self._ledger.created[KIND] += len(labels)
        for first, places in network.by_first(born):
            if first in (NO_PEER, NO_ROUTE):
                keys = window.keys(born.when[places] - window.begin, labels[places])
                for number in np.unique(born.classes[places]).tolist():
                    chosen = keys[born.classes[places] == number]
                    known = self._classes[number]
                    reason = known.reason if first == NO_PEER else "no route"
                    ahead = self._pool.whole_road(window.labels(chosen))
                    self._drop(Dropped(chosen, reason), window, ahead, known.source)

    def enter_caught(self, habits: Habits, held: Held, window: Window) -> None:
        """Enter frames that are on a link when it goes down, at the beginning of a window."""
        link = habits.road.link
        unsent = held.sent - np.maximum(held.start, 0)
        link.busy -= int(unsent[unsent > 0].sum())
        sent = window.classes[held.labels[unsent <= 0]]
        for number, count in zip(*np.unique(sent, return_counts=True), strict=True):
            link.compositions[self._classes[number].frame] += int(count)
        link.drops["link down"] += len(held)
        keys = window.keys(np.zeros_like(held.due), held.labels)
        ahead = on_link(habits, held, window.classes)
        self._drop(Dropped(keys, "link down"), window, ahead, link.name)

    def _drop(self, dropped: Dropped, window: Window, ahead: Ahead, where: str) -> None:
        self._ledger.dropped[KIND, dropped.reason] += len(dropped.keys)
        self._on_ends(self._pool.ends(dropped, window, ahead, where))

    def _hops(self, link: str, held: Held, begin: int) -> Hops:
        flows, numbers, answers = self._pool.identify(held.labels)
        times = (held.arrival + begin, held.start + begin, held.due + begin)
        return Hops(link, flows, numbers, answers, *times)


def _count(link: Link, work: Work, habits: Habits, window: Window) -> None:
    """Count frames that were transmitted in full, by what they are made of, and the rest."""
    link.busy += work.busy
    link.largest_queue = max(link.largest_queue, work.largest)
    if not len(work.crossed):
        return
    if len(habits.frames) == 1:
        link.compositions[habits.frames[0]] += len(work.crossed)
        return
    kinds = habits.frame_of[window.classes[window.labels(work.crossed)]]
    for frame, count in zip(habits.frames, np.bincount(kinds).tolist(), strict=False):
        if count:
            link.compositions[frame] += count
