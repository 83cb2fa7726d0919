"""A connection between its handshake and its end: which segments it believes, and how it closes."""

from __future__ import annotations

from typing import Any

from overlaysim.traffic.tcp.acknowledgements import Acknowledgements
from overlaysim.traffic.tcp.composer import Composer, reset
from overlaysim.traffic.tcp.congestion import CongestionControl
from overlaysim.traffic.tcp.events import BlackHole, Closed, Failed, PeerClosed, Received
from overlaysim.traffic.tcp.keepalive import Keepalive, Silence
from overlaysim.traffic.tcp.mss import SegmentSize
from overlaysim.traffic.tcp.opening import Agreed, Ends
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.receiver import Receiver
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.sender import Sender
from overlaysim.traffic.tcp.sequence import MASK, NEVER, distance
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.traffic.tcp.timer import RETRANSMIT
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, FIN, RST, SYN

CHALLENGE_INTERVAL = 500 * MS
"""Empty segments out of place are answered so often (Linux ``tcp_invalid_ratelimit``)."""
PAWS_WINDOW = 1
"""Milliseconds by which a time stamp may be late (Linux ``TCP_PAWS_WINDOW``)."""


class Conversation:
    """See the module.

    Args:
        connection: the number that the application knows it by.
        ends: addresses, ports and own initial numbers.
        settings: how TCP behaves.
        agreed: what the handshake has settled.
        size: how long segments may be.
        trip: round-trip times, with that of the handshake.
        control: the congestion control.
        out: the stream to send.
        outbox: takes segments and events, in order.
        now: the instant, picoseconds.

    Attributes:
        sender: the sending half.
        receiver: the receiving half.
        time_wait: when TIME-WAIT ends, picoseconds.
        closed_first: whether this end closed before it heard that the peer did.
        over: whether it can be forgotten.
        soft_error: why segments cannot be delivered, if somebody said so.
    """

    def __init__(
        self,
        connection: int,
        ends: Ends,
        settings: TcpSettings,
        agreed: Agreed,
        size: SegmentSize,
        trip: RoundTrip,
        control: CongestionControl,
        out: Outgoing,
        outbox: list[Any],
        now: int,
    ) -> None:
        self._connection = connection
        self._ends = ends
        self._settings = settings
        self._agreed = agreed
        self._size = size
        self._out = out
        self._outbox = outbox
        self.receiver = Receiver(settings, agreed.scale, sack=agreed.sack)
        self._composer = Composer(ends, agreed, self.receiver, outbox)
        self.sender = Sender(
            settings, out, size, control, trip, sack=agreed.sack, emit=self._composer.emit,
            age=ends.age,
        )  # fmt: skip
        self.sender.widen(1 + agreed.window, agreed.window)
        self._reader = Acknowledgements(connection, ends, agreed, out, self.sender, outbox)
        self._keepalive = Keepalive(settings, now)
        self._challenged = -CHALLENGE_INTERVAL
        self.time_wait = NEVER
        self.closed_first = out.closed
        self.over = False
        self.soft_error = ""

    # ---- time -----------------------------------------------------------------------------------

    def next_due(self) -> int:
        """When :meth:`on_timer` has something to do."""
        sender = self.sender
        return min(
            sender.timer.due, sender.recovery.due, self.receiver.due, self.time_wait,
            self._keepalive.due,
        )  # fmt: skip

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        if self.time_wait <= now:
            self.over = True
        if not self.over and self.sender.next_due <= now:
            self._retransmit(now)
        if not self.over and self.receiver.due <= now:
            self.acknowledge(now)
        if not self.over and self._keepalive.due <= now:
            self._keep_alive(now)

    def _retransmit(self, now: int) -> None:
        sender = self.sender
        if sender.timer.due <= now and sender.timer.kind == RETRANSMIT:
            vanished = self._size.suspect(sender.longest, sender.timeouts)
            if vanished is not None:
                self._outbox.append(BlackHole(self._connection, vanished))
        if not sender.on_timer(now):
            self._fail(self.soft_error or "timed out")

    def _keep_alive(self, now: int) -> None:
        sender = self.sender
        what = self._keepalive.on_timer(now, outstanding=sender.next > sender.una)
        if what is Silence.PROBE:
            self._composer.emit(now, sender.una - 1, 0, ACK)
        elif what is Silence.GIVE_UP:
            self._send_reset()
            self._fail(self.soft_error or "timed out")

    # ---- what comes in --------------------------------------------------------------------------

    def receive(self, segment: TcpSegment, now: int) -> None:
        """Take a segment (RFC 9293 section 3.10.7.4)."""
        receiver, flags = self.receiver, segment.flags
        self._keepalive.heard = now
        expected = receiver.expected
        offset = expected + distance(segment.seq, (self._agreed.sequence + expected) & MASK)
        if flags & (RST | SYN):
            self._take_control(offset, flags, now)
        elif (
            offset + segment.length + (flags & FIN) < receiver.told
            or offset > receiver.edge
            or self._outdated(segment)
        ):
            self._out_of_place(segment, offset, now)
        elif flags & ACK:
            if segment.stamp is not None and offset <= receiver.told:
                self._composer.echo = segment.stamp
            self._take(segment, offset, now)

    def _outdated(self, segment: TcpSegment) -> bool:
        """Whether it was sent long before one that is here already (PAWS, RFC 7323 section 5)."""
        stamp, newest = segment.stamp, self._composer.echo
        return stamp is not None and stamp != newest and distance(stamp, newest) < -PAWS_WINDOW

    def _take_control(self, offset: int, flags: int, now: int) -> None:
        """A reset must fit exactly, and a SYN has no business here (RFC 5961 sections 3 and 4).

        Where both ends have closed, a reset is not news (RFC 9293 section 3.10.7.4).
        """
        receiver = self.receiver
        if flags & RST and offset == receiver.expected:
            if receiver.finished and self._out.closed and self.sender.una >= self._out.end:
                self._tell_closed()  # only the last acknowledgement is missing
                self.over = True
            else:
                self._fail("reset by peer")
        elif not flags & RST or receiver.expected < offset <= receiver.edge:
            self._challenge(now)

    def _out_of_place(self, segment: TcpSegment, offset: int, now: int) -> None:
        """Tell the peer where we are."""
        if segment.length:
            expected = self.receiver.expected
            if offset < expected:
                self.receiver.report_duplicate(offset, min(offset + segment.length, expected))
            self.acknowledge(now)
        elif segment.flags & FIN:
            self.acknowledge(now)
        else:
            self._challenge(now)

    def _take(self, segment: TcpSegment, offset: int, now: int) -> None:
        """Take a segment that is in its place: acknowledgement, window, data, FIN."""
        may_send = self._reader.read(segment, offset, now)
        if may_send is None:
            self._challenge(now)
            return
        receiver = self.receiver
        if segment.length or segment.flags & FIN:
            self._take_data(segment, offset, now)
        if may_send:
            self.sender.send(now)
        if receiver.must_acknowledge:
            self.acknowledge(now)
        if self._out.closed and receiver.finished:
            self._check_closed(now)

    def _take_data(self, segment: TcpSegment, offset: int, now: int) -> None:
        receiver = self.receiver
        finished = receiver.finished
        length, contents = receiver.take(
            offset, segment.length, bool(segment.flags & FIN), segment.contents, now
        )
        if length:
            self._outbox.append(Received(self._connection, length, contents))
        if receiver.finished and not finished:
            self._outbox.append(PeerClosed(self._connection))
        if self.time_wait != NEVER:  # the peer did not hear our last word
            self.time_wait = now + self._settings.time_wait

    # ---- what goes out --------------------------------------------------------------------------

    def acknowledge(self, now: int) -> None:
        """Send an acknowledgement alone."""
        self._composer.emit(now, self.sender.next, 0, ACK)

    def _challenge(self, now: int) -> None:
        """Tell the peer where we are, but not each time."""
        if now - self._challenged >= CHALLENGE_INTERVAL:
            self._challenged = now
            self.acknowledge(now)

    def too_big(self, seq: int, mtu: int, now: int) -> None:
        """ICMP says that a segment with this sequence number was too long (RFC 1191).

        News about what is not on its way is not believed (RFC 5927 section 4.1).
        """
        sender = self.sender
        offset = sender.una + distance(seq, (self._ends.sequence + sender.una) & MASK)
        if sender.una <= offset < sender.next:
            self._size.too_big(mtu)
            sender.too_big(now)

    # ---- the end --------------------------------------------------------------------------------

    def close(self, now: int) -> None:
        """The stream to send has been closed."""
        self.closed_first = not self.receiver.finished
        self.sender.send(now)

    def abort(self) -> None:
        """Forget it at once, and let the peer know by a reset."""
        if self.time_wait == NEVER:
            self._send_reset()
            self._tell_closed()
        self.over = True

    def _send_reset(self) -> None:
        offset, expected = self.sender.next, self.receiver.expected
        self._outbox.append(reset(self._ends, self._agreed, offset, expected))

    def _check_closed(self, now: int) -> None:
        """Both ends have closed: over, once the peer has our FIN; who closed first remembers."""
        if self.sender.una < self._out.span or self.time_wait != NEVER:
            return
        self._tell_closed()
        if self.closed_first and self._settings.time_wait:
            self.time_wait = now + self._settings.time_wait
            self._keepalive.due = NEVER
        else:
            self.over = True

    def _tell_closed(self) -> None:
        """Once: also a connection in TIME-WAIT has told already."""
        if self.time_wait == NEVER:
            self._outbox.append(Closed(self._connection))

    def _fail(self, reason: str) -> None:
        self._outbox.append(Failed(self._connection, reason))
        self.over = True

    @property
    def state(self) -> str:
        """The state of RFC 9293 section 3.3.2, from ESTABLISHED on."""
        finished = self.receiver.finished
        if not self._out.closed:
            return "CLOSE-WAIT" if finished else "ESTABLISHED"
        if self.time_wait != NEVER:
            return "TIME-WAIT"
        if not self.closed_first:
            return "LAST-ACK"
        if finished:
            return "CLOSING"
        return "FIN-WAIT-2" if self.sender.una == self._out.span else "FIN-WAIT-1"

    def succeeded_by(self, syn: TcpSegment) -> bool:
        """Whether a SYN may begin a new connection between these ends in TIME-WAIT (RFC 6191)."""
        if self.time_wait == NEVER:
            return False
        if syn.stamp is not None and self._agreed.time_stamps:
            return distance(syn.stamp, self._composer.echo) > 0
        return distance(syn.seq, (self._agreed.sequence + self.receiver.expected) & MASK) > 0
