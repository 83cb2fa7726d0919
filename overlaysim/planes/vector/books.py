"""What windows bring, entered in the ledger, in the counters of links and with whoever listens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import Hops, OnEnds, OnHops
from overlaysim.planes.vector.births import Born
from overlaysim.planes.vector.classes import PacketClass
from overlaysim.planes.vector.exits import Habits
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.link import Work
from overlaysim.planes.vector.network import Network, Works
from overlaysim.planes.vector.pool import Lot, Pool, at_far_end, at_queue, on_link
from overlaysim.planes.vector.roads import NO_PEER, NO_ROUTE, Road
from overlaysim.planes.vector.window import Labels, Window
from overlaysim.sim import Ledger
from overlaysim.underlay import Link


_KIND = "data"


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
            link, habits = network.links[number].link, network.habits_of(number)
            _count(link, work, habits, window)
            if work.further is not None:
                self._pool.add_propagation(*work.further)
            if work.answered is not None:
                self._pool.turn(work.answered, window.begin)
                self._ledger.created[_KIND] += len(work.answered.labels)
                self._ledger.delivered[_KIND] += len(work.answered.labels)
        arrived: list[Lot] = []
        for number, work in works.items():
            road = network.roads[number]
            self._enter_drops(road, work, window)
            if work.arrived is not None and len(work.arrived.labels):
                arrived.append(at_far_end(road, work.arrived, window.classes))
            if self._on_hops is not None and work.hops is not None:
                self._on_hops(self._hops(road.link.name, work.hops, window.begin))
        if arrived:
            ends = self._pool.ends(arrived, window.begin)
            self._ledger.delivered[_KIND] += len(ends.numbers)
            self._on_ends(ends)

    def enter_births(self, network: Network, born: Born, labels: Labels, begin: int) -> None:
        """Enter packets that are born, and drop those that have nowhere to go."""
        self._ledger.created[_KIND] += len(labels)
        for first, places in network.by_first(born):
            if first in (NO_PEER, NO_ROUTE) and len(places):
                its = born.classes[places]
                for number in np.unique(its).tolist():
                    chosen = places[its == number]
                    known = self._classes[number]
                    lot = self._pool.at_source(labels[chosen], born.when[chosen] - begin)
                    reason = known.reason if first == NO_PEER else "no route"
                    self._drop([lot], begin, reason, known.source)

    def enter_caught(self, road: Road, held: Held, classes: NDArray[np.int64], now: int) -> None:
        """Enter frames that were on a link when it went down."""
        link = road.link
        unsent = held.sent - np.maximum(held.start, 0)
        link.busy -= int(unsent[unsent > 0].sum())
        self._count_frames(link, classes[held.labels[unsent <= 0]])
        link.drops["link down"] += len(held)
        self._drop([on_link(road, held, classes)], now, "link down", link.name)

    def _count_frames(self, link: Link, classes: NDArray[np.int64]) -> None:
        for number, count in zip(*np.unique(classes, return_counts=True), strict=True):
            link.compositions[self._classes[number].frame] += int(count)

    def _enter_drops(self, road: Road, work: Work, window: Window) -> None:
        for ended in work.dropped:
            if len(ended.labels):
                place = at_far_end if ended.reason == "loss" else at_queue
                lot = place(road, ended, window.classes)
                road.link.drops[ended.reason] += len(ended.labels)
                self._drop([lot], window.begin, ended.reason, road.link.name)
        for ended in work.at_node:
            if len(ended.labels):
                lot = at_far_end(road, ended, window.classes)
                self._drop([lot], window.begin, ended.reason, road.link.target)

    def _drop(self, lots: list[Lot], begin: int, reason: str, where: str) -> None:
        ends = self._pool.ends(lots, begin, reason, where)
        self._ledger.dropped[_KIND, reason] += len(ends.numbers)
        self._on_ends(ends)

    def _hops(self, link: str, held: Held, begin: int) -> Hops:
        numbers, answers = self._pool.identify(held.labels)
        return Hops(
            link, numbers, answers, held.arrival + begin, held.start + begin, held.due + begin
        )


def _count(link: Link, work: Work, habits: Habits, window: Window) -> None:
    """Count frames that were transmitted in full, by what they are made of, and the rest."""
    link.busy += work.busy
    link.largest_queue = max(link.largest_queue, work.largest)
    if not len(work.crossed):
        return
    if len(habits.frames) == 1:
        link.compositions[habits.frames[0]] += len(work.crossed)
        return
    kinds = habits.frame_of[window.classes[work.crossed]]
    for frame, count in zip(habits.frames, np.bincount(kinds).tolist(), strict=False):
        if count:
            link.compositions[frame] += count
