"""One end of a connection, from its handshake to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaysim.traffic.tcp.composer import reset
from overlaysim.traffic.tcp.controls import congestion_control
from overlaysim.traffic.tcp.conversation import Conversation
from overlaysim.traffic.tcp.events import Closed, Established, Event, Failed
from overlaysim.traffic.tcp.info import TcpInfo
from overlaysim.traffic.tcp.mss import SegmentSize
from overlaysim.traffic.tcp.opening import Ends, Opening, Progress
from overlaysim.traffic.tcp.outgoing import Outgoing
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.segment import TcpSegment
from overlaysim.traffic.tcp.sequence import NEVER
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.wire.tcp import ACK, RST, SYN


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
        out: the stream that is written.
        alarm: for the stack: the instant at which it will wake this endpoint.
        closed: whether it can be forgotten.
    """

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
        self.out = Outgoing()
        self.alarm = NEVER
        self.closed = False
        self._settings = settings
        self._outbox = outbox
        self._size = SegmentSize(mtu, settings)
        self._trip = RoundTrip(settings.initial_rto, settings.min_rto, settings.max_rto)
        self._opening = Opening(ends, settings, self._size, self._trip, outbox, passive=passive)
        self._open: Conversation | None = None  # once the handshake is done

    # ---- the application ------------------------------------------------------------------------

    def connect(self, now: int) -> None:
        """Send the SYN."""
        self._opening.begin(now)

    def accept(self, syn: TcpSegment, now: int) -> None:
        """Answer a SYN."""
        self._opening.accept(syn, now)

    def write(self, length: int, content: Any, now: int) -> None:
        """Append to the stream; it goes when the windows let it."""
        self.out.write(length, content)
        if self._open is not None:
            self._open.sender.send(now)

    def close(self, now: int) -> None:
        """Send a FIN behind all that was written; what the peer still sends is taken.

        During the handshake this waits for its end, unless nothing was written.
        """
        if self.out.closed:
            return
        self.out.closed = True
        if self._open is not None:
            self._open.close(now)
        elif self._opening.agreed is None and self.out.end == 1:
            self._end(Closed(self.connection))  # nobody has heard of it

    def abort(self) -> None:
        """Forget it at once, and let the peer know by a reset."""
        if self._open is not None:
            self._open.abort()
            self.closed = True
            return
        agreed = self._opening.agreed
        if agreed is not None:
            self._outbox.append(reset(self.ends, agreed, 1, 1))
        self._end(Closed(self.connection))

    def read(self, length: int, now: int) -> None:
        """The application takes ``length`` bytes out of the receive buffer."""
        conversation = self._open
        if conversation is not None and conversation.receiver.read(length):
            conversation.acknowledge(now)

    @property
    def unread(self) -> int:
        """Bytes in the receive buffer."""
        return 0 if self._open is None else self._open.receiver.unread

    # ---- the machine ----------------------------------------------------------------------------

    def next_due(self) -> int:
        """When :meth:`on_timer` has something to do."""
        return self._opening.due if self._open is None else self._open.next_due()

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        if self._open is None:
            self._follow(self._opening.on_timer(now), now)
        else:
            self._open.on_timer(now)
            self.closed = self._open.over

    def receive(self, segment: TcpSegment, now: int) -> None:
        """Take a segment for this pair of ends."""
        conversation = self._open
        if conversation is None:
            conversation = self._follow(self._opening.receive(segment, now), now)
            if conversation is None or segment.flags & SYN:
                return
        conversation.receive(segment, now)
        self.closed = conversation.over

    def too_big(self, seq: int, mtu: int, now: int) -> None:
        """See :meth:`Conversation.too_big`; a SYN is never too long."""
        if self._open is not None:
            self._open.too_big(seq, mtu, now)

    def unreachable(self, reason: str) -> None:
        """ICMP or ARP says that the peer cannot be reached.

        In a handshake that is the end of it; later it may pass, and only explains a time-out
        (RFC 9293 section 3.9.2.2).
        """
        if self._open is None:
            self._fail(reason)
        else:
            self._open.soft_error = reason

    # ---- from the handshake on ------------------------------------------------------------------

    def _follow(self, progress: Progress, now: int) -> Conversation | None:
        """Do what comes of the handshake; returns the conversation if it may begin."""
        if progress is Progress.DONE:
            return self._establish(now)
        if progress is not Progress.WAITING:
            self._fail(progress.value)
        return None

    def _establish(self, now: int) -> Conversation:
        opening, ends = self._opening, self.ends
        assert opening.agreed is not None
        control = congestion_control(self._settings, self._size.current())
        if opening.retries > 1:
            control.cwnd = control.mss  # Linux tcp_init_transfer
        conversation = self._open = Conversation(
            self.connection, ends, self._settings, opening.agreed, self._size, self._trip, control,
            self.out, self._outbox, now,
        )  # fmt: skip
        self._outbox.append(
            Established(
                self.connection, ends.local, ends.local_port, ends.remote, ends.remote_port,
                opening.passive,
            )
        )  # fmt: skip
        if not opening.passive:
            conversation.acknowledge(now)
        conversation.sender.send(now)
        return conversation

    def _fail(self, reason: str) -> None:
        """End a handshake; an application that never heard of the connection hears nothing now."""
        self._end(None if self._opening.passive else Failed(self.connection, reason))

    def _end(self, event: Event | None) -> None:
        self.closed = True
        if event is not None:
            self._outbox.append(event)

    # ---- what others may know -------------------------------------------------------------------

    @property
    def state(self) -> str:
        """The state of RFC 9293 section 3.3.2."""
        if self._open is not None:
            return self._open.state
        return "SYN-SENT" if self._opening.agreed is None else "SYN-RECEIVED"

    def succeeded_by(self, segment: TcpSegment) -> bool:
        """Whether a segment begins a new connection in place of this one, which is over."""
        begins = segment.flags & (SYN | ACK | RST) == SYN
        return begins and self._open is not None and self._open.succeeded_by(segment)

    def info(self) -> TcpInfo:
        """The figures of the connection at present."""
        trip, end, mss = self._trip, self.out.end, self._size.current()
        if self._open is None:
            return TcpInfo(
                self.state, 0.0, None, trip.srtt, trip.rttvar, trip.rto, mss, self._opening.retries,
                0, 0, 0,
            )  # fmt: skip
        sender, receiver = self._open.sender, self._open.receiver
        control = sender.control
        return TcpInfo(
            self.state, control.cwnd / control.mss, control.slow_start_threshold, trip.srtt,
            trip.rttvar, trip.rto, mss, sender.retransmits, min(sender.next, end) - 1,
            min(sender.una, end) - 1, receiver.expected - 1 - receiver.finished,
        )  # fmt: skip
