"""Which segments are lost, told by when they were sent (RFC 8985) or by counting (RFC 6675)."""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.scoreboard import IN_FLIGHT, Scoreboard, Sent
from overlaysim.traffic.tcp.sequence import NEVER

DUPLICATES = 3
"""DupThresh: so many later arrivals make a segment lost."""


class Rack:
    """Recent acknowledgement: what was sent before something that arrived should have arrived too.

    A segment may be overtaken by others for a while, the reordering window, before it counts as
    lost; :attr:`due` is when that has to be looked at again. What was sent before what is known
    exactly here, so that segments sent at one instant need no rule of their own (``RACK.end_seq``).

    Args:
        board: the segments.
        trip: round-trip times.
    """

    __slots__ = ("_board", "_highest", "_latest", "_reordering", "_rtt", "_trip", "due")

    def __init__(self, board: Scoreboard, trip: RoundTrip) -> None:
        self._board = board
        self._trip = trip
        self._latest = -1  # order of the segment sent last among those that arrived
        self._rtt = 0
        self._highest = 0  # offset behind the highest segment that arrived
        self._reordering = False
        self.due = NEVER

    def delivered(self, arrived: Iterable[Sent], now: int) -> None:
        """Take notice of segments that arrived (sections 6.2 steps 2 and 3)."""
        for record in arrived:
            if record.end >= self._highest:
                self._highest = record.end
            elif not record.resent:
                self._reordering = True
            rtt = now - record.sent_at
            if record.resent and rtt < (self._trip.least or 0):
                continue  # this must be the answer to an earlier copy
            if record.order > self._latest:
                self._latest, self._rtt = record.order, rtt

    def find_lost(self, now: int, *, recovering: bool) -> bool:
        """Mark what is lost by now; returns whether anything is (section 6.2 step 5)."""
        board = self._board
        sendings = board.sendings
        window = self._window(recovering)
        self.due = NEVER
        found = False
        while sendings:
            order, record = sendings[0]
            if record.fate != IN_FLIGHT or record.order != order:
                sendings.popleft()
                continue
            if order >= self._latest:
                break
            if record.sent_at + self._rtt + window > now:
                self.due = record.sent_at + self._rtt + window
                break
            sendings.popleft()
            board.lose(record)
            found = True
        return found

    def _window(self, recovering: bool) -> int:
        """The reordering window (section 6.2 step 4), without adaptation to DSACKs."""
        if not self._reordering and (recovering or self._many_arrived()):
            return 0
        return min((self._trip.least or 0) // 4, self._trip.srtt or 0)

    def _many_arrived(self) -> bool:
        """Whether as much has arrived out of order as :func:`count_lost` asks for."""
        board = self._board
        if not board.sacked:
            return False
        size = board.records[0].end - board.records[0].start
        return board.sacked.top(DUPLICATES, (DUPLICATES - 1) * size) >= 0


def count_lost(board: Scoreboard, above: int, mss: int) -> tuple[bool, int]:
    """Mark what three later arrivals make lost (RFC 6675 section 4, ``IsLost``).

    Segments below ``above`` have been looked at before. Returns whether any is lost, and up to
    where all have been looked at now.
    """
    limit = board.sacked.top(DUPLICATES, (DUPLICATES - 1) * mss)
    found = False
    for record in board.between(above, limit):
        if record.fate == IN_FLIGHT and not record.resent:
            board.lose(record)
            found = True
    return found, max(above, limit)
