"""The timer of the sending half: one for time-outs, tail loss probes and closed windows."""

from __future__ import annotations

from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.tail import TailLossProbe

RETRANSMIT, PROBE, PERSIST = "retransmit", "probe", "persist"
"""What it is set for: a time-out, a tail loss probe, a closed window."""


class Timer:
    """See the module.

    Attributes:
        kind: one of the three above.
        due: when it fires, picoseconds.
    """

    __slots__ = ("_tail", "_trip", "due", "kind")

    def __init__(self, trip: RoundTrip, tail: TailLossProbe) -> None:
        self._trip = trip
        self._tail = tail
        self.kind = RETRANSMIT
        self.due = NEVER

    @property
    def off(self) -> bool:
        """Whether it will not fire."""
        return self.due == NEVER

    def start(self, now: int) -> None:
        """Segments are outstanding: wait for a probe, or for the time-out."""
        wait, self.kind = self._trip.rto, RETRANSMIT
        probe = self._tail.wait()
        if probe is not None and probe < wait:
            wait, self.kind = probe, PROBE
        self.due = now + wait

    def persist(self, now: int) -> None:
        """The peer has no room: ask after a time-out."""
        self.kind, self.due = PERSIST, now + self._trip.rto

    def probed(self, now: int) -> None:
        """A probe was sent; the time-out is next."""
        self.kind, self.due = RETRANSMIT, now + self._trip.rto

    def stop(self) -> None:
        """There is nothing to wait for."""
        self.due = NEVER
