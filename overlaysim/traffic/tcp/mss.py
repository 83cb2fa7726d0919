"""How long a segment may be: what the path carries, the peer takes, and what vanished before."""

from __future__ import annotations

import sys
from collections.abc import Callable

from overlaysim.traffic.tcp.options import TIME_STAMPS
from overlaysim.traffic.tcp.segment import IP_AND_TCP
from overlaysim.traffic.tcp.settings import TcpSettings

DEFAULT_MSS = 536
"""What a peer takes that does not say (RFC 9293 section 3.7.1)."""
SMALLEST_MSS = 48
"""Linux's ``tcp_min_snd_mss``."""
SMALLEST_MTU = 68
"""The least that IPv4 asks of a link (RFC 791 section 3.2); who reports less is not believed."""


class SegmentSize:
    """The payload of a full segment.

    Args:
        mtu: MTU of the path as the IP stack knows it at present.
        settings: whether and how black holes are looked for.
    """

    __slots__ = ("_ceiling", "_full", "_known", "_learned", "_mtu", "_peer_mss", "_settings",
                 "_time_stamps")  # fmt: skip

    def __init__(self, mtu: Callable[[], int], settings: TcpSettings) -> None:
        self._mtu = mtu
        self._settings = settings
        self._learned: tuple[int, int] | None = None  # what the stack said then, and the news
        # The longest MSS that is allowed, or is believed to get through a black hole.
        self._ceiling = settings.max_segment or sys.maxsize
        self._peer_mss = sys.maxsize
        self._time_stamps = False
        self._known = self._full = 0  # what the stack said last, and what came of it

    @property
    def path_mtu(self) -> int:
        """MTU of the path: news count until the IP stack changes its mind."""
        mtu = self._mtu()
        if self._learned is not None:
            then, learned = self._learned
            if mtu == then:
                return min(mtu, learned)
            self._learned = None
        return mtu

    @property
    def announced(self) -> int:
        """The MSS option of the own SYN."""
        return min(self.path_mtu - IP_AND_TCP, self._settings.max_segment or sys.maxsize)

    @property
    def _mss(self) -> int:
        """Bytes behind IP and TCP header, of which options take some."""
        return max(min(self.path_mtu - IP_AND_TCP, self._peer_mss, self._ceiling), SMALLEST_MSS)

    def current(self) -> int:
        """Payload bytes of a full segment now."""
        mtu = self._mtu()
        if mtu != self._known:
            self._known = mtu
            self._full = self._mss - (TIME_STAMPS if self._time_stamps else 0)
        return self._full

    def agree(self, peer_mss: int, *, time_stamps: bool) -> None:
        """The peer takes segments of ``peer_mss`` bytes, options counted; these are used."""
        self._peer_mss, self._time_stamps = peer_mss, time_stamps
        self._known = 0

    def too_big(self, mtu: int) -> None:
        """A router reported that it could not pass on more than ``mtu`` bytes."""
        if SMALLEST_MTU <= mtu < self.path_mtu:
            self._learned = (self._mtu(), mtu)
            self._known = 0

    def suspect(self, length: int, timeouts: int) -> int | None:
        """A segment of ``length`` bytes timed out; returns the MTU that seems to be a black hole.

        None if there is no reason to think so. Each time, segments become shorter: the base size,
        then half of it (``net/ipv4/tcp_timer.c:tcp_mtu_probing`` of torvalds/linux).
        """
        settings = self._settings
        if not settings.black_hole_detection or timeouts < settings.black_hole_after:
            return None
        if length < self.current():
            return None
        mss, base = self._mss, settings.base_mss
        self._ceiling = base if mss > base else mss // 2
        self._known = 0
        return mss + IP_AND_TCP
