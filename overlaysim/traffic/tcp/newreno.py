"""The standard's congestion control (RFC 5681): one segment more per round trip, half at a loss.

What is called NewReno (RFC 6582) besides is in the sender, which uses it with every control.
"""

from __future__ import annotations

from overlaysim.traffic.tcp.congestion import CongestionControl


class NewReno(CongestionControl):
    """Additive increase, multiplicative decrease."""

    __slots__ = ("_counted",)

    def __init__(self, mss: int, segments: int) -> None:
        super().__init__(mss, segments)
        self._counted = 0  # bytes acknowledged since the window last grew

    def _avoid(self, acked: int, now: int) -> None:
        """Grow by a segment for each window acknowledged (RFC 5681 section 3.1)."""
        self._counted += acked
        if self._counted >= self.cwnd:
            self._counted -= self.cwnd
            self.cwnd += self.mss

    def _reduced(self, flight: int, now: int) -> int:
        """Half of what was outstanding, at least two segments (RFC 5681 equation 4)."""
        self._counted = 0
        return max(flight // 2, 2 * self.mss)
