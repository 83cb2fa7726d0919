"""One link through one window: what comes to its queue, and what leaves its far end when.

:meth:`VectorLink.work` changes nothing that it would need again: it can be asked once more with
better knowledge of what comes. Only :meth:`VectorLink.commit` moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.accepting import Accepting
from overlaysim.planes.vector.draws import Draws
from overlaysim.planes.vector.ended import Ended
from overlaysim.planes.vector.exits import Exit, Habits, split
from overlaysim.planes.vector.held import Held
from overlaysim.planes.vector.queues import Backlog, Limits, nothing, serve
from overlaysim.planes.vector.roads import ARRIVED, NO_ROUTE
from overlaysim.planes.vector.window import Keys, Labels, Times, Window
from overlaysim.underlay import Link


@dataclass(slots=True)
class Work:
    """What a window brings to a link.

    Attributes:
        outputs: keys of frames that go on, by the number of the next link.
        arrived: packets that reached their receivers here.
        answered: those that are sent back.
        dropped: packets that end on this link, or on the node behind it for want of a route or of
            a willing receiver (``at_node``).
        crossed: labels of all frames that were transmitted in full and are at the far end.
        taken: how many frames found room in the queue.
        busy: picoseconds of transmission that they take.
        largest: the most frames that waited.
        backlog: what is to be done at the end of the window; instants are those of this window.
        held: frames whose arrival is later.
        last_due: when the last frame taken arrives, instants likewise.
        further: labels of frames taken, and by how much longer than the link's delay each of them
            is on the wire; None if none is.
        hops: the frames that have arrived undamaged, if somebody wants to know.
    """

    outputs: dict[int, Keys] = field(default_factory=dict)
    arrived: Ended | None = None
    answered: Ended | None = None
    dropped: list[Ended] = field(default_factory=list)
    at_node: list[Ended] = field(default_factory=list)
    crossed: Labels = field(default_factory=nothing)
    taken: int = 0
    busy: int = 0
    largest: int = 0
    backlog: Backlog = field(default_factory=Backlog)
    held: Held = field(default_factory=Held)
    last_due: int = 0
    further: tuple[Labels, Times] | None = None
    hops: Held | None = None


class VectorLink:
    """The state of one link between windows.

    Args:
        link: the link of the underlay: its properties, whether it is up, and its counters.
        draws: its random streams.
        accepting: which receivers take what, and when.
        trace: note each hop.
    """

    def __init__(self, link: Link, draws: Draws, accepting: Accepting, *, trace: bool) -> None:
        self.link = link
        self.backlog = Backlog()
        self.held = Held()
        self.last_due = 0
        self._draws = draws
        self._accepting = accepting
        self._trace = trace

    def work(self, inputs: Sequence[Keys], habits: Habits, window: Window) -> Work:
        """Find out what a window brings.

        Args:
            inputs: keys of what comes to the queue, each ascending.
            habits: what the link does with it.
            window: the window.
        """
        keys = _merged(inputs, window.last_key)
        work = Work()
        labels, arrival = window.labels(keys), window.times(keys)
        labels, arrival = self._enter(labels, arrival, habits, window, work)
        taken = self._transmit(labels, arrival, habits, window, work)
        held = self.held.joined(taken)
        ready = int(np.searchsorted(held.due, window.length, "right"))
        work.held = held.since(ready)
        self._arrive(held, ready, habits, window, work)
        return work

    def _enter(
        self, labels: Labels, arrival: Times, habits: Habits, window: Window, work: Work
    ) -> tuple[Labels, Times]:
        """Drop what the link does not take whatever its queue is like."""
        if not self.link.up:
            work.dropped.append(Ended(labels, arrival, "link down"))
            return labels[:0], arrival[:0]
        if not habits.all_fit:
            fits = habits.road.fits[window.classes[labels]]
            work.dropped.append(Ended(labels[~fits], arrival[~fits], "mtu"))
            return labels[fits], arrival[fits]
        return labels, arrival

    def _transmit(
        self, labels: Labels, arrival: Times, habits: Habits, window: Window, work: Work
    ) -> Held:
        """Queue and transmit frames."""
        work.backlog, work.last_due = self.backlog, self.last_due
        if not len(labels):
            work.backlog = self._left(self.backlog, nothing(), nothing(), window)
            return Held()
        spec, road = self.link.spec, habits.road
        service: Times | int
        sizes: Times | int
        if habits.service is None or habits.length is None:
            classes = window.classes[labels]
            service, sizes = road.service[classes], road.length[classes]
        else:
            service, sizes = habits.service, habits.length
        served = serve(
            arrival, service, sizes, self.backlog, Limits(spec.queue_packets, spec.queue_bytes)
        )
        if served.admitted is not None:
            refused = ~served.admitted
            work.dropped.append(Ended(labels[refused], arrival[refused], "queue full"))
            labels, arrival = labels[served.admitted], arrival[served.admitted]
            if not isinstance(service, int):
                service = service[served.admitted]
            if not isinstance(sizes, int):
                sizes = sizes[served.admitted]
        work.taken, work.largest = len(labels), served.largest
        work.busy = service * len(labels) if isinstance(service, int) else int(service.sum())
        sent = served.start + service
        due = sent + spec.delay
        if spec.jitter:
            due += (self._draws.jitter(len(due)) * (spec.jitter + 1)).astype(np.int64)
        if len(due) and (spec.jitter or due[0] <= self.last_due):
            due = _apart(due, self.last_due)
            work.further = labels, due - sent - spec.delay
        lost = self._draws.loss(len(due)) < spec.loss if spec.loss else np.zeros(len(due), bool)
        if len(due):
            work.last_due = int(due[-1])
            backlog = Backlog(int(sent[-1]), self.backlog.starts, self.backlog.sizes)
            work.backlog = self._left(backlog, served.start, sizes, window)
        return Held(due, labels, arrival, served.start, sent, lost)

    def _left(self, backlog: Backlog, start: Times, sizes: Times | int, window: Window) -> Backlog:
        """What is left of the backlog and of frames taken since at the end of a window."""
        old = int(np.searchsorted(backlog.starts, window.length, "right"))
        new = int(np.searchsorted(start, window.length, "right"))
        if isinstance(sizes, int):
            later = np.full(len(start) - new, sizes, np.int64)
        else:
            later = sizes[new:]
        return Backlog(
            backlog.busy_until,
            np.concatenate((backlog.starts[old:], start[new:])),
            np.concatenate((backlog.sizes[old:], later)),
        )

    def _arrive(self, held: Held, ready: int, habits: Habits, window: Window, work: Work) -> None:
        """Hand on what is at the far end: the first ``ready`` frames."""
        labels, due, lost = held.labels[:ready], held.due[:ready], held.lost[:ready]
        work.crossed = labels
        if self._trace:
            work.hops = held.undamaged(ready)
        if lost.any():
            work.dropped.append(Ended(labels[lost], due[lost], "loss"))
            labels, due = labels[~lost], due[~lost]
        if len(habits.exits) == 1:
            self._leave(habits.exits[0], labels, due, window, work)
            return
        for way, places in zip(
            habits.exits, split(habits.exit_of[window.classes[labels]], len(habits.exits)),
            strict=True,
        ):  # fmt: skip
            if len(places):
                self._leave(way, labels[places], due[places], window, work)

    def _leave(self, way: Exit, labels: Labels, due: Times, window: Window, work: Work) -> None:
        """Let frames take one exit."""
        if way.answered or way.onward == ARRIVED:
            labels, due = self._accepting.sort_out(labels, due, window, work.at_node)
        if way.onward == NO_ROUTE:
            work.at_node.append(Ended(labels, due, "no route"))
        elif way.onward == ARRIVED:
            work.arrived = _both(work.arrived, Ended(labels, due))
        if way.answered:
            work.answered = _both(work.answered, Ended(labels, due))
            labels = labels | 1
        if way.onward >= 0:
            work.outputs[way.onward] = _one(work.outputs.get(way.onward), window.keys(due, labels))

    def commit(self, work: Work) -> None:
        """Go on to the next window, which begins where the one worked at ends."""
        self.backlog, self.held, self.last_due = work.backlog, work.held, work.last_due
        self._draws.use(work.taken)

    def move(self, by: int, renumber: NDArray[np.int64]) -> None:
        """Count instants from ``by`` picoseconds later, and give packets the labels of a table."""
        backlog = self.backlog
        self.backlog = Backlog(backlog.busy_until - by, backlog.starts - by, backlog.sizes)
        self.last_due -= by
        if len(self.held):
            self.held = self.held.moved(by).relabelled(renumber)

    def clear(self) -> Held:
        """The link has gone down: return what it held; it begins anew at instant 0."""
        caught, self.held = self.held, Held()
        self.backlog, self.last_due = Backlog(), 0
        return caught


def _merged(inputs: Sequence[Keys], last: int) -> Keys:
    """Merge keys and leave out those behind ``last``."""
    if not inputs:
        return nothing()
    keys = inputs[0] if len(inputs) == 1 else np.sort(np.concatenate(inputs))
    return keys[: np.searchsorted(keys, last, "right")]


def _apart(due: Times, last_due: int) -> Times:
    """Let no frame overtake the one before it, nor come within the same picosecond."""
    place = np.arange(len(due))
    due = due - place
    due[0] = max(int(due[0]), last_due + 1)
    return np.maximum.accumulate(due) + place


def _both(one: Ended | None, other: Ended) -> Ended:
    if one is None:
        return other
    return Ended(*(np.concatenate(pair) for pair in zip(one[:2], other[:2], strict=True)))


def _one(one: Keys | None, other: Keys) -> Keys:
    """Two lots of keys for the same link as one."""
    return other if one is None else np.sort(np.concatenate((one, other)))
