"""What all congestion controls share: slow start, and the calls by which a sender drives one.

Windows are bytes. How a window shrinks and how it grows in congestion avoidance is the business of
the classes in :mod:`overlaysim.traffic.tcp.newreno` and :mod:`overlaysim.traffic.tcp.cubic`.
"""

from __future__ import annotations

UNLIMITED = (1 << 31) - 1
"""``ssthresh`` before the first loss."""

CONGESTION_CONTROLS = ("cubic", "newreno")
"""Their names; :func:`overlaysim.traffic.tcp.controls.congestion_control` makes one."""


class CongestionControl:
    """The congestion window of one connection.

    Args:
        mss: payload bytes of a full segment.
        segments: the initial window.

    Attributes:
        cwnd: bytes that may be in the network.
        ssthresh: below this window growth is slow start's.
        mss: payload bytes of a full segment; it follows the path's MTU.
    """

    __slots__ = ("cwnd", "mss", "ssthresh")

    def __init__(self, mss: int, segments: int) -> None:
        self.mss = mss
        self.cwnd = segments * mss
        self.ssthresh = UNLIMITED

    @property
    def slow_start_threshold(self) -> float | None:
        """``ssthresh`` in segments; None before the first loss."""
        return None if self.ssthresh == UNLIMITED else self.ssthresh / self.mss

    def acknowledged(self, acked: int, flight: int, rtt: int | None, now: int) -> None:
        """The peer has ``acked`` bytes more, of ``flight`` that were outstanding.

        A window that was not used is no evidence that it may grow (RFC 7661; the conditions are
        those of ``include/net/tcp.h:tcp_is_cwnd_limited`` of torvalds/linux). Bytes are counted,
        not acknowledgements (RFC 5681 section 3.1), so that delayed ones do not slow growth down.

        Args:
            rtt: round trip of the newest segment acknowledged, picoseconds; None if not known.
        """
        if self.cwnd < self.ssthresh:
            if self.cwnd < 2 * flight:
                self._slow_start(acked, flight, rtt)
        elif flight + self.mss > self.cwnd:
            self._avoid(acked, now)

    def lost(self, flight: int, now: int) -> None:
        """A segment was lost while ``flight`` bytes were outstanding: fast recovery begins."""
        self.ssthresh = self._reduced(min(flight, self.cwnd), now)
        self.cwnd = self.ssthresh

    def timed_out(self, flight: int, now: int, *, again: bool) -> None:
        """A time-out: begin with one segment (RFC 5681 section 3.1).

        With ``again`` the segment had been sent more than once, and ``ssthresh`` stays.
        """
        if not again:
            self.ssthresh = self._reduced(min(flight, self.cwnd), now)
        self.cwnd = self.mss
        self._restarted()

    def idle(self, segments: int) -> None:
        """Nothing was sent for a time-out: what was known of the path is outdated (RFC 5681)."""
        self.cwnd = min(self.cwnd, segments * self.mss)
        self._restarted()

    def _slow_start(self, acked: int, flight: int, rtt: int | None) -> None:
        """Grow by what was acknowledged, not far beyond ``ssthresh``."""
        self.cwnd = min(self.cwnd + acked, max(self.ssthresh, self.cwnd + self.mss))

    def _avoid(self, acked: int, now: int) -> None:
        """Grow in congestion avoidance."""
        raise NotImplementedError

    def _reduced(self, flight: int, now: int) -> int:
        """The window after a loss."""
        raise NotImplementedError

    def _restarted(self) -> None:
        """Growth starts over."""
