"""One end of a connection: which segments it believes, and how it opens, closes and breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from overlaysim.traffic.tcp.composer import Composer, reset
from overlaysim.traffic.tcp.controls import congestion_control
from overlaysim.traffic.tcp.events import (
    Acknowledged,
    BlackHole,
    Closed,
    Established,
    Event,
    Failed,
    PeerClosed,
    Received,
)
from overlaysim.traffic.tcp.info import TcpInfo
from overlaysim.traffic.tcp.keepalive import Keepalive, Silence
from overlaysim.traffic.tcp.mss import SegmentSize
from overlaysim.traffic.tcp.opening import Agreed, Ends, Opening, Progress
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.receiver import Block, Receiver
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.sender import PERSIST, RETRANSMIT, Sender
from overlaysim.traffic.tcp.sequence import MASK, NEVER, distance
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, FIN, RST, SYN

CHALLENGE_INTERVAL = 500 * MS
"""Empty segments out of place are answered so often (Linux ``tcp_invalid_ratelimit``)."""
PAWS_WINDOW = 1
"""Milliseconds by which a time stamp may be late (Linux ``TCP_PAWS_WINDOW``)."""


class Endpoint:
    """See the module; :class:`overlaysim.traffic.tcp.stack.TcpStack` makes them.

    Sequence numbers are kept as offsets from the initial one: 0 is the SYN, 1 the first byte.

    Args:
        connection: the number that the application knows it by.
        ends: addresses, ports and own initial numbers.
        settings: how TCP behaves.
        mtu: MTU of the path to the peer as the IP stack knows it.
        outbox: takes segments and events, in order.
        passive: whether the peer began.

    Attributes:
        alarm: for the stack: the instant at which it will wake this endpoint.
        closed: whether it can be forgotten.
    """

    _sender: Sender
    _receiver: Receiver
    _agreed: Agreed
    _composer: Composer
    _keepalive: Keepalive

    def __init__(
        self,
        connection: int,
        ends: Ends,
        settings: TcpSettings,
        mtu: Callable[[], int],
        outbox: list[Any],
        *,
        passive: bool,
    ) -> None:
        self.connection = connection
        self.ends = ends
        self.alarm = NEVER
        self.closed = False
        self._settings = settings
        self._outbox = outbox
        self._size = SegmentSize(mtu, settings)
        self._trip = RoundTrip(settings.initial_rto, settings.min_rto, settings.max_rto)
        self._out = Outgoing()
        self._opening: Opening | None = Opening(
            ends, settings, self._size, self._trip, outbox, passive=passive
        )
        self._told_closed = False
        self._closed_first = False
        self._time_wait = NEVER
        self._challenged = -CHALLENGE_INTERVAL
        self._newest = 0  # offset of the peer's segment that last told its window
        self._believed: tuple[Any, ...] = ()  # what was last heard of the own data and the window
        self._soft_error = ""

    # ---- the application ------------------------------------------------------------------------

    def connect(self, now: int) -> None:
        """Send the SYN."""
        assert self._opening is not None
        self._opening.begin(now)

    def accept(self, syn: TcpSegment, now: int) -> None:
        """Answer a SYN."""
        assert self._opening is not None
        self._opening.accept(syn, now)

    def write(self, length: int, content: Any, now: int) -> None:
        """Append to the stream; it goes when the windows let it."""
        self._out.write(length, content)
        if self._opening is None:
            self._sender.send(now)

    def close(self, now: int) -> None:
        """Send a FIN behind all that was written; what the peer still sends is taken.

        During the handshake this waits for its end, unless nothing was written.
        """
        if self._out.closed:
            return
        self._out.closed = True
        if self._opening is None:
            self._closed_first = not self._receiver.finished
            self._sender.send(now)
        elif self._opening.agreed is None and self._out.end == 1:
            self._end(Closed(self.connection))  # nobody has heard of it

    def abort(self, now: int) -> None:
        """Forget it at once, and let the peer know by a reset."""
        if self._time_wait == NEVER:
            self._send_reset()
            self._tell_closed()
        self._end(None)

    def read(self, length: int, now: int) -> None:
        """The application takes ``length`` bytes out of the receive buffer."""
        if self._opening is None and self._receiver.read(length) and not self._receiver.finished:
            self._acknowledge(now)

    @property
    def out(self) -> Outgoing:
        """The stream that is written."""
        return self._out

    @property
    def unread(self) -> int:
        """Bytes in the receive buffer."""
        return 0 if self._opening is not None else self._receiver.unread

    # ---- time -----------------------------------------------------------------------------------

    def next_due(self) -> int:
        """When :meth:`on_timer` has something to do."""
        if self._opening is not None:
            return self._opening.due
        sender = self._sender
        return min(
            sender.due,
            sender.recovery.due,
            self._receiver.due,
            self._time_wait,
            self._keepalive.due,
        )

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        if self._opening is not None:
            self._follow(self._opening.on_timer(now), now)
            return
        if self._time_wait <= now:
            self._end(None)
            return
        if self._sender.next_due <= now:
            self._retransmit(now)
        if not self.closed and self._receiver.due <= now:
            self._acknowledge(now)
        if not self.closed and self._keepalive.due <= now:
            self._keep_alive(now)

    def _retransmit(self, now: int) -> None:
        sender = self._sender
        if sender.due <= now and sender.timer == RETRANSMIT:
            vanished = self._size.suspect(sender.longest, sender.timeouts)
            if vanished is not None:
                self._outbox.append(BlackHole(self.connection, vanished))
        if not sender.on_timer(now):
            self._fail(self._soft_error or "timed out")

    def _keep_alive(self, now: int) -> None:
        sender = self._sender
        what = self._keepalive.on_timer(now, outstanding=sender.next > sender.una)
        if what is Silence.PROBE:
            self._composer.emit(now, sender.una - 1, 0, ACK)
        elif what is Silence.GIVE_UP:
            self._send_reset()
            self._fail(self._soft_error or "timed out")

    # ---- what comes in --------------------------------------------------------------------------

    def receive(self, segment: TcpSegment, now: int) -> None:
        """Take a segment for this pair of ends (RFC 9293 section 3.10.7)."""
        if self._opening is not None:
            progress = self._opening.receive(segment, now)
            self._follow(progress, now)
            if progress is not Progress.DONE or segment.flags & SYN:
                return
        receiver, flags = self._receiver, segment.flags
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

    def _take(self, segment: TcpSegment, offset: int, now: int) -> None:
        """Take a segment that is in its place: acknowledgement, window, data, FIN."""
        may_send = self._take_acknowledgement(segment, offset, now)
        if may_send is None:
            return
        receiver = self._receiver
        if segment.length or segment.flags & FIN:
            self._take_data(segment, offset, now)
        if may_send:
            self._sender.send(now)
        if receiver.must_acknowledge:
            self._acknowledge(now)
        if self._out.closed and receiver.finished:
            self._check_closed(now)

    def _take_data(self, segment: TcpSegment, offset: int, now: int) -> None:
        receiver = self._receiver
        finished = receiver.finished
        length, contents = receiver.take(
            offset, segment.length, bool(segment.flags & FIN), segment.contents, now
        )
        if length:
            self._outbox.append(Received(self.connection, length, contents))
        if receiver.finished and not finished:
            self._outbox.append(PeerClosed(self.connection))
        if self._time_wait != NEVER:  # the peer did not hear our last word
            self._time_wait = now + self._settings.time_wait

    def _outdated(self, segment: TcpSegment) -> bool:
        """Whether it was sent long before one that is here already (PAWS, RFC 7323 section 5)."""
        stamp, newest = segment.stamp, self._composer.echo
        return stamp is not None and stamp != newest and distance(stamp, newest) < -PAWS_WINDOW

    def _take_control(self, offset: int, flags: int, now: int) -> None:
        """A reset must fit exactly, and a SYN has no business here (RFC 5961 sections 3 and 4).

        Where both ends have closed, a reset is not news (RFC 9293 section 3.10.7.4).
        """
        receiver = self._receiver
        if flags & RST and offset == receiver.expected:
            if receiver.finished and self._sender.una >= self._out.end and self._out.closed:
                self._tell_closed()  # only the last acknowledgement is missing
                self._end(None)
            else:
                self._fail("reset by peer")
        elif not flags & RST or receiver.expected < offset <= receiver.edge:
            self._challenge(now)

    def _out_of_place(self, segment: TcpSegment, offset: int, now: int) -> None:
        """Tell the peer where we are."""
        if segment.length:
            expected = self._receiver.expected
            if offset < expected:
                end = min(offset + segment.length, expected)
                self._receiver.report_duplicate(offset, end)
            self._acknowledge(now)
        elif segment.flags & FIN:
            self._acknowledge(now)
        else:
            self._challenge(now)

    def _take_acknowledgement(self, segment: TcpSegment, offset: int, now: int) -> bool | None:
        """Take the acknowledgement and the window.

        Returns whether something may be sent now, or None if the segment cannot be believed.
        """
        sender = self._sender
        una, edge = sender.una, sender.edge
        fields = (segment.ack, segment.window, segment.sack)
        if fields == self._believed and segment.length and una == sender.next:
            self._newest = max(self._newest, offset)
            return False  # it only brings data, as most do
        acked = una + distance(segment.ack, (self.ends.sequence + una) & MASK)
        if acked > sender.next or acked < una - sender.widest:
            self._challenge(now)  # RFC 5961 section 5.2
            return None
        repeats = acked == una
        acked = max(acked, una)
        window = segment.window << self._agreed.peer_scale
        # Linux tcp_may_update_window: of two windows for one acknowledgement the newer counts.
        fresh = acked > una or offset > self._newest
        if fresh or (offset == self._newest and acked + window > edge):
            self._newest = offset
            if acked + window != edge:
                sender.widen(acked + window, window)
        if sender.timer == PERSIST:
            sender.timeouts = 0  # the peer is there, it only has no room
        self._believed = fields
        blocks = self._blocks(segment, una) if segment.sack and self._agreed.sack else ()
        if acked > una or blocks or (repeats and self._is_duplicate(segment, edge)):
            self._advance(acked, blocks, segment.echo if segment.stamp is not None else 0, now)
            return True
        return sender.edge != edge

    def _is_duplicate(self, segment: TcpSegment, edge: int) -> bool:
        """Whether it only repeats what is known (RFC 5681 section 2)."""
        sender = self._sender
        empty = not segment.length and not segment.flags & FIN
        return empty and sender.edge == edge and sender.next > sender.una

    def _advance(self, acked: int, blocks: Sequence[Block], echo: int, now: int) -> None:
        """Let the sender take an acknowledgement, and tell the application."""
        sender, written = self._sender, self._out.end
        before = min(sender.una, written)
        sender.acknowledge(acked, blocks, echo, now)
        length = min(acked, written) - before
        if length:
            unsent = max(0, written - sender.next)
            self._outbox.append(Acknowledged(self.connection, length, unsent))

    def _blocks(self, segment: TcpSegment, una: int) -> list[Block]:
        """The selective acknowledgements as offsets."""
        origin = (self.ends.sequence + una) & MASK
        return [(una + distance(start, origin), una + distance(end, origin))
                for start, end in segment.sack]  # fmt: skip

    # ---- opening and closing --------------------------------------------------------------------

    def _follow(self, progress: Progress, now: int) -> None:
        """Do what comes of the handshake."""
        if progress is Progress.DONE:
            self._establish(now)
        elif progress is not Progress.WAITING:
            assert self._opening is not None
            self._end(None if self._opening.passive else Failed(self.connection, progress.value))

    def _establish(self, now: int) -> None:
        opening, settings, ends = self._opening, self._settings, self.ends
        assert opening is not None
        assert opening.agreed is not None
        agreed = self._agreed = opening.agreed
        mss = self._size.current()
        control = congestion_control(settings, mss)
        if opening.retries > 1:
            control.cwnd = mss  # Linux tcp_init_transfer
        self._receiver = Receiver(settings, agreed.scale, sack=agreed.sack)
        self._composer = Composer(ends, agreed, self._receiver, self._outbox)
        self._sender = Sender(
            settings,
            self._out,
            self._size,
            control,
            self._trip,
            sack=agreed.sack,
            emit=self._composer.emit,
            age=ends.age,
        )
        self._sender.widen(1 + agreed.window, agreed.window)
        self._opening = None
        self._closed_first = self._out.closed
        self._keepalive = Keepalive(settings, now)
        self._outbox.append(
            Established(
                self.connection, ends.local, ends.local_port, ends.remote, ends.remote_port,
                opening.passive,
            )
        )  # fmt: skip
        if not opening.passive:
            self._acknowledge(now)
        self._sender.send(now)

    def _check_closed(self, now: int) -> None:
        """Both ends have closed: over, once the peer has our FIN; who closed first remembers."""
        if self._sender.una < self._out.span or self._time_wait != NEVER:
            return
        self._tell_closed()
        if self._closed_first and self._settings.time_wait:
            self._time_wait = now + self._settings.time_wait
            self._keepalive.due = NEVER
        else:
            self._end(None)

    def _tell_closed(self) -> None:
        if not self._told_closed:
            self._told_closed = True
            self._outbox.append(Closed(self.connection))

    def _fail(self, reason: str) -> None:
        self._end(Failed(self.connection, reason))

    def _end(self, event: Event | None) -> None:
        self.closed = True
        if event is not None:
            self._outbox.append(event)

    # ---- news from below ------------------------------------------------------------------------

    def too_big(self, seq: int, mtu: int, now: int) -> None:
        """ICMP says that a segment with this sequence number was too long (RFC 1191).

        News about what is not on its way is not believed (RFC 5927 section 4.1).
        """
        if self._opening is not None:
            return
        sender = self._sender
        offset = sender.una + distance(seq, (self.ends.sequence + sender.una) & MASK)
        if sender.una <= offset < sender.next:
            self._size.too_big(mtu)
            sender.too_big(now)

    def unreachable(self, reason: str) -> None:
        """ICMP or ARP says that the peer cannot be reached.

        In a handshake that is the end of it; later it may pass, and only explains a time-out
        (RFC 9293 section 3.9.2.2).
        """
        if self._opening is None:
            self._soft_error = reason
        else:
            self._end(None if self._opening.passive else Failed(self.connection, reason))

    # ---- what goes out --------------------------------------------------------------------------

    def _acknowledge(self, now: int) -> None:
        self._composer.emit(now, self._sender.next, 0, ACK)

    def _challenge(self, now: int) -> None:
        """Tell the peer where we are, but not each time."""
        if now - self._challenged >= CHALLENGE_INTERVAL:
            self._challenged = now
            self._acknowledge(now)

    def _send_reset(self) -> None:
        """Tell the peer that it is over, if it knows of the connection at all."""
        if self._opening is None:
            offset, expected = self._sender.next, self._receiver.expected
            self._outbox.append(reset(self.ends, self._agreed, offset, expected))
        elif self._opening.agreed is not None:
            self._outbox.append(reset(self.ends, self._opening.agreed, 1, 1))

    # ---- what others may know -------------------------------------------------------------------

    @property
    def state(self) -> str:
        """The state of RFC 9293 section 3.3.2."""
        if self.closed:
            return "CLOSED"
        if self._opening is not None:
            return "SYN-SENT" if self._opening.agreed is None else "SYN-RECEIVED"
        finished = self._receiver.finished
        if not self._out.closed:
            return "CLOSE-WAIT" if finished else "ESTABLISHED"
        return self._closing_state(finished)

    def _closing_state(self, finished: bool) -> str:
        if self._time_wait != NEVER:
            return "TIME-WAIT"
        if not self._closed_first:
            return "LAST-ACK"
        if finished:
            return "CLOSING"
        return "FIN-WAIT-2" if self._sender.una == self._out.span else "FIN-WAIT-1"

    def succeeded_by(self, syn: TcpSegment) -> bool:
        """Whether a SYN may begin a new connection between these ends in TIME-WAIT (RFC 6191)."""
        if self._time_wait == NEVER or syn.flags & (SYN | ACK | RST) != SYN:
            return False
        if syn.stamp is not None and self._agreed.time_stamps:
            return distance(syn.stamp, self._composer.echo) > 0
        receiver = self._receiver
        return distance(syn.seq, (self._agreed.sequence + receiver.expected) & MASK) > 0

    def info(self) -> TcpInfo:
        """The figures of the connection at present."""
        trip, out = self._trip, self._out
        if self._opening is not None:
            return TcpInfo(
                self.state, 0.0, None, trip.srtt, trip.rttvar, trip.rto, self._size.current(),
                self._opening.retries, 0, 0, 0,
            )  # fmt: skip
        sender, control, received = self._sender, self._sender.control, self._receiver.expected
        return TcpInfo(
            self.state, control.cwnd / control.mss, control.slow_start_threshold, trip.srtt,
            trip.rttvar, trip.rto, self._size.current(), sender.retransmits,
            min(sender.next, out.end) - 1, min(sender.una, out.end) - 1,
            received - 1 - self._receiver.finished,
        )  # fmt: skip
