"""Finding losses and recovering from them, whatever the peer is able to tell.

Losses are found by time (RACK, RFC 8985), by counting selective acknowledgements (RFC 6675), or by
duplicate acknowledgements (RFC 6582) if the peer has none of the former. What is in the network is
counted segment by segment in all three, so that recovery sends one segment for each that has left
(RFC 6675 section 5) and need not inflate the window. Without rate reduction (RFC 6937) the window
is cut at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.prr import RateReduction
from overlaysim.traffic.tcp.rack import DUPLICATES, Rack, count_lost
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.scoreboard import IN_FLIGHT, Scoreboard, Sent
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings

OPEN, RECOVERY, LOSS = "open", "recovery", "loss"
"""Nothing amiss; fast recovery; after a time-out."""


class Recovery:
    """What a sender knows of losses.

    Args:
        board: the segments.
        control: what is told of losses.
        trip: round-trip times.
        sack: whether the peer acknowledges selectively.
        settings: whether to use RACK and rate reduction; both need ``sack``.

    Attributes:
        state: one of the three above.
        point: offset whose acknowledgement ends recovery (``RecoveryPoint``).
        urgent: whether the next lost segment is sent whatever the window says, as the first one of
            a fast recovery is.
    """

    __slots__ = (
        "_board", "_control", "_duplicates", "_looked", "_partial", "_prr", "_reduction",
        "_sack", "by_time", "point", "state", "urgent",
    )  # fmt: skip

    def __init__(
        self,
        board: Scoreboard,
        control: CongestionControl,
        trip: RoundTrip,
        *,
        sack: bool,
        settings: TcpSettings,
    ) -> None:
        self._board = board
        self._control = control
        self._sack = sack
        self.by_time = Rack(board, trip) if sack and settings.rack else None
        self._prr = sack and settings.prr
        self._reduction: RateReduction | None = None  # of the present fast recovery
        self.state = OPEN
        self.point = 0
        self.urgent = False
        self._duplicates = 0  # segments that arrived out of order, without SACK
        self._looked = 0  # offset up to which losses have been counted
        self._partial = 0  # acknowledgements of a part of what recovery is about

    @property
    def pipe(self) -> int:
        """Bytes in the network."""
        pipe = self._board.pipe
        return max(0, pipe - self._duplicates * self._control.mss) if self._duplicates else pipe

    @property
    def due(self) -> int:
        """When more segments may turn out to be lost."""
        return NEVER if self.by_time is None else self.by_time.due

    @property
    def impatient(self) -> bool:
        """Whether progress is so slow that the time-out may come (RFC 6582 section 4).

        Without selective acknowledgements a round trip repairs one hole; if there are too many,
        starting over is faster.
        """
        return self._partial > 1

    def advance(self, una: int, done: int) -> None:
        """Everything below ``una`` is with the peer, ``done`` segments more than before."""
        if self._duplicates:  # as Linux's tcp_remove_reno_sacks: one of them filled the hole
            self._duplicates = max(0, self._duplicates - (done - 1))
        if self.state == OPEN:
            return
        if una >= self.point:
            if self._reduction is not None:
                self._control.cwnd = self._control.ssthresh
                self._reduction = None
            self.state = OPEN
            self._duplicates = self._partial = 0
        elif self.state == RECOVERY and not self._sack:
            self._partial += 1
            self.urgent = self._lose_first()  # the next hole (RFC 6582 section 3.2)

    def duplicate(self) -> None:
        """An acknowledgement said nothing new: something arrived out of order."""
        if self.state != LOSS and self._duplicates < len(self._board.records) - 1:
            self._duplicates += 1

    def assess(
        self, arrived: Sequence[Sent], flight: int, until: int, now: int, *, advanced: bool
    ) -> None:
        """Find what is lost now that these segments arrived, and begin recovery if need be.

        Args:
            arrived: segments of which it was not known.
            flight: bytes outstanding before.
            until: offset of the next new byte.
            now: the instant, picoseconds.
            advanced: whether everything below a higher offset than before is with the peer.
        """
        found = self._find(arrived, now)
        if found and self.state == OPEN:
            self._begin(flight, until, now)
        if self._reduction is not None:
            delivered = sum(record.end - record.start for record in arrived) or self._control.mss
            self._control.cwnd = self._reduction.window(
                delivered, self._board.pipe, self._board.sent, safe=advanced and not found
            )

    def _find(self, arrived: Sequence[Sent], now: int) -> bool:
        if not self._sack:
            return self._duplicates >= DUPLICATES and self.state == OPEN and self._lose_first()
        if self.by_time is not None:
            self.by_time.delivered(arrived, now)
            return self.by_time.find_lost(now, recovering=self.state != OPEN)
        if not self._board.sacked:
            return False
        found, self._looked = count_lost(self._board, self._looked, self._control.mss)
        return found

    def look_again(self, flight: int, until: int, now: int) -> None:
        """The instant :attr:`due` has come."""
        self.assess((), flight, until, now, advanced=False)

    def too_long(self, mss: int, until: int) -> None:
        """The path cannot carry more than ``mss`` bytes: what is longer has to go again at once.

        The network is not congested, so the window stays (``tcp_simple_retransmit`` of Linux).
        """
        longer = [
            record for record in self._board.records
            if record.fate == IN_FLIGHT and record.end - record.start > mss
        ]  # fmt: skip
        for record in longer:
            self._board.lose(record)
        if longer and self.state == OPEN:
            self.state, self.point = LOSS, until

    def timed_out(self, flight: int, until: int, now: int, *, again: bool) -> None:
        """Nothing was heard for too long: all that is not with the peer counts as lost.

        The threshold falls once for each window of data, not once more if it has for a fast
        recovery, or ``again`` if this is not the first time-out (``tcp_enter_loss`` of Linux).
        """
        reduced = self.state == RECOVERY or (self.state == LOSS and again)
        self._control.timed_out(flight, now, again=reduced)
        self._board.lose_all()
        self._duplicates = self._partial = 0
        self._looked = until
        self._reduction = None
        self.state, self.point = LOSS, until

    def reduce(self, flight: int, now: int) -> None:
        """Something was lost, and has been repaired already by a tail loss probe."""
        if self.state == OPEN:
            self._control.lost(flight, now)

    def _begin(self, flight: int, until: int, now: int) -> None:
        self.state, self.point, self.urgent = RECOVERY, until, True
        self._control.lost(flight, now)
        if self._prr:
            control, board = self._control, self._board
            self._reduction = RateReduction(flight, control.ssthresh, control.mss, board.sent)

    def _lose_first(self) -> bool:
        first = self._board.records[0]
        if first.fate != IN_FLIGHT:
            return False
        self._board.lose(first)
        return True
