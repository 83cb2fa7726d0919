"""How long to wait for an acknowledgement (RFC 6298)."""

from __future__ import annotations

from overlaysim.units import MS

GRANULARITY = MS
"""G of RFC 6298: the tick of the clock that time-outs run on (Linux with HZ=1000)."""


class RoundTrip:
    """Smoothed round-trip time and the time-out that follows from it.

    Attributes (picoseconds):
        srtt: smoothed round-trip time; None before the first measurement.
        rttvar: its variation.
        least: the shortest round trip measured; None before the first.
        rto: the time-out, doubled for each that has passed without an answer.
    """

    __slots__ = ("_base", "_largest", "_least_rto", "least", "rto", "rttvar", "srtt")

    def __init__(self, initial: int, least: int, largest: int) -> None:
        self._least_rto, self._largest = least, largest
        self.srtt: int | None = None
        self.rttvar = 0
        self.least: int | None = None
        self.rto = self._base = initial

    def measured(self, rtt: int) -> None:
        """Take a measurement (section 2.2 and 2.3, alpha 1/8, beta 1/4)."""
        srtt = self.srtt
        if srtt is None or self.least is None:
            self.srtt, self.rttvar, self.least = rtt, rtt >> 1, rtt
        else:
            self.least = rtt if rtt < self.least else self.least
            self.rttvar += (abs(srtt - rtt) - self.rttvar) >> 2
            self.srtt = srtt + ((rtt - srtt) >> 3)
        assert self.srtt is not None
        spread = 4 * self.rttvar
        rto = self.srtt + (spread if spread > GRANULARITY else GRANULARITY)
        self.rto = self._base = rto if self._least_rto < rto < self._largest else self._within(rto)

    def back_off(self) -> None:
        """A time-out passed: wait twice as long (section 5.5)."""
        self.rto = min(2 * self.rto, self._largest)

    def reset(self, rto: int | None = None) -> None:
        """Forget the doublings, as progress was made; ``rto`` replaces what was calculated."""
        if rto is not None:
            self._base = self._within(rto)
        self.rto = self._base

    def _within(self, rto: int) -> int:
        return min(max(rto, self._least_rto), self._largest)
