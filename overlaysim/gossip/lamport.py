"""Logical time."""

from __future__ import annotations


class LamportClock:
    """A counter that is never behind any event its owner has seen.

    L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed System (1978); the rules
    are those of hashicorp/serf, ``serf/lamport.go``.
    """

    __slots__ = ("time",)

    def __init__(self) -> None:
        self.time = 0

    def increment(self) -> int:
        """Advance by one and return the new time, which stamps a local event."""
        self.time += 1
        return self.time

    def witness(self, time: int) -> None:
        """Take note of an event from elsewhere: the clock is then later than ``time``."""
        if time >= self.time:
            self.time = time + 1
