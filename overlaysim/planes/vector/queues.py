"""Output queues over many frames at once, exactly.

Without a limit a transmitter in order is Lindley's recursion (D. V. Lindley, "The theory of queues
with a single server", 1952): ``start[i] = max(arrival[i], start[i-1] + service[i-1])``. With the
service that came before subtracted it is a running maximum.

With a limit, that is the truth up to the first frame for which the queue has no room, and again
from the next frame that finds the transmitter idle: a queue that loses frames is never longer than
one that does not, so a frame that does not wait there does not wait here either. Only the busy
periods in which somebody found no room are gone through again, frame by frame or, where all frames
take equally long, by a running minimum (:func:`_all_at_once_equal`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.vector.arrays import concatenated, nothing

Times = NDArray[np.int64]
"""Picoseconds from the beginning of a window."""


_LONG, _BLOCK = 400, 2048
"""Frames in a busy period from which on the running minimum is quicker than a loop, and frames that
are gone through again at a time."""

_NO_ROOM = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a transmitter has still to do at the beginning of a window.

    Attributes:
        busy_until: when it has sent everything that it has taken; in the past if it is idle.
        starts: when the turn of each waiting frame comes, ascending, all in the future.
        sizes: bytes of the waiting frames.
    """

    busy_until: int = 0
    starts: Times = field(default_factory=nothing)
    sizes: Times = field(default_factory=nothing)

    def after(self, length: int) -> Backlog:
        """What is left of it at the end of a window, if nothing comes."""
        gone = int(np.searchsorted(self.starts, length, "right"))
        return Backlog(self.busy_until, self.starts[gone:], self.sizes[gone:])

    def later(self, start: Times, service: Times | int, sizes: Times | int, length: int) -> Backlog:
        """What is left at the end of a window in which further frames were taken, at least one."""
        old = self.after(length)
        gone = int(np.searchsorted(start, length, "right"))
        last = service if isinstance(service, int) else int(service[-1])
        waiting = start[gone:]
        its = np.full(len(waiting), sizes) if isinstance(sizes, int) else sizes[gone:]
        return Backlog(
            int(start[-1]) + last,
            concatenated([old.starts, waiting]),
            concatenated([old.sizes, its]),
        )

    def moved(self, by: int) -> Backlog:
        """The same with instants counted from ``by`` picoseconds later."""
        return Backlog(self.busy_until - by, self.starts - by, self.sizes)

    def spaced(self, service: int, size: int) -> bool:
        """Whether it looks as if every frame took ``service`` and had ``size`` bytes."""
        waiting = len(self.starts)
        if self.busy_until > service * (waiting + 1):
            return False
        expected = self.busy_until - service * np.arange(waiting, 0, -1)
        return bool((self.starts == expected).all() and (self.sizes == size).all())


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait behind the frame in transmission; None for no limit."""

    packets: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What became of frames that came to a queue.

    Attributes:
        admitted: which of them found room; None for all.
        start: when the transmission of each admitted frame begins.
        largest: the most frames that waited after one of them had come to wait; 0 if none had to.
    """

    admitted: NDArray[np.bool_] | None
    start: Times
    largest: int


def serve(
    arrival: Times, service: Times | int, sizes: Times | int, backlog: Backlog, limits: Limits
) -> Served:
    """Let frames come to a queue.

    Args:
        arrival: when each comes, ascending; at least one.
        service: how long each occupies the transmitter, picoseconds; one number if all the same.
        sizes: their lengths in bytes, likewise.
        backlog: what is there when the first one comes.
        limits: the queue's.
    """
    start = _fifo(arrival, service, backlog.busy_until)
    equal = isinstance(service, int) and isinstance(sizes, int) and backlog.spaced(service, sizes)
    kind = _Equal if equal else _Unequal
    queue = kind(arrival, service, sizes, backlog, limits)
    full = queue.without_room(start)
    if full is None:
        return Served(None, start, queue.largest(arrival, start))
    for begin, end in _busy_periods(arrival, start, full):
        start[begin:end] = queue.again(begin, end, start[begin] > arrival[begin])
    admitted = start != _NO_ROOM
    start = start[admitted]
    return Served(admitted, start, queue.largest(arrival[admitted], start))


def _fifo(arrival: Times, service: Times | int, busy_until: int) -> Times:
    """Return when the transmission of each frame begins if there is room for all."""
    if isinstance(service, int):
        if int(arrival[0]) >= busy_until and (arrival[1:] - arrival[:-1] >= service).all():
            return arrival  # nobody waits
        before = np.arange(0, service * len(arrival), service)
    else:
        before = np.cumsum(service)
        before -= service
    start = arrival - before
    start[0] = max(int(start[0]), busy_until)
    np.maximum.accumulate(start, out=start)
    start += before
    return start


def _busy_periods(arrival: Times, start: Times, full: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the busy periods (first frame, frame behind) in which a frame found no room."""
    idle = np.flatnonzero(start == arrival)
    edges = np.concatenate(([0], idle, [len(arrival)]))
    wanted = np.unique(np.searchsorted(idle, np.flatnonzero(full), "right"))
    return [(int(edges[period]), int(edges[period + 1])) for period in wanted]


class _Equal:
    """A queue of frames that all take equally long, on an even backlog: waiting is counting."""

    def __init__(
        self, arrival: Times, service: Times | int, sizes: Times | int, backlog: Backlog,
        limits: Limits,
    ) -> None:  # fmt: skip
        assert isinstance(service, int)
        assert isinstance(sizes, int)
        self._arrival, self._service, self._backlog = arrival, service, backlog
        # Waiting frames are equally long as well, so a limit in bytes is one in frames.
        room = [limits.packets] if limits.packets is not None else []
        if limits.size is not None:
            room.append(limits.size // sizes)
        self._room = min(room, default=None)

    def without_room(self, start: Times) -> NDArray[np.bool_] | None:
        """Which frames find the queue full, if there was room until then; None if none does.

        A frame that waits w behind frames of S each finds ceil(w / S) - 1 others waiting.
        """
        if self._room is None or start is self._arrival:
            return None
        wait = start - self._arrival
        longest = self._room * self._service
        return wait > longest if wait.max() > longest else None

    def largest(self, arrival: Times, start: Times) -> int:
        """See :attr:`Served.largest`."""
        if start is arrival or not len(start):
            return 0
        return -(-int((start - arrival).max()) // self._service)

    def again(self, begin: int, end: int, busy: bool) -> Times:
        """Go through some frames again; return starts, :data:`_NO_ROOM` of those refused.

        Args:
            begin: the first frame.
            end: behind the last one.
            busy: whether the backlog is still being worked at when the first one comes.
        """
        assert self._room is not None
        busy_until = self._backlog.busy_until if busy else 0
        return _equals(self._arrival[begin:end], busy_until, self._service, self._room)


def _one_by_one_equal(arrival: Times, busy_until: int, service: int, room: int) -> Times:
    longest = room * service
    starts: list[int] = []
    append = starts.append
    for now in arrival.tolist():
        if busy_until <= now:
            append(now)
            busy_until = now + service
        elif busy_until - now > longest:
            append(_NO_ROOM)
        else:
            append(busy_until)
            busy_until += service
    return np.array(starts, np.int64)


def _all_at_once_equal(arrival: Times, busy_until: int, service: int, room: int) -> Times:
    """Return the starts of a busy period, which may be shorter than ``arrival``.

    While the transmitter is busy, turns come at ``first + k * service``. Let D[i] be how many turns
    have come when frame i does, and A[i] how many frames were admitted up to and with it, those
    there at the beginning included. A frame is admitted if A[i-1] - D[i] < room, so
    A[i] = min(A[i-1] + 1, D[i] + room), and A[i] - i is a running minimum of D[j] + room - j. The
    period ends before the first frame that finds all A[i-1] frames sent.
    """
    now = int(arrival[0])
    there = max(0, -(-(busy_until - now) // service))
    first = busy_until - there * service if there else now
    index = np.arange(1, len(arrival) + 1)
    admitted = (arrival - first) // service  # D - 1
    admitted += room + 1 - index
    np.minimum.accumulate(admitted, out=admitted)
    np.minimum(admitted, there, out=admitted)
    admitted += index
    before = np.empty_like(admitted)
    before[0], before[1:] = there, admitted[:-1]
    turn = before * service
    turn += first
    idle = np.flatnonzero(turn[1:] <= arrival[1:])
    length = int(idle[0]) + 1 if len(idle) else len(arrival)
    return np.where(admitted > before, turn, _NO_ROOM)[:length]


def _equals(arrival: Times, busy_until: int, service: int, room: int) -> Times:
    """Return the starts of frames that take equally long, :data:`_NO_ROOM` of those refused.

    In blocks, by whichever way the busy periods of the last block made the quicker one.
    """
    if len(arrival) < _LONG:
        return _one_by_one_equal(arrival, busy_until, service, room)
    # A queue that was longer before may hold more than there is room for, which has to go first.
    begin = int(np.searchsorted(arrival, busy_until - room * service))
    parts = [np.full(begin, _NO_ROOM)]
    at_once = True
    while begin < len(arrival):
        block = arrival[begin : begin + _BLOCK]
        way = _all_at_once_equal if at_once else _one_by_one_equal
        starts = way(block, busy_until, service, room)
        at_once = not at_once or len(starts) >= min(_LONG, len(block))
        parts.append(starts)
        begin += len(starts)
        busy_until = max(busy_until, int(starts.max()) + service)
    return np.concatenate(parts)


class _Unequal:
    """A queue of frames that take differently long, or that follow upon such."""

    def __init__(
        self, arrival: Times, service: Times | int, sizes: Times | int, backlog: Backlog,
        limits: Limits,
    ) -> None:  # fmt: skip
        self._arrival, self._backlog, self._limits = arrival, backlog, limits
        self._service = np.broadcast_to(service, arrival.shape)
        self._sizes = np.broadcast_to(sizes, arrival.shape)

    def _come(self, arrival: Times, start: Times) -> Times:
        """How many turns have come at each arrival, those of the backlog included."""
        turns = np.concatenate((self._backlog.starts, start))
        return np.searchsorted(turns, arrival, "right")

    def without_room(self, start: Times) -> NDArray[np.bool_] | None:
        """See :meth:`_Equal.without_room`."""
        limits, arrival = self._limits, self._arrival
        if limits.packets is None and limits.size is None:
            return None
        waits = start > arrival
        if not waits.any():
            return None
        come = self._come(arrival, start)
        behind = len(self._backlog.starts) + np.arange(len(arrival))
        full = np.zeros(len(arrival), bool)
        if limits.packets is not None:
            full |= behind - come >= limits.packets
        if limits.size is not None:
            sizes = np.concatenate((self._backlog.sizes, self._sizes))
            up_to = np.concatenate(([0], np.cumsum(sizes)))
            full |= up_to[behind] - up_to[np.minimum(come, behind)] + self._sizes > limits.size
        full &= waits
        return full if full.any() else None

    def largest(self, arrival: Times, start: Times) -> int:
        """See :attr:`Served.largest`."""
        waits = start > arrival
        if not waits.any():
            return 0
        come = self._come(arrival, start)
        behind = len(self._backlog.starts) + np.arange(1, len(arrival) + 1)
        return int((behind - come)[waits].max())

    def again(self, begin: int, end: int, busy: bool) -> Times:
        """See :meth:`_Equal.again`: frame by frame, as the event plane does it."""
        backlog = self._backlog if busy else Backlog()
        packets, most = self._limits.packets, self._limits.size
        busy_until = backlog.busy_until
        waiting = deque(zip(backlog.starts.tolist(), backlog.sizes.tolist(), strict=True))
        waiting_bytes = int(backlog.sizes.sum())
        starts: list[int] = []
        frames = (self._arrival[begin:end], self._service[begin:end], self._sizes[begin:end])
        for now, service, size in zip(*(column.tolist() for column in frames), strict=True):
            while waiting and waiting[0][0] <= now:
                waiting_bytes -= waiting.popleft()[1]
            start = max(now, busy_until)
            if start > now:
                full = packets is not None and len(waiting) >= packets
                if full or (most is not None and waiting_bytes + size > most):
                    starts.append(_NO_ROOM)
                    continue
                waiting.append((start, size))
                waiting_bytes += size
            starts.append(start)
            busy_until = start + service
        return np.array(starts, np.int64)
