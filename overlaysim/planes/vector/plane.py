"""The vector plane: bulk traffic in windows of time, a whole window of a link at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.records import OnEnds, OnHops
from overlaysim.planes.vector.accepting import Accepting
from overlaysim.planes.vector.arrays import keep_memory
from overlaysim.planes.vector.births import Births, Born
from overlaysim.planes.vector.books import Books
from overlaysim.planes.vector.classes import Classes
from overlaysim.planes.vector.link import VectorLink
from overlaysim.planes.vector.network import Network, TooLongWindow
from overlaysim.planes.vector.pool import Pool
from overlaysim.planes.vector.window import Window, bits_for, longest
from overlaysim.planes.workload import BulkFlow
from overlaysim.sim import Simulator
from overlaysim.sim.events import LinkChanged
from overlaysim.traffic.schedule import HORIZON, Constant, Poisson
from overlaysim.underlay import Underlay

_FRAMES_PER_LINK = 1 << 12
"""Packets in a window for each link that is used: enough for a step to be worth while, few enough
to stay in a cache."""

_MOST_PACKETS = 1 << 19
_FIRST_SPAN = 1 << 30


class VectorPlane:
    """Runs bulk flows over an underlay.

    Counters of links and the ledger are those that the event plane would have. A window never
    reaches beyond a change of links or routes: what arrives or is born at the instant of a change
    finds the world as it was.

    Args:
        simulator: clock, random streams and ledger; on its queue only changes of links and routes.
        underlay: the links. No other traffic may use them.
        flows: the bulk flows.
        on_ends: takes all packets that ended.
        on_hops: takes the frames that cross each link, if somebody wants to know.
    """

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        flows: Sequence[BulkFlow],
        on_ends: OnEnds,
        on_hops: OnHops | None = None,
    ) -> None:
        self._simulator = simulator
        classes = Classes(flows, underlay.topology.hosts)
        emissions = [flow.schedule.emissions(simulator.streams, flow.name) for flow in flows]
        accepting = Accepting(flows, classes)
        links = list(underlay.links.values())

        def make_link(number: int) -> VectorLink:
            return VectorLink(
                links[number], simulator.streams, accepting, trace=on_hops is not None
            )

        self._births = Births(emissions, classes)
        self._network = Network(underlay, classes, make_link)
        self._pool = Pool(classes, self._network.roads)
        self._books = Books(simulator.ledger, self._pool, classes.all, on_ends, on_hops)
        self._numbers = {(link.source, link.target): place for place, link in enumerate(links)}
        self._begin = simulator.now - 1
        self._span = self._first_span(flows)
        self._changed = False
        underlay.on_change.append(self._note_change)
        simulator.bus.subscribe(LinkChanged, self._note_fall)

    @property
    def in_flight(self) -> int:
        """Frames that the links hold at present."""
        return sum(len(link.held) for link in self._network.links.values())

    def run(self, until: int | None = None) -> None:
        """Run up to and including an instant, or until nothing is under way any more."""
        keep_memory()
        simulator = self._simulator
        limit = inf if until is None else until
        while (change := simulator.peek()) <= limit and change < inf:
            self._run_to(int(change))
            simulator.run_to(int(change))
            if self._changed:
                self._lay()
        self._run_to(until)
        if until is not None:
            simulator.run_to(until)

    def _first_span(self, flows: Sequence[BulkFlow]) -> int:
        """How long the first window should be; those that follow go by the one before."""
        gaps = [flow.schedule.gaps for flow in flows]
        steady = [gap.mean for gap in gaps if isinstance(gap, Constant | Poisson)]
        rate = sum(1 / float(mean) for mean in steady)
        if len(steady) < len(gaps) or not rate:
            return _FIRST_SPAN
        return min(HORIZON, max(1, round(self._target / rate)))

    def _run_to(self, stop: int | None) -> None:
        """Let all that is born or arrives up to and including ``stop`` be born and arrive."""
        while stop is None or self._begin < stop:
            start = self._begin if self.in_flight else self._next_birth()
            if start is None or (stop is not None and start >= stop):
                if stop is not None:
                    self._move_to(stop)
                return
            self._move_to(start)
            room = self._span if stop is None else min(self._span, stop - start)
            length = self._choose(room)
            born = self._births.take(start + length + 1)
            if self._work_at(length, born):
                self._move_to(start + length)
                if length == self._span and 2 * len(born.when) < self._target:
                    self._span *= 2
            else:
                self._births.give_back()
                self._span = max(1, length // 2)

    @property
    def _target(self) -> int:
        """How many packets a window should have."""
        return min(_FRAMES_PER_LINK * self._network.used, _MOST_PACKETS)

    def _next_birth(self) -> int | None:
        """The beginning of a window in which the next packet is born; None if there is none."""
        birth = self._births.peek()
        return None if birth is None else birth - 1

    def _choose(self, room: int) -> int:
        """Choose how long a window should be: at most ``room`` picoseconds."""
        births = self._births.look(self._begin + room + 1)
        if len(births) > 2 * self._target:
            room = self._span = max(1, room * self._target // len(births))
            births = births[births <= self._begin + room]
        return min(room, self._addressable(births, room))

    def _addressable(self, births: NDArray[np.int64], room: int) -> int:
        """The longest window, up to ``room``, of which keys name all packets and all instants.

        The more packets, the more bits their labels take, and the fewer are left for instants.
        """
        bits = bits_for(self._pool.labels_with(len(births)))
        if room <= longest(bits):
            return room
        bits = bits_for(self._pool.labels_with(1))
        while True:
            inside = int(np.count_nonzero(births <= self._begin + longest(bits)))
            if self._pool.labels_with(inside) <= 1 << bits:
                return longest(bits)
            bits += 1

    def _work_at(self, length: int, born: Born) -> bool:
        """Work at a window and go through with it; False if it turned out to be too long."""
        labels, renumber = self._pool.add(born)
        self._relabel(renumber)
        window = self._window(length)
        try:
            works = self._network.work(window, born, labels)
        except TooLongWindow:
            self._relabel(self._pool.forget(born))
            return False
        for number, work in works.items():
            self._network.links[number].commit(work)
        self._books.enter_births(self._network, born, labels, window)
        self._books.enter(works, self._network, window)
        return True

    def _window(self, length: int) -> Window:
        return Window(self._begin, length, bits_for(self._pool.labels), self._pool.classes)

    def _move_to(self, instant: int) -> None:
        """Let the next window begin at an instant, and forget the packets that have ended."""
        links = self._network.links.values()
        renumber = self._pool.keep([link.held.labels for link in links])
        for link in links:
            link.move(instant - self._begin)
        self._relabel(renumber)
        self._begin = instant

    def _relabel(self, table: NDArray[np.int64]) -> None:
        for link in self._network.links.values():
            link.relabel(table)

    # ---- changes --------------------------------------------------------------------------

    def _note_change(self) -> None:
        self._changed = True

    def _note_fall(self, event: LinkChanged) -> None:
        """A link has gone down: what was on it is lost."""
        if event.what != "down":
            return
        for ends in ((event.a, event.b), (event.b, event.a)):
            number = self._numbers[ends]
            if number in self._network.links:
                held = self._network.links[number].clear()
                if len(held):
                    habits = self._network.habits(number)
                    self._books.enter_caught(habits, held, self._window(0))

    def _lay(self) -> None:
        """Links or routes have changed."""
        self._changed = False
        network, pool = self._network, self._pool
        held = {n: link.held.labels for n, link in network.links.items() if len(link.held)}
        before = {number: network.habits(number) for number in held}
        classes = pool.classes
        network.lay({n: np.unique(classes[labels]).tolist() for n, labels in held.items()})
        for number, labels in held.items():
            pool.rebase(labels, before[number], network.habits(number), network.roads)
        pool.roads = network.roads
