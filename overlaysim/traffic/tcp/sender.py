"""The sending half of a connection: what goes out when, within the windows of path and peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.mss import SegmentSize
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.recovery import OPEN, RECOVERY, Recovery
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.scoreboard import SACKED, Scoreboard, Sent
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, FIN, PSH

RETRANSMIT, PROBE, PERSIST = "retransmit", "probe", "persist"
"""What the timer is for: a time-out, a tail loss probe, a closed window."""

PROBE_SLACK = 2 * MS
"""What a tail loss probe waits beyond two round trips (Linux ``TCP_TIMEOUT_MIN``)."""

Emit = Callable[[int, int, int, int, tuple[tuple[int, Any], ...], bool], None]
"""Sends a segment: now, offset, payload bytes, flags, contents, whether it is sent again."""


class Sender:
    """See the module.

    Args:
        settings: how TCP behaves.
        out: the stream to send.
        size: how long segments may be.
        control: the congestion control.
        trip: round-trip times, with that of the handshake.
        sack: whether the peer acknowledges selectively.
        emit: sends a segment.

    Attributes:
        una: offset of the first byte that is not acknowledged.
        next: offset of the first byte that has not been sent.
        edge: offset behind the last byte that the peer has room for.
        widest: the largest window that the peer ever offered, bytes.
        timeouts: time-outs, or probes of a closed window, since the last sign of progress.
        retransmits: segments sent again.
        timer: what :attr:`due` is for.
        due: when the timer fires, picoseconds.
    """

    __slots__ = (
        "_board", "_emit", "_last_sent", "_out", "_settings", "_size", "_small", "_tail", "_trip",
        "control", "due", "edge", "next", "recovery", "retransmits", "sack", "timeouts", "timer",
        "una", "widest",
    )  # fmt: skip

    def __init__(
        self,
        settings: TcpSettings,
        out: Outgoing,
        size: SegmentSize,
        control: CongestionControl,
        trip: RoundTrip,
        *,
        sack: bool,
        emit: Emit,
    ) -> None:
        self._settings = settings
        self._out = out
        self._size = size
        self._trip = trip
        self._emit = emit
        self._board = Scoreboard()
        self.control = control
        self.recovery = Recovery(self._board, control, trip, sack=sack, by_time=settings.rack)
        self.sack = sack
        self.una = self.next = self.edge = 1
        self.widest = 0
        self.timeouts = self.retransmits = 0
        self.timer, self.due = RETRANSMIT, NEVER
        self._small = 0  # offset behind the last small segment, for Nagle
        self._tail: tuple[int, bool] | None = None  # of a tail loss probe: its end, whether new
        self._last_sent = 0

    @property
    def longest(self) -> int:
        """Payload bytes of the first segment that is not acknowledged; 0 if there is none."""
        first = self._board.records[0] if self._board.records else None
        return 0 if first is None else min(first.end, self._out.end) - first.start

    # ---- acknowledgements -----------------------------------------------------------------------

    def acknowledge(
        self,
        offset: int,
        blocks: Sequence[tuple[int, int]],
        stamped: int | None,
        duplicate: bool,
        now: int,
    ) -> None:
        """Take an acknowledgement.

        Args:
            offset: everything below it is with the peer.
            blocks: what is with the peer besides.
            stamped: round trip by the echoed time stamp, picoseconds; None if there is none.
            duplicate: whether it says nothing new (RFC 5681 section 2).
        """
        board, recovery = self._board, self.recovery
        una, flight = self.una, self.next - self.una
        done: list[Sent] = []
        if offset > una:
            self.una = offset
            self.timeouts = 0
            done = board.acknowledge(offset)
        arrived = [record for record in done if record.fate != SACKED] if board.sacked else done
        selected = [
            record for start, end in blocks if max(start, offset) < end <= self.next
            for record in board.select(start, end)
        ] if blocks else []  # fmt: skip
        rtt = self._measure(arrived, done, selected, stamped, now)
        if offset > una:
            recovery.advance(offset, len(done))
            board.settle(done)
        elif duplicate and not self.sack:
            recovery.duplicate()
        recovery.assess(arrived + selected if selected else arrived, flight, self.next, now)
        if self._tail is not None:
            twice = bool(blocks) and blocks[0][1] <= offset  # a duplicate is reported
            self._end_tail(offset > una, twice, flight, now)
        if offset > una:
            if recovery.state != RECOVERY:
                self.control.acknowledged(offset - una, flight, rtt, now)
            self._out.forget_below(offset)
        if offset > una or selected:
            self._arm(now)

    def _measure(
        self,
        arrived: Sequence[Sent],
        done: Sequence[Sent],
        selected: Sequence[Sent],
        stamped: int | None,
        now: int,
    ) -> int | None:
        """Take the round trip, if these segments tell it; returns that of the newest one.

        What is acknowledged together with something sent twice tells nothing (Karn), for it may
        have waited for that; time stamps then do, to the millisecond.
        """
        if arrived and not any(record.resent for record in done):
            self._trip.measured(now - arrived[0].sent_at)
            return now - arrived[-1].sent_at
        clean = [record for record in selected if not record.resent]
        if clean:
            self._trip.measured(now - clean[0].sent_at)
            return now - clean[-1].sent_at
        if done and stamped is not None:
            self._trip.measured(stamped)
            return stamped
        return None

    def _end_tail(self, advanced: bool, twice: bool, flight: int, now: int) -> None:
        """See what an acknowledgement tells of a tail loss probe (RFC 8985 section 7.4)."""
        assert self._tail is not None
        end, new = self._tail
        if new:
            over = self.una >= end
        elif twice or (self.una == end and not advanced):
            over = True  # the original arrived as well
        else:
            over = self.una > end
            if over:
                self.recovery.reduce(flight, now)
        if over:
            self._tail = None

    def widen(self, edge: int, window: int) -> None:
        """The peer has room up to ``edge``; its window is ``window`` bytes."""
        self.edge = edge
        if window > self.widest:
            self.widest = window
        if self.timer == PERSIST and self.due != NEVER:
            self.timeouts = 0
            if not self._stuck():
                self._trip.reset()
                self.due = NEVER

    # ---- sending --------------------------------------------------------------------------------

    def send(self, now: int) -> None:
        """Send what may be sent: first what was lost, then what is new."""
        mss = self._size.current()
        self.control.mss = mss
        before = self.next
        again = self._board.first_lost()
        if again is not None:
            again = self._resend(again, mss, now)
        if again is None and self.next < self._out.span:
            self._send_new(mss, now)
        if self.next > before or self.due == NEVER:
            self._arm(now)

    def _resend(self, record: Sent, mss: int, now: int) -> Sent | None:
        """Send lost segments again as the window allows; returns the one that had to wait."""
        control, recovery, board = self.control, self.recovery, self._board
        lost: Sent | None = record
        while lost is not None:
            length = lost.end - lost.start
            if length > mss:
                fin = lost.end > self._out.end
                length = length if fin and length == mss + 1 else mss
            if not recovery.urgent and 0 < recovery.pipe > control.cwnd - length:
                return lost
            recovery.urgent = False
            board.resend(lost, length, now)
            self._transmit(lost.start, lost.end, now, again=True)
            lost = board.first_lost()
        return None

    def _send_new(self, mss: int, now: int) -> None:
        out, control, recovery = self._out, self.control, self.recovery
        if self.next == self.una and self._was_idle(now):
            control.idle(self._settings.initial_window)
        while self.next < out.span:
            start = self.next
            length = min(out.end - start, mss, self.edge - start)
            if length < mss and not self._worth_sending(start, length):
                break
            room = control.cwnd - recovery.pipe
            if room < length and self.next > self.una:
                break
            if length < mss:
                self._small = start + length
            self._send_segment(start, length, now)

    def _send_segment(self, start: int, length: int, now: int) -> None:
        """Send new bytes, and the FIN if they are the last."""
        out = self._out
        end = start + length
        if end == out.end and out.closed:
            end += 1
        self.next = end
        self._last_sent = now
        self._board.add(start, end, now)
        self._transmit(start, end, now, again=False)

    def _was_idle(self, now: int) -> bool:
        """Whether so long that the window tells nothing of the path any more."""
        idle = self._last_sent and now - self._last_sent > self._trip.rto
        return bool(idle) and self._settings.slow_start_after_idle

    def _worth_sending(self, start: int, length: int) -> bool:
        """Whether a segment that is not full may go now (RFC 9293 section 3.8.6.2.1)."""
        out = self._out
        if start + length < out.end:  # the peer has no room for more
            return length > 0 and 2 * length >= self.widest
        if out.closed:
            return length > 0 or start == out.end
        # Nagle's rule as Linux has it: one small segment may be on its way.
        return length > 0 and (not self._settings.nagle or self._small <= self.una)

    def _transmit(self, start: int, end: int, now: int, *, again: bool) -> None:
        out = self._out
        flags = ACK
        length = end - start
        if end >= out.end:
            if end > out.end:
                flags |= FIN
                length -= 1
            if length:
                flags |= PSH
        contents = out.ending_in(start, end) if out.contents else ()
        self.retransmits += again
        self._emit(now, start, length, flags, contents, again)

    # ---- timers ---------------------------------------------------------------------------------

    @property
    def next_due(self) -> int:
        """The next instant at which :meth:`on_timer` has something to do."""
        return min(self.due, self.recovery.due)

    def on_timer(self, now: int) -> bool:
        """Do what is due; returns whether there is hope left."""
        recovery = self.recovery
        flight = self.next - self.una
        if recovery.due <= now:
            recovery.look_again(flight, self.next, now)
            self.send(now)
        if self.due > now:
            return True
        if self.timer == PROBE:
            self._probe_tail(now)
            return True
        self.timeouts += 1
        if self.timeouts > self._settings.retries:
            return False
        self._trip.back_off()
        if self.timer == PERSIST:
            if not self._send_regardless(now):
                self._emit(now, self.una - 1, 0, ACK, (), False)
        else:
            self._tail = None
            recovery.timed_out(flight, self.next, now)
            self.send(now)
        self._arm(now)
        return True

    def too_big(self, now: int) -> None:
        """The segments must be shorter from now on: send again at once what was too long."""
        self.recovery.too_long(self._size.current(), self.next)
        self.send(now)

    def _arm(self, now: int) -> None:
        """Set the timer for what is outstanding now."""
        if self.next > self.una:
            wait, self.timer = self._trip.rto, RETRANSMIT
            if self._may_probe():
                assert self._trip.srtt is not None
                one = len(self._board.records) == 1
                probe = 2 * self._trip.srtt + (self._settings.min_rto if one else PROBE_SLACK)
                if probe < wait:
                    wait, self.timer = probe, PROBE
            self.due = now + wait
        elif self.next < self._out.span and self._stuck():
            self.timer, self.due = PERSIST, now + self._trip.rto
        else:
            self.due = NEVER

    def _stuck(self) -> bool:
        """Whether it is the peer's window that keeps data from being sent."""
        return self.edge - self.next < min(self._size.current(), self._out.end - self.next)

    def _may_probe(self) -> bool:
        """Whether silence means a tail loss probe first (RFC 8985 section 7.2)."""
        return (
            self.sack
            and self._settings.tail_loss_probe
            and self._tail is None
            and self.recovery.state == OPEN
            and not self._board.sacked
            and self._trip.srtt is not None
        )

    def _probe_tail(self, now: int) -> None:
        """Send new data, or the last segment again, so that something comes back (section 7.3)."""
        board = self._board
        if self._send_regardless(now):
            self._tail = (self.next, True)
        else:
            last = board.records[-1]
            board.lose(last)
            board.resend(last, min(last.end - last.start, self._size.current() + 1), now)
            self._tail = (last.end, False)
            self._transmit(last.start, last.end, now, again=True)
        self.timer, self.due = RETRANSMIT, now + self._trip.rto

    def _send_regardless(self, now: int) -> bool:
        """Send a new segment that the peer has room for; returns False if there is none."""
        out, start = self._out, self.next
        length = min(out.end - start, self._size.current(), self.edge - start)
        if length <= 0:
            return False
        self._send_segment(start, length, now)
        return True
