"""HyStart++ (RFC 9406): leaving slow start when the round trips grow, before anything is lost.

Linux has the older HyStart in its CUBIC, which looks for the same sign.
"""

from __future__ import annotations

from overlaysim.units import MS

MIN_RTT_THRESH = 4 * MS
MAX_RTT_THRESH = 16 * MS
MIN_RTT_DIVISOR = 8
N_RTT_SAMPLE = 8
CSS_GROWTH_DIVISOR = 4
CSS_ROUNDS = 5
LIMIT = 8
"""Segments that one acknowledgement lets the window grow by, for a sender without pacing (L)."""

_NONE = 1 << 62


class HyStart:
    """The first slow start of a connection.

    Attributes:
        over: whether congestion avoidance has to begin.
    """

    __slots__ = ("_acked", "_baseline", "_css_rounds", "_current", "_last", "_round_end",
                 "_samples", "over")  # fmt: skip

    def __init__(self) -> None:
        self.over = False
        self._acked = 0
        self._round_end = 0  # of all bytes acknowledged, how many end the present round
        self._last = self._current = _NONE  # shortest round trip of the last round, of this one
        self._samples = 0
        self._baseline: int | None = None  # in conservative slow start: what made it begin
        self._css_rounds = 0

    def growth(self, acked: int, flight: int, mss: int, rtt: int | None) -> int:
        """Bytes by which the window grows for ``acked`` of ``flight`` (section 4.2)."""
        if self._acked >= self._round_end:
            self._begin_round(flight)
        self._acked += acked
        if rtt is not None:
            self._current = min(self._current, rtt)
            self._samples += 1
            if self._samples >= N_RTT_SAMPLE:
                self._judge()
        grown = min(acked, LIMIT * mss)
        return grown if self._baseline is None else grown // CSS_GROWTH_DIVISOR

    def _begin_round(self, flight: int) -> None:
        self._round_end = self._acked + flight
        self._last, self._current = self._current, _NONE
        self._samples = 0
        if self._baseline is not None:
            self._css_rounds += 1
            self.over = self._css_rounds >= CSS_ROUNDS

    def _judge(self) -> None:
        """Look at the round trips of this round."""
        if self._baseline is not None:
            if self._current < self._baseline:  # it was chance
                self._baseline, self._css_rounds = None, 0
        elif self._last != _NONE:
            threshold = max(MIN_RTT_THRESH, min(self._last // MIN_RTT_DIVISOR, MAX_RTT_THRESH))
            if self._current >= self._last + threshold:
                self._baseline = self._current
