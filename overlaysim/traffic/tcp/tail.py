"""Tail loss probes (RFC 8985 section 7): when acknowledgements stay away, ask before the time-out.

What was lost at the end of a flight is not followed by anything that would make the peer tell.
"""

from __future__ import annotations

from overlaysim.traffic.tcp.recovery import OPEN, Recovery
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.scoreboard import Scoreboard
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.units import MS

PROBE_SLACK = 2 * MS
"""What a probe waits beyond two round trips (Linux ``TCP_TIMEOUT_MIN``)."""


class TailLossProbe:
    """At most one probe at a time.

    Args:
        settings: whether there are probes; the delay that a lone segment's acknowledgement may have
            is ``min_rto``, as in Linux.
        board: the segments.
        recovery: no probes are sent while it is at work; learns of losses that a probe repaired.
        trip: round-trip times.
    """

    __slots__ = ("_alone", "_board", "_enabled", "_end", "_new", "_recovery", "_trip")

    def __init__(
        self,
        settings: TcpSettings,
        board: Scoreboard,
        recovery: Recovery,
        trip: RoundTrip,
        *,
        sack: bool,
    ) -> None:
        self._enabled = sack and settings.tail_loss_probe
        self._alone = settings.min_rto
        self._board = board
        self._recovery = recovery
        self._trip = trip
        self._end: int | None = None  # of the probe that is on its way
        self._new = False  # whether it has new bytes

    @property
    def pending(self) -> bool:
        """Whether a probe is on its way."""
        return self._end is not None

    def wait(self) -> int | None:
        """How long silence may last until a probe; None for no probe (section 7.2)."""
        board, srtt = self._board, self._trip.srtt
        if not self._enabled or self._end is not None or board.sacked or srtt is None:
            return None
        if self._recovery.state != OPEN:
            return None
        return 2 * srtt + (self._alone if len(board.records) == 1 else PROBE_SLACK)

    def sent(self, end: int, *, new: bool) -> None:
        """A probe was sent."""
        self._end, self._new = end, new

    def forget(self) -> None:
        """A time-out came first."""
        self._end = None

    def acknowledged(self, una: int, flight: int, now: int, *, advanced: bool, twice: bool) -> None:
        """See what an acknowledgement tells of the probe (section 7.4).

        Args:
            una: everything below it is with the peer.
            flight: bytes outstanding before.
            now: the instant, picoseconds.
            advanced: whether the acknowledgement is for something new.
            twice: whether it reports a duplicate: then the original had arrived as well.
        """
        assert self._end is not None
        if self._new:
            over = una >= self._end
        elif twice or (una == self._end and not advanced):
            over = True
        else:
            over = una > self._end
            if over:
                self._recovery.reduce(flight, now)
        if over:
            self._end = None
