"""CUBIC (RFC 9438): the window is a cubic function of the time since it last shrank.

It rises steeply, flattens out where the last loss was, and rises again beyond. On short round trips
this would be slower than the standard's growth, which it then follows instead ("Reno-friendly").
"""

from __future__ import annotations

from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.hystart import HyStart
from overlaysim.units import SECOND

C = 0.4
"""How steep the function is, segments per cubic second (section 5)."""
BETA = 0.7
"""What is left of the window after a loss (section 4.6)."""
ALPHA = 3 * (1 - BETA) / (1 + BETA)
"""Growth per round trip that makes up for the smaller reduction (section 4.3)."""


class Cubic(CongestionControl):
    """Windows that the function deals in (``W_max``, ``W_est``) are segments, as in the RFC."""

    __slots__ = ("_carry", "_cwnd_prior", "_epoch", "_hystart", "_k", "_rtt", "_w_est", "_w_max")

    def __init__(self, mss: int, segments: int, *, hystart: bool = True) -> None:
        super().__init__(mss, segments)
        self._hystart = HyStart() if hystart else None
        self._w_max = 0.0
        self._w_est = 0.0
        self._cwnd_prior = 0.0
        self._k = 0.0
        self._epoch: int | None = None  # when congestion avoidance began
        self._carry = 0.0  # fractions of a byte that the window has grown
        self._rtt = 0

    def acknowledged(self, acked: int, flight: int, rtt: int | None, now: int) -> None:
        """See :meth:`CongestionControl.acknowledged`."""
        if rtt is not None:
            self._rtt = rtt
        super().acknowledged(acked, flight, rtt, now)

    def _slow_start(self, acked: int, flight: int, rtt: int | None) -> None:
        """The first time with an eye on the round trips (section 4.10)."""
        hystart = self._hystart
        if hystart is None:
            super()._slow_start(acked, flight, rtt)
            return
        self.cwnd += hystart.growth(acked, flight, self.mss, rtt)
        if hystart.over:
            self.ssthresh = self.cwnd
            self._hystart = None

    def _avoid(self, acked: int, now: int) -> None:
        """Grow towards where the function will be in a round trip (sections 4.2 to 4.5)."""
        mss = self.mss
        window = self.cwnd / mss
        if self._epoch is None:
            self._begin(window, now)
        assert self._epoch is not None
        since = (now - self._epoch) / SECOND - self._k
        self._w_est += (ALPHA if self._w_est < self._cwnd_prior else 1.0) * acked / self.cwnd
        if C * since * since * since + self._w_max < self._w_est:
            grown = (self._w_est - window) * mss
        else:
            ahead = since + self._rtt / SECOND
            target = C * ahead * ahead * ahead + self._w_max
            grown = (min(max(target, window), 1.5 * window) - window) * acked / window
        self._carry += max(grown, 0.0)
        whole = int(self._carry)
        self._carry -= whole
        self.cwnd += whole

    def timed_out(self, flight: int, now: int, *, again: bool) -> None:
        """Begin with one segment, and then without a memory of the last loss (section 4.8)."""
        super().timed_out(flight, now, again=again)
        self._w_max = self._cwnd_prior = 0.0

    def _begin(self, window: float, now: int) -> None:
        """Let the function begin at the present window (section 4.2)."""
        self._epoch = now
        self._w_est = window
        self._w_max = max(self._w_max, window)
        self._k = ((self._w_max - window) / C) ** (1 / 3)

    def _reduced(self, flight: int, now: int) -> int:
        """Remember where the loss was, lower if windows are shrinking (sections 4.6 and 4.7)."""
        self._hystart = None
        window = flight / self.mss
        self._w_max = window * (1 + BETA) / 2 if window < self._w_max else window
        self._cwnd_prior = window
        self._restarted()
        return max(round(flight * BETA), 2 * self.mss)

    def _restarted(self) -> None:
        self._epoch = None
        self._carry = 0.0
