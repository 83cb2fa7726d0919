"""The sending half of a connection: what goes out when, within the windows of path and peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.mss import SegmentSize
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.recovery import RECOVERY, Recovery
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.scoreboard import Scoreboard, Sent
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.traffic.tcp.tail import TailLossProbe
from overlaysim.traffic.tcp.timer import PERSIST, PROBE, RETRANSMIT, Timer
from overlaysim.wire.tcp import ACK, FIN, PSH

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
        age: tells how long ago a time stamp was made, picoseconds.

    Attributes:
        una: offset of the first byte that is not acknowledged.
        next: offset of the first byte that has not been sent.
        edge: offset behind the last byte that the peer has room for.
        widest: the largest window that the peer ever offered, bytes.
        timeouts: time-outs, or probes of a closed window, since the last sign of progress.
        retransmits: segments sent again.
        timer: for time-outs and probes.
    """

    __slots__ = (
        "_age", "_board", "_emit", "_last_sent", "_out", "_settings", "_size", "_small", "_tail",
        "_trip", "control", "edge", "next", "recovery", "retransmits", "sack", "timeouts",
        "timer", "una", "widest",
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
        age: Callable[[int, int], int],
    ) -> None:
        self._settings = settings
        self._out = out
        self._size = size
        self._trip = trip
        self._emit = emit
        self._age = age
        self._board = Scoreboard()
        self.control = control
        self.recovery = Recovery(self._board, control, trip, sack=sack, settings=settings)
        self.sack = sack
        self.una = self.next = self.edge = 1
        self.widest = 0
        self.timeouts = self.retransmits = 0
        self._small = 0  # offset behind the last small segment, for Nagle
        self._tail = TailLossProbe(settings, self._board, self.recovery, trip, sack=sack)
        self.timer = Timer(trip, self._tail)
        self._last_sent = 0

    @property
    def longest(self) -> int:
        """Payload bytes of the first segment that is not acknowledged; 0 if there is none."""
        first = self._board.records[0] if self._board.records else None
        return 0 if first is None else min(first.end, self._out.end) - first.start

    # ---- acknowledgements -----------------------------------------------------------------------

    def acknowledge(
        self, offset: int, blocks: Sequence[tuple[int, int]], echo: int, now: int
    ) -> None:
        """Take an acknowledgement that says something new, or is a duplicate (RFC 5681 section 2).

        Args:
            offset: everything below it is with the peer.
            blocks: what is with the peer besides; the first may be a duplicate's.
            echo: the own time stamp that it echoes; 0 for none.
            now: the instant, picoseconds.
        """
        board, recovery = self._board, self.recovery
        una, flight = self.una, self.next - self.una
        advanced = offset > una
        arrived: list[Sent] = []
        done, once = 0, True
        if advanced:
            self.una = offset
            self.timeouts = 0
            arrived, done, once = board.acknowledge(offset)
            self._out.forget_below(offset)
        selected = self._select(offset, blocks) if blocks else []
        twice = bool(blocks) and blocks[0][1] <= offset
        # Who answers a duplicate echoes what came before it, which tells no round trip.
        echo = echo if advanced and not twice else 0
        rtt = self._measure(arrived if once else [], selected, echo, now)
        if advanced:
            recovery.advance(offset, done)
        elif not self.sack:
            recovery.duplicate()
        recovery.assess(
            arrived + selected if selected else arrived, flight, self.next, now, advanced=advanced
        )
        if self._tail.pending:
            self._tail.acknowledged(offset, flight, now, advanced=advanced, twice=twice)
        if advanced and recovery.state != RECOVERY:
            self.control.acknowledged(offset - una, flight, rtt, now)
        if advanced:
            if not recovery.impatient:
                self._arm(now)
        elif selected and (self.timer.kind == PROBE or recovery.by_time):
            self._arm(now)

    def _select(self, offset: int, blocks: Sequence[tuple[int, int]]) -> list[Sent]:
        """The segments that were not known to have arrived; blocks that cannot be are ignored."""
        return [
            record for start, end in blocks if max(start, offset) < end <= self.next
            for record in self._board.select(start, end)
        ]  # fmt: skip

    def _measure(
        self, arrived: Sequence[Sent], selected: Sequence[Sent], echo: int, now: int
    ) -> int | None:
        """Take the round trip, if there is one to take; returns that of the newest segment.

        Args:
            arrived: segments acknowledged in order, none if a copy was among them: what is
                acknowledged with it may have waited for it (Karn).
            selected: segments acknowledged selectively.
            echo: the time stamp that tells it instead, in whole milliseconds; 0 for none.
            now: the instant, picoseconds.
        """
        timed = arrived or [record for record in selected if not record.resent]
        if timed:
            self._trip.measured(now - timed[0].sent_at)
            return now - timed[-1].sent_at
        if not echo:
            return None
        rtt = self._age(echo, now)
        self._trip.measured(rtt)
        return rtt

    def widen(self, edge: int, window: int) -> None:
        """The peer has room up to ``edge``; its window is ``window`` bytes."""
        self.edge = edge
        self.widest = max(self.widest, window)
        if self.timer.kind == PERSIST and not self.timer.off and not self._stuck():
            self._trip.reset()
            self.timer.stop()

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
        timer = self.timer
        if timer.due == NEVER or (self.next > before and timer.kind != RETRANSMIT):
            self._arm(now)

    def _resend(self, record: Sent, mss: int, now: int) -> Sent | None:
        """Send lost segments again as the window allows; returns the one that had to wait."""
        control, recovery, board = self.control, self.recovery, self._board
        lost: Sent | None = record
        while lost is not None:
            length = self._fitting(lost, mss)
            if not recovery.urgent and 0 < recovery.pipe > control.cwnd - length:
                return lost
            recovery.urgent = False
            if lost.start == self.una and not recovery.impatient:
                self.timer.stop()  # to begin anew
            board.resend(lost, length, now)
            self._transmit(lost.start, lost.end, now, again=True)
            lost = board.first_lost()
        return None

    def _fitting(self, record: Sent, mss: int) -> int:
        """As much of a segment as fits into one now; a FIN does not count."""
        length = record.end - record.start
        return length if length - (record.end > self._out.end) <= mss else mss

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
        return min(self.timer.due, self.recovery.due)

    def on_timer(self, now: int) -> bool:
        """Do what is due; returns whether there is hope left."""
        recovery = self.recovery
        flight = self.next - self.una
        if recovery.due <= now:
            recovery.look_again(flight, self.next, now)
            self.send(now)
        if self.timer.due > now:
            return True
        if self.timer.kind == PROBE:
            self._probe_tail(now)
            return True
        self.timeouts += 1
        if self.timeouts > self._settings.retries:
            return False
        self._trip.back_off()
        if self.timer.kind == PERSIST:
            if not self._send_regardless(now):
                self._emit(now, self.una - 1, 0, ACK, (), False)
        else:
            self._tail.forget()
            recovery.timed_out(flight, self.next, now, again=self.timeouts > 1)
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
            self.timer.start(now)
        elif self.next < self._out.span and self._stuck():
            self.timer.persist(now)
        else:
            self.timer.stop()

    def _stuck(self) -> bool:
        """Whether it is the peer's window that keeps data from being sent."""
        return self.edge - self.next < min(self._size.current(), self._out.end - self.next)

    def _probe_tail(self, now: int) -> None:
        """Send new data, or the last segment again, so that something comes back (section 7.3)."""
        board = self._board
        if self._send_regardless(now):
            self._tail.sent(self.next, new=True)
        else:
            last = board.records[-1]
            board.lose(last)
            board.resend(last, self._fitting(last, self._size.current()), now)
            self._tail.sent(last.end, new=False)
            self._transmit(last.start, last.end, now, again=True)
        self.timer.probed(now)

    def _send_regardless(self, now: int) -> bool:
        """Send a new segment that the peer has room for; returns False if there is none."""
        out, start = self._out, self.next
        length = min(out.end - start, self._size.current(), self.edge - start)
        if length <= 0:
            return False
        self._send_segment(start, length, now)
        return True
