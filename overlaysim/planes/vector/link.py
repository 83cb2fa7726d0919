"""One link through one window: what comes to its queue, and what leaves its far end when.

:meth:`VectorLink.work` changes nothing that it would need again: it can be asked once more with
better knowledge of what comes. Only :meth:`VectorLink.commit` moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.accepting import Accepting
from overlaysim.planes.vector.arrays import concatenated, merged, nothing
from overlaysim.planes.vector.draws import Draws
from overlaysim.planes.vector.dropped import Dropped
from overlaysim.planes.vector.habits import Exit, Habits, grouped
from overlaysim.planes.vector.held import Held, joined
from overlaysim.planes.vector.queues import Backlog, Limits, serve
from overlaysim.planes.vector.roads import ARRIVED, NO_ROUTE
from overlaysim.planes.vector.window import Keys, Labels, Times, Window
from overlaysim.sim import Streams
from overlaysim.underlay import Link


@dataclass(slots=True)
class Work:
    """What a window brings to a link.

    Attributes:
        outputs: keys of frames that go on, by the number of the next link.
        arrived: keys of packets that reached their receivers here.
        answered: of those that are sent back.
        dropped: packets that ended before the link had done anything for them.
        lost: packets that ended at its far end, damaged ("loss") or for want of a route or of a
            willing receiver.
        crossed: keys of all frames that were transmitted in full and are at the far end.
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
    arrived: list[Keys] = field(default_factory=list)
    answered: list[Keys] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    lost: list[Dropped] = field(default_factory=list)
    crossed: Keys = field(default_factory=nothing)
    taken: int = 0
    busy: int = 0
    largest: int = 0
    backlog: Backlog = field(default_factory=Backlog)
    held: Held = field(default_factory=Held)
    last_due: int = 0
    further: tuple[Labels, Times] | None = None
    hops: list[Held] = field(default_factory=list)


class _Taken(NamedTuple):
    """Frames taken in a window that are at the far end in it, and which of them are damaged."""

    keys: Keys
    lost: NDArray[np.bool_] | None


class VectorLink:
    """The state of one link between windows.

    Args:
        link: the link of the underlay: its properties, whether it is up, and its counters.
        streams: all random streams; the link has two of its own.
        accepting: which receivers take what, and when.
        trace: note each hop.
    """

    def __init__(self, link: Link, streams: Streams, accepting: Accepting, *, trace: bool) -> None:
        self.link = link
        self.backlog = Backlog()
        self.held = Held()
        self.last_due = 0
        self._loss = Draws(streams, "link", link.name, "loss")
        self._jitter = Draws(streams, "link", link.name, "jitter")
        self._accepting = accepting
        self._trace = trace

    def work(self, inputs: Sequence[Keys], habits: Habits, window: Window) -> Work:
        """Find out what a window brings.

        Args:
            inputs: keys of what comes to the queue, each ascending.
            habits: what the link does with it.
            window: the window.
        """
        work = Work()
        before = self._release(window, work)
        keys = merged(inputs)
        keys = keys[: np.searchsorted(keys, window.last_key, "right")]
        keys = self._enter(keys, habits, window, work)
        taken = self._transmit(keys, habits, window, work)
        self._arrive(before, taken, habits, window, work)
        return work

    def _release(self, window: Window, work: Work) -> _Taken:
        """Frames held since earlier windows come to the far end in this one, or later still."""
        held = self.held
        count = int(np.searchsorted(held.due, window.length, "right"))
        work.held = held.since(count)
        ready = held.until(count)
        if self._trace:
            work.hops.append(ready.undamaged())
        lost = ready.lost if ready.lost.any() else None
        return _Taken(window.keys(ready.due, ready.labels), lost)

    def _enter(self, keys: Keys, habits: Habits, window: Window, work: Work) -> Keys:
        """Drop what the link does not take whatever its queue is like."""
        if not self.link.up:
            work.dropped.append(Dropped(keys, "link down"))
            return keys[:0]
        if not habits.all_fit:
            fits = habits.fits[window.classes[window.labels(keys)]]
            work.dropped.append(Dropped(keys[~fits], "mtu"))
            return keys[fits]
        return keys

    def _transmit(self, keys: Keys, habits: Habits, window: Window, work: Work) -> _Taken:
        """Queue and transmit frames."""
        work.backlog, work.last_due = self.backlog.after(window.length), self.last_due
        if not len(keys):
            return _Taken(keys, None)
        spec, arrival = self.link.spec, window.times(keys)
        service, sizes = self._demands(keys, habits, window)
        limits = Limits(spec.queue_packets, spec.queue_bytes)
        served = serve(arrival, service, sizes, self.backlog, limits)
        if served.admitted is not None:
            work.dropped.append(Dropped(keys[~served.admitted], "queue full"))
            keys, arrival = keys[served.admitted], arrival[served.admitted]
            service = service if isinstance(service, int) else service[served.admitted]
            sizes = sizes if isinstance(sizes, int) else sizes[served.admitted]
        work.taken, work.largest = len(keys), served.largest
        work.busy = service * len(keys) if isinstance(service, int) else int(service.sum())
        if not len(keys):
            return _Taken(keys, None)
        work.backlog = self.backlog.later(served.start, service, sizes, window.length)
        return self._propagate(keys, arrival, served.start, service, window, work)

    def _demands(
        self, keys: Keys, habits: Habits, window: Window
    ) -> tuple[Times | int, Times | int]:
        """How long each frame occupies the link, and its length; one number if all are alike."""
        if habits.service is not None and habits.length is not None:
            return habits.service, habits.length
        classes = window.classes[window.labels(keys)]
        return habits.services[classes], habits.lengths[classes]

    def _propagate(
        self, keys: Keys, arrival: Times, start: Times, service: Times | int, window: Window,
        work: Work,
    ) -> _Taken:  # fmt: skip
        """Send frames over the wire; those that come to its end too late are held."""
        spec = self.link.spec
        if start is arrival and isinstance(service, int) and self._all_alike(arrival, service):
            # Every frame is on its way for the same time: the usual case beyond the first link.
            on_way = service + spec.delay
            count = int(np.searchsorted(arrival, window.length - on_way, "right"))
            later = arrival[count:]
            work.last_due = int(arrival[-1]) + on_way
            intact = np.zeros(len(later), bool)
            labels = window.labels(keys[count:])
            late = Held(later + on_way, labels, later, later, later + service, intact)
            work.held = joined([work.held, late])
            return _Taken(keys[:count] + (on_way << window.bits), None)
        due = start + (service + spec.delay)
        if spec.jitter or due[0] <= self.last_due:
            plain = due
            if spec.jitter:
                due = due + (self._jitter.first(len(due)) * (spec.jitter + 1)).astype(np.int64)
            due = _apart(due, self.last_due)
            work.further = window.labels(keys), due - plain
        work.last_due = int(due[-1])
        lost = self._loss.first(len(due)) < spec.loss if spec.loss else None
        count = int(np.searchsorted(due, window.length, "right"))
        first = 0 if self._trace else count
        sent = start[first:] + (service if isinstance(service, int) else service[first:])
        damaged = np.zeros(len(sent), bool) if lost is None else lost[first:]
        labels = window.labels(keys[first:])
        frames = Held(due[first:], labels, arrival[first:], start[first:], sent, damaged)
        work.held = joined([work.held, frames.since(count - first)])
        if self._trace:
            work.hops.append(frames.until(count).undamaged())
        there = due[:count] - arrival[:count]
        there <<= window.bits
        there += keys[:count]
        return _Taken(there, None if lost is None else lost[:count])

    def _all_alike(self, arrival: Times, service: int) -> bool:
        """Whether frames that do not wait come to the far end just as they came here."""
        spec = self.link.spec
        if spec.jitter or spec.loss or self._trace:
            return False
        return int(arrival[0]) + service + spec.delay > self.last_due

    def _arrive(
        self, before: _Taken, now: _Taken, habits: Habits, window: Window, work: Work
    ) -> None:
        """Hand on what comes to the far end: frames taken in earlier windows, then in this one."""
        keys = work.crossed = concatenated([before.keys, now.keys])
        if before.lost is not None or now.lost is not None:
            lost = concatenated([
                np.zeros(len(lot.keys), bool) if lot.lost is None else lot.lost
                for lot in (before, now)
            ])  # fmt: skip
            work.lost.append(Dropped(keys[lost], "loss"))
            keys = keys[~lost]
        if len(habits.exits) == 1:
            self._leave(habits.exits[0], keys, window, work)
            return
        order, ends = grouped(
            habits.exit_of[window.classes[window.labels(keys)]], len(habits.exits)
        )
        keys = keys[order]
        begin = 0
        for way, plain, end in zip(habits.exits, habits.plain, ends, strict=True):
            if end > begin:
                if plain:
                    work.outputs[way.onward] = keys[begin:end]
                else:
                    self._leave(way, keys[begin:end], window, work)
            begin = end

    def _leave(self, way: Exit, keys: Keys, window: Window, work: Work) -> None:
        """Let frames take one exit."""
        if way.answered or way.onward == ARRIVED:
            keys = self._accepting.sort_out(keys, window, work.lost)
        if way.onward == NO_ROUTE:
            work.lost.append(Dropped(keys, "no route"))
        elif way.onward == ARRIVED:
            work.arrived.append(keys)
        if way.answered:
            work.answered.append(keys)
            keys = keys | 1
        if way.onward >= 0:
            others = work.outputs.get(way.onward)
            work.outputs[way.onward] = keys if others is None else merged([others, keys])

    def commit(self, work: Work) -> None:
        """Go on to the next window, which begins where the one worked at ends."""
        self.backlog, self.held, self.last_due = work.backlog, work.held, work.last_due
        if self.link.spec.loss:
            self._loss.use(work.taken)
        if self.link.spec.jitter:
            self._jitter.use(work.taken)

    def move(self, by: int) -> None:
        """Count instants from ``by`` picoseconds later."""
        self.backlog = self.backlog.moved(by)
        self.last_due -= by
        if len(self.held):
            self.held = self.held.moved(by)

    def relabel(self, table: NDArray[np.int64]) -> None:
        """Give packets the labels of a table, by the labels that they have."""
        if len(self.held):
            self.held = self.held.relabelled(table)

    def clear(self) -> Held:
        """The link has gone down: return what it held; it begins anew at instant 0."""
        caught, self.held = self.held, Held()
        self.backlog, self.last_due = Backlog(), 0
        return caught


def _apart(due: Times, last_due: int) -> Times:
    """Let no frame overtake the one before it, nor come within the same picosecond."""
    place = np.arange(len(due))
    due = due - place
    due[0] = max(int(due[0]), last_due + 1)
    return np.maximum.accumulate(due) + place
