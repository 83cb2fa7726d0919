"""One end of a TCP connection that carries at most one message in each direction.

What is modelled: the handshake, segments as long as path and peer let them be, cumulative
acknowledgements, slow start, retransmission, and the closing exchange. Every second segment is
acknowledged, a single one after a while, and at once the last of a message, what comes ahead of its
turn, and what came before. What is left out, because control-plane messages are small: congestion
avoidance, fast retransmit, flow control, selective acknowledgements and TIME-WAIT (a late FIN is
answered by a reset, which ends the other side just as well). What was too long for its path goes
again, shorter, when its time-out has come, not already when that becomes known.

Sequence numbers are kept as offsets from the initial one: 0 is the SYN, 1 the first byte of the
message, ``1 + length`` the FIN.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from overlaysim.traffic.segment import MSS, Segment
from overlaysim.traffic.tcp.options import TIME_STAMPS
from overlaysim.traffic.tcp.segment import IP_AND_TCP
from overlaysim.traffic.tcp.sequence import MASK, distance
from overlaysim.units import MS, SECOND
from overlaysim.wire.tcp import ACK, FIN, PSH, RST, SYN

SYN_TIMEOUT = SECOND
"""First wait for an answer to a SYN; doubles (RFC 6298 section 2.1)."""

MIN_TIMEOUT = 200 * MS
"""Smallest retransmission time-out (Linux ``TCP_RTO_MIN``)."""

MAX_TIMEOUT = 120 * SECOND
"""Largest retransmission time-out (Linux ``TCP_RTO_MAX``)."""

DELAYED_ACK = 40 * MS
"""How long a segment waits for another to be acknowledged with (Linux ``TCP_DELACK_MIN``)."""

INITIAL_WINDOW = 10 * MSS
"""Bytes that may be in flight at first (RFC 6928); each acknowledged byte allows one more."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one end has to say: ``content`` stands for ``length`` bytes."""

    content: Any
    length: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a segment or a timer brought about: the peer's whole message, or a failure."""

    message: Message | None = None
    failure: str | None = None


_NOTHING = Outcome()


class Connection:
    """One end of a connection; :class:`overlaysim.traffic.stream.StreamStack` makes them.

    Args:
        port: own port.
        peer: address of the other host.
        peer_port: port there.
        sequence: initial sequence number, 32 bits.
        kind: what the stream is for.
        opener: whether this end sends the SYN.
        patience: time without any progress after which it is given up, picoseconds.
        mtu: gives the MTU of the path to the peer as the host knows it at present.
    """

    def __init__(
        self,
        *,
        port: int,
        peer: str,
        peer_port: int,
        sequence: int,
        kind: str,
        opener: bool,
        patience: int,
        mtu: Callable[[], int],
    ) -> None:
        self.port, self.peer, self.peer_port = port, peer, peer_port
        self.kind = kind
        self.opener = opener
        self.outbox: list[Segment] = []
        self._patience = patience
        self._mtu = mtu
        self._peer_mss = sys.maxsize
        self._sequence = sequence
        self._peer_sequence = 0
        self._established = False
        self._failed = False
        self._message = Message(None, 0)
        self._wants_reply = False
        self._closing = False  # whether a FIN stands behind the own message
        self._sent = 0  # offset up to which everything was sent
        self._acknowledged = 0  # offset up to which the peer has everything
        self._window = INITIAL_WINDOW
        self._repaired_at: int | None = None  # offset behind the segments that may have been lost
        self._expected = 0  # offset of the peer's next byte
        self._early: dict[int, Segment] = {}  # what came ahead of its turn, by offset
        self._unanswered = 0  # segments taken since the last acknowledgement
        self._acknowledge_at: int | None = None
        self._complete = False  # whether the peer's message has been handed over
        self._peer_closed = False
        self._echo: int | None = None
        self._timeout = SYN_TIMEOUT
        self._retry_at: int | None = None
        self._give_up_at = 0

    @property
    def closed(self) -> bool:
        """Whether both ends have closed and know it, or it failed."""
        done = self._peer_closed and self._closing and self._acknowledged == self._end
        return self._failed or done

    @property
    def awaits_reply(self) -> bool:
        """Whether the peer's message is here and the peer keeps the connection for an answer."""
        return self._complete and not self._closing and not self._peer_closed

    @property
    def _fulfilled(self) -> bool:
        """Whether the opener has got all that it opened the connection for."""
        return self._complete if self._wants_reply else self._acknowledged == self._end

    @property
    def _deadline(self) -> int | None:
        """When to give up; None while only the own host's reply is missing."""
        waits = self.awaits_reply and self._retry_at is None
        return None if waits else self._give_up_at

    @property
    def _end(self) -> int:
        """Offset behind all that this end has to send."""
        return 1 + self._message.length + self._closing

    def next_timer(self) -> int | None:
        """When to call :meth:`on_timer`; None for never."""
        alarms = (self._deadline, self._retry_at, self._acknowledge_at)
        return min((alarm for alarm in alarms if alarm is not None), default=None)

    def connect(self, message: Message, wants_reply: bool, dial_timeout: int, now: int) -> None:
        """Opener: send the SYN; ``message`` follows when it is answered."""
        self._message = message
        self._wants_reply = wants_reply
        self._closing = not wants_reply
        self._begin(dial_timeout, now)

    def accept(self, syn: Segment, dial_timeout: int, now: int) -> None:
        """Listener: answer the peer's SYN."""
        self._peer_sequence, self._expected, self._echo = syn.seq, 1, syn.sent_at
        self._peer_mss = syn.mss
        self._begin(dial_timeout, now)

    def reply(self, message: Message, now: int) -> None:
        """Listener: send ``message`` and close behind it; only while :attr:`awaits_reply`."""
        self._message = message
        self._closing = True
        self._give_up_at = now + self._patience
        self._send_more(now)

    def on_timer(self, now: int) -> Outcome:
        """Retransmit, acknowledge, or give up."""
        if self._deadline is not None and now >= self._deadline:
            return self._give_up(now)
        if self._acknowledge_at is not None and now >= self._acknowledge_at:
            self._acknowledge(now)
        if self._retry_at is not None and now >= self._retry_at:
            self._repaired_at = self._sent
            self._window = INITIAL_WINDOW
            self._send_from(self._acknowledged, now)
            self._timeout = min(2 * self._timeout, MAX_TIMEOUT)
            self._retry_at = now + self._timeout
        return _NOTHING

    def abort(self, now: int) -> None:
        """The program has closed it: tell the peer, if there is a connection, by a reset."""
        self._give_up(now)

    def receive(self, segment: Segment, now: int) -> Outcome:
        """Take a segment that belongs to this pair of addresses and ports."""
        if segment.flags & RST:
            return self._take_reset(segment, now)
        acknowledged = distance(segment.ack, self._sequence)
        if not self._established:
            if not self._take_handshake(segment, acknowledged, now):
                return _NOTHING
        elif segment.flags & SYN or not 0 <= acknowledged <= self._sent:
            # Our answer to its SYN was lost, or this is from an earlier connection: either way
            # the peer needs to hear where we are (RFC 5961 sections 4.2 and 5.2).
            self._acknowledge(now)
            return _NOTHING
        self._take_acknowledgement(segment, acknowledged, now)
        if segment.length or segment.flags & FIN:
            return self._take_data(segment, now)
        return _NOTHING

    def _begin(self, dial_timeout: int, now: int) -> None:
        self._give_up_at = now + dial_timeout
        self._sent = self._send_from(0, now)
        self._retry_at = now + self._timeout

    def _give_up(self, now: int) -> Outcome:
        self._failed = True
        if self._established:
            self._emit(self._sent, RST | ACK, 0, None, now)
        if self._fulfilled:
            return _NOTHING
        return Outcome(failure="timed out" if self._established else "dial timed out")

    def _take_reset(self, segment: Segment, now: int) -> Outcome:
        """Believe a reset only if it fits exactly (RFC 5961 section 3.2)."""
        place = distance(segment.seq, self._peer_sequence)
        if self.opener and not self._established:
            fits = bool(segment.flags & ACK) and distance(segment.ack, self._sequence) == 1
        else:
            fits = place == self._expected
        if not fits:
            if self._established and place > self._expected:
                self._acknowledge(now)  # the peer, if it is gone, resets once more and exactly
            return _NOTHING
        self._failed = True
        if self._fulfilled:
            return _NOTHING
        return Outcome(failure="reset by peer" if self._established else "refused")

    def _take_handshake(self, segment: Segment, acknowledged: int, now: int) -> bool:
        """Take what comes before the connection stands; returns whether it stands now."""
        if not segment.flags & ACK:
            if not self.opener:
                self._send_from(0, now)  # the peer's SYN again: it did not hear the answer
            return False
        if acknowledged != 1 or bool(segment.flags & SYN) is not self.opener:
            # The peer has an earlier connection in mind (RFC 9293 section 3.5.2).
            self._emit(distance(segment.ack, self._sequence), RST, 0, None, now)
            return False
        self._established = True
        if self.opener:
            self._peer_sequence, self._expected, self._echo = segment.seq, 1, segment.sent_at
            self._peer_mss = segment.mss
            self._acknowledge(now)
        return True

    def _take_acknowledgement(self, segment: Segment, acknowledged: int, now: int) -> None:
        if acknowledged <= self._acknowledged:
            return
        if self._acknowledged:  # the acknowledgement of the SYN opens nothing
            self._window += acknowledged - self._acknowledged
        self._acknowledged = acknowledged
        self._give_up_at = now + self._patience
        if segment.echo is not None:
            # RFC 6298 section 2.2 for every measurement: three times the newest round trip.
            self._timeout = max(MIN_TIMEOUT, 3 * (now - segment.echo))
        if self._repaired_at is not None and acknowledged < self._repaired_at:
            self._send_from(acknowledged, now)  # the next hole (RFC 6582 section 3.2)
        else:
            self._repaired_at = None
        self._retry_at = None if acknowledged == self._sent else now + self._timeout
        self._send_more(now)

    def _take_data(self, segment: Segment, now: int) -> Outcome:
        offset = distance(segment.seq, self._peer_sequence)
        if offset != self._expected:
            if offset > self._expected:
                self._early.setdefault(offset, segment)
            self._acknowledge(now)
            return _NOTHING
        message = self._advance(segment)
        self._echo = segment.sent_at
        self._give_up_at = now + self._patience
        self._unanswered += 1
        if self._peer_closed and not self._closing:
            self._closing = True
            self._send_more(now)  # the own FIN carries the acknowledgement
        elif self._unanswered >= 2 or self._early or segment.flags & (PSH | FIN):
            self._acknowledge(now)
        else:
            self._acknowledge_at = now + DELAYED_ACK
        if self._peer_closed and self._wants_reply and not self._complete:
            self._failed = True
            return Outcome(failure="closed without a reply")
        return Outcome(message)

    def _advance(self, segment: Segment) -> Message | None:
        """Take the expected segment and what waited behind it; returns the message if whole."""
        message = None
        following: Segment | None = segment
        while following is not None:
            self._expected += following.span
            if following.flags & PSH:
                self._complete = True
                length = self._expected - 1 - bool(following.flags & FIN)
                message = Message(following.content, length)
            if following.flags & FIN:
                self._peer_closed = True
            following = self._early.pop(self._expected, None)
        return message

    def _send_more(self, now: int) -> None:
        """Send what has not been sent yet, as far as the window allows."""
        before = self._sent
        while self._sent < self._end and self._sent - self._acknowledged < self._window:
            self._sent += self._send_from(self._sent, now)
        if self._retry_at is None and self._sent > before:
            self._retry_at = now + self._timeout

    def _send_from(self, offset: int, now: int) -> int:
        """Send the one segment that begins at ``offset``; returns how many numbers it takes."""
        if offset == 0:
            self._emit(0, SYN if self.opener else SYN | ACK, 0, None, now)
            return 1
        behind = 1 + self._message.length
        most = min(self._mtu() - IP_AND_TCP, self._peer_mss) - TIME_STAMPS
        length = min(most, behind - offset)
        last = offset + length == behind
        flags = ACK | (PSH if last and length else 0) | (FIN if last and self._closing else 0)
        content = self._message.content if last and length else None
        self._emit(offset, flags, length, content, now)
        return length + bool(flags & FIN)

    def _acknowledge(self, now: int) -> None:
        self._emit(self._sent, ACK, 0, None, now)

    def _emit(self, offset: int, flags: int, length: int, content: Any, now: int) -> None:
        ack = 0
        if flags & ACK:
            ack = (self._peer_sequence + self._expected) & MASK
            self._unanswered = 0
            self._acknowledge_at = None
        seq = (self._sequence + offset) & MASK
        self.outbox.append(
            Segment(
                self.peer, self.port, self.peer_port, seq, ack, flags, length, self.kind, now,
                self._echo, content, self._mtu() - IP_AND_TCP,
            )
        )  # fmt: skip
