"""The one adapter that runs a protocol machine on the simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from overlaysim.sim.clock import Simulator, Timer


class Machine(Protocol):
    """Protocol logic without a clock: it answers four calls and nothing else.

    Instants are picoseconds. A machine never asks what time it is: it is told.
    """

    def receive(self, message: Any, now: int) -> None:
        """A message came in."""

    def on_timer(self, now: int) -> None:
        """The instant that :meth:`next_timer` named has come."""

    def next_timer(self) -> int | None:
        """When to wake the machine next; None for never."""

    def take_outbox(self) -> list[Any]:
        """What it wants sent; the list is handed over and empty afterwards."""


class Driver:
    """Keeps one machine supplied with time and carries what it sends.

    Args:
        simulator: the clock.
        machine: what is driven.
        carry: called with each item of the machine's outbox, in order.
        settled: called after each call to the machine, when its outbox is empty: the place to look
            at what else has changed in it.
    """

    def __init__(
        self,
        simulator: Simulator,
        machine: Machine,
        carry: Callable[[Any], None],
        settled: Callable[[], None] | None = None,
    ) -> None:
        self._simulator = simulator
        self._machine = machine
        self._carry = carry
        self._settled = settled
        self._timer: Timer | None = None
        self._due: int | None = None
        self._stopped = False
        self._paused = False

    def receive(self, message: Any) -> None:
        """Hand the machine a message at the present instant."""
        if not self._stopped:
            self._machine.receive(message, self._simulator.now)
            self.settle()

    def settle(self) -> None:
        """Carry what the machine wants sent and set its alarm; call it after any call to it."""
        while (items := self._machine.take_outbox()) and not self._stopped:
            for item in items:
                self._carry(item)
        idle = self._stopped or self._paused
        self._set_alarm(None if idle else self._machine.next_timer())
        if self._settled is not None:
            self._settled()

    def _set_alarm(self, due: int | None) -> None:
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None if due is None else self._simulator.timer(due, self._wake)

    def pause(self) -> None:
        """Let no timer fire until :meth:`resume`."""
        self._paused = True
        self._set_alarm(None)

    def resume(self) -> None:
        """Let timers fire again; one that is overdue fires at once."""
        self._paused = False
        self.settle()

    def stop(self) -> None:
        """Stop for good: no more timers, and what comes in is ignored."""
        self._stopped = True
        self.settle()

    def _wake(self, _: object) -> None:
        self._timer = self._due = None
        self._machine.on_timer(self._simulator.now)
        self.settle()
