"""The simulated clock: simpy's event queue in integer picoseconds.

A packet-hop is one plain callback. Such a callback lies on simpy's queue as a bare tuple, without
an event object around it, which costs about a third of a simpy timeout. Whatever truly waits (a
docker command, a control-plane request) is an ordinary simpy process; its events lie on the same
queue in the same form, with the callback that makes them happen, so that the loop need not look
what it has popped.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.core import EmptySchedule, StopSimulation

from overlaysim.sim.events import Bus
from overlaysim.sim.journey import Ledger
from overlaysim.sim.streams import Streams

Process = simpy.Process
Event = simpy.Event
Interrupt = simpy.Interrupt
"""What a process meets where it waits when somebody calls its ``interrupt``."""
Steps = Generator[simpy.Event, Any, Any]
"""What a process is made of: it yields things to wait for and may return a value."""

# What happens at one instant happens in the order of these, and in the order of scheduling among
# what is equal. simpy knows 0 (starts and interrupts of processes) and 1 (all else).
_NORMAL = 1
_FRAME = -1  # a frame arrives: before anybody can act on what else happens now
_RESUMED = -2  # the rest of an event in whose middle a run was stopped
_FIRST = -3  # before everything else


class Timer:
    """A callback in the future that can be called off."""

    __slots__ = ("_argument", "_callback")

    def __init__(self, callback: Callable[[Any], None], argument: Any) -> None:
        self._callback: Callable[[Any], None] | None = callback
        self._argument = argument

    def cancel(self) -> None:
        """Call it off; harmless when it has fired already."""
        self._callback = None

    def fire(self, _: object) -> None:
        """Run the callback unless it was called off; it fires once."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback(self._argument)


class Simulator(simpy.Environment):
    """Clock, random streams, trace events and the packet ledger of one simulation.

    Args:
        seed: the one number that all randomness of a run comes from.
    """

    _queue: list[Any]
    now: int = 0
    """The current instant in picoseconds (a plain attribute: it is read at each packet-hop)."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(initial_time=0)
        self.seed = seed
        self.streams = Streams(seed)
        self.bus = Bus()
        self.ledger = Ledger()

    @property
    def _now(self) -> int:
        """The name under which simpy itself reads and sets the clock."""
        return self.now

    @_now.setter
    def _now(self, instant: int) -> None:
        self.now = instant

    def call_at(self, when: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call ``callback(argument)`` at the instant ``when``.

        ``when`` must not lie in the past: that is not checked here.
        """
        heappush(self._queue, (when, _NORMAL, next(self._eid), callback, argument))

    def call_in(self, delay: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call ``callback(argument)`` after ``delay`` picoseconds."""
        heappush(self._queue, (self.now + delay, _NORMAL, next(self._eid), callback, argument))

    def frame_at(self, when: int, number: int, callback: Callable[[Any], None], frame: Any) -> None:
        """Call ``callback(frame)`` when a frame has crossed a link; the cheapest thing there is.

        Of the frames that arrive somewhere at one instant the one with the lowest ``number`` comes
        first, whatever way each of them took: an order that does not depend on how the simulation
        is carried out. No two frames under way have the same number.
        """
        heappush(self._queue, (when, _FRAME, number, callback, frame))

    def call_next(self, callback: Callable[[Any], None]) -> None:
        """Call ``callback(None)`` before the next event, at its instant.

        Safe in a signal handler: it never lies before an event that has left the queue already.
        """
        when = self._queue[0][0] if self._queue else self.now
        heappush(self._queue, (when, _FIRST, next(self._eid), callback, None))

    def timer(self, when: int, callback: Callable[[Any], None], argument: Any = None) -> Timer:
        """Like :meth:`call_at`, but can be called off; an instant that has passed means at once."""
        timer = Timer(callback, argument)
        self.call_at(max(when, self.now), timer.fire)
        return timer

    def sleep(self, delay: int) -> simpy.Event:
        """Something a process can yield to wait ``delay`` picoseconds."""
        return self.timeout(delay)

    def spawn(self, steps: Steps) -> simpy.Process:
        """Start a process; yielding the returned object waits for its end and gives its value."""
        return self.process(steps)

    def schedule(self, event: simpy.Event, priority: int = _NORMAL, delay: float = 0) -> None:
        """Put a simpy event on the queue; simpy itself calls this."""
        heappush(self._queue, (self.now + delay, priority, next(self._eid), self._happen, event))

    def _happen(self, event: Any) -> None:
        """Run the callbacks of a simpy event, as ``simpy/core.py:Environment.step`` does."""
        callbacks, event.callbacks = event.callbacks, None
        for index, callback in enumerate(callbacks):
            try:
                callback(event)
            except StopSimulation:
                event.callbacks = callbacks[index + 1 :]
                self.schedule(event, _RESUMED)
                raise
        if not event.ok and not event.defused:
            raise event.value

    def step(self) -> None:
        """Process the next entry of the queue, be it a bare callback or a simpy event."""
        if not self._queue:
            raise EmptySchedule
        self.now, _, _, callback, argument = heappop(self._queue)
        callback(argument)

    def run_for(self, duration: int) -> None:
        """Let ``duration`` picoseconds pass."""
        self.run_to(self.now + duration)

    def run_to(self, instant: int) -> None:
        """Run everything up to and including ``instant``, and leave the clock there."""
        queue = self._queue
        pop = heappop
        while True:  # CPython 3.11 speeds no loop up that ends in a conditional jump
            if not queue or queue[0][0] > instant:
                break
            self.now, _, _, callback, argument = pop(queue)
            callback(argument)
        self.now = max(self.now, instant)

    def run_dry(self) -> None:
        """Run until nothing is left to happen, and leave the clock at the last thing that did."""
        queue = self._queue
        pop = heappop
        while True:  # as above
            if not queue:
                break
            self.now, _, _, callback, argument = pop(queue)
            callback(argument)

    def run_until(self, event: simpy.Event) -> Any:
        """Run until ``event`` (or a process) has ended and return its value.

        Raises:
            RuntimeError: if nothing is left to happen and the event still has not.
        """
        while not event.processed:
            try:
                self.step()
            except EmptySchedule:
                raise RuntimeError(
                    f"nothing left to simulate, but {event} never happened"
                ) from None
        return event.value
