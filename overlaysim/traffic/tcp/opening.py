"""The handshake: SYN, what both ends agree on by it, and what ends it before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from overlaysim.traffic.tcp.mss import DEFAULT_MSS, SegmentSize
from overlaysim.traffic.tcp.rtt import RoundTrip
from overlaysim.traffic.tcp.segment import TcpSegment, reset_for
from overlaysim.traffic.tcp.sequence import MASK, NEVER, distance
from overlaysim.traffic.tcp.settings import TcpSettings
from overlaysim.units import MS
from overlaysim.wire.tcp import ACK, RST, SYN

_LARGEST_SCALE = 14
"""RFC 7323 section 2.3."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Who talks to whom, and the numbers that this end has drawn.

    Attributes:
        local: own address.
        local_port: own port.
        remote: address of the peer.
        remote_port: its port.
        sequence: own initial sequence number.
        stamp_offset: what the own time stamps are ahead of the clock by, milliseconds.
    """

    local: str
    local_port: int
    remote: str
    remote_port: int
    sequence: int
    stamp_offset: int

    def stamp(self, now: int) -> int:
        """The time stamp at ``now``, in milliseconds as Linux counts them."""
        return (now // MS + self.stamp_offset) & MASK

    def age(self, stamp: int, now: int) -> int:
        """Picoseconds since ``stamp`` was made; at least the millisecond that stamps can tell."""
        return max(1, distance(self.stamp(now), stamp)) * MS


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the SYNs have settled.

    Attributes:
        sequence: the peer's initial sequence number.
        window: bytes that the peer has room for at first.
        echo: its time stamp.
        sack: whether acknowledgements are selective.
        time_stamps: whether segments carry time stamps.
        scale: how far the own window fields are shifted.
        peer_scale: how far the peer's are.
    """

    sequence: int
    window: int
    echo: int
    sack: bool
    time_stamps: bool
    scale: int
    peer_scale: int


class Progress(Enum):
    """Where a handshake stands."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    TIMED_OUT = "timed out"


class Opening:
    """One end of a handshake.

    Args:
        ends: who is who.
        settings: what to offer, and how patient to be.
        size: MTU of the path; learns what the peer takes.
        trip: learns the first round trip.
        outbox: takes the segments.
        passive: whether the peer began.

    Attributes:
        agreed: set when the peer's SYN is here.
        retries: how often the own SYN was sent again.
        due: when the timer fires, picoseconds.
    """

    def __init__(
        self,
        ends: Ends,
        settings: TcpSettings,
        size: SegmentSize,
        trip: RoundTrip,
        outbox: list[Any],
        *,
        passive: bool,
    ) -> None:
        self.passive = passive
        self.agreed: Agreed | None = None
        self.retries = 0
        self.due = NEVER
        self._ends = ends
        self._settings = settings
        self._size = size
        self._trip = trip
        self._outbox = outbox
        self._first_sent = 0

    @property
    def scale(self) -> int:
        """The window scale to offer: the least with which the whole buffer can be announced."""
        scale = 0
        while self._settings.receive_buffer >> scale > 0xFFFF and scale < _LARGEST_SCALE:
            scale += 1
        return scale

    def begin(self, now: int) -> None:
        """Send the SYN."""
        self._first_sent = now
        self._send(now)

    def accept(self, syn: TcpSegment, now: int) -> None:
        """Answer the peer's SYN."""
        self._agree(syn)
        self.begin(now)

    def receive(self, segment: TcpSegment, now: int) -> Progress:
        """Take a segment of this pair of ends (RFC 9293 sections 3.10.7.3 and 3.10.7.4)."""
        ends = self._ends
        flags = segment.flags
        answers = bool(flags & ACK) and segment.ack == (ends.sequence + 1) & MASK
        if flags & RST:
            return self._reset(segment, answers)
        if flags & ACK and not answers:
            self._outbox.append(reset_for(segment))  # of an earlier connection
            return Progress.WAITING
        if flags & SYN:
            return self._take_syn(segment, answers, now)
        if answers and self.agreed is not None:
            return self._done(now)
        return Progress.WAITING

    def _reset(self, segment: TcpSegment, answers: bool) -> Progress:
        """Believe a reset if it fits (RFC 9293, RFC 5961 section 3.2)."""
        if self.agreed is None:
            return Progress.REFUSED if answers else Progress.WAITING
        exact = segment.seq == (self.agreed.sequence + 1) & MASK
        return Progress.REFUSED if exact else Progress.WAITING

    def _take_syn(self, segment: TcpSegment, answers: bool, now: int) -> Progress:
        if self.agreed is None:
            self._agree(segment)
            if answers:
                return self._done(now)
            self._send(now)  # both ends opened at once
        elif segment.seq == self.agreed.sequence:
            if answers:
                return self._done(now)
            self._send(now)  # our answer was lost
        return Progress.WAITING

    def _done(self, now: int) -> Progress:
        """The first round trip is known unless there were several copies of the SYN."""
        if not self.retries:
            self._trip.measured(now - self._first_sent)
        else:
            self._trip.reset(3 * self._settings.initial_rto)  # RFC 6298 section 5.7
        self.due = NEVER
        return Progress.DONE

    def on_timer(self, now: int) -> Progress:
        """Send the SYN again, or give up."""
        most = self._settings.syn_ack_retries if self.agreed else self._settings.syn_retries
        if self.retries >= most:
            return Progress.TIMED_OUT
        self.retries += 1
        self._trip.back_off()
        self._send(now)
        return Progress.WAITING

    def _agree(self, syn: TcpSegment) -> None:
        """Take over what both ends offer."""
        settings = self._settings
        stamps = settings.time_stamps and syn.stamp is not None
        self._size.agree(DEFAULT_MSS if syn.mss is None else syn.mss, time_stamps=stamps)
        scaled = settings.window_scaling and syn.scale is not None
        self.agreed = Agreed(
            syn.seq, syn.window, syn.stamp or 0, settings.sack and syn.sack_permitted, stamps,
            self.scale if scaled else 0, min(syn.scale or 0, _LARGEST_SCALE) if scaled else 0,
        )  # fmt: skip

    def _send(self, now: int) -> None:
        ends, settings, agreed = self._ends, self._settings, self.agreed
        mss = self._size.announced
        # As much as the field can say, in whole segments: what Linux announces.
        window = min(settings.receive_buffer, max(0xFFFF // mss * mss, mss), 0xFFFF)
        segment = TcpSegment(
            ends.local, ends.remote, ends.local_port, ends.remote_port, ends.sequence,
            0 if agreed is None else (agreed.sequence + 1) & MASK,
            SYN if agreed is None else SYN | ACK, window, 0,
            mss=mss,
            sack_permitted=settings.sack if agreed is None else agreed.sack,
            scale=(self.scale if settings.window_scaling and (
                agreed is None or agreed.scale or agreed.peer_scale) else None),
            stamp=ends.stamp(now) if settings.time_stamps and (
                agreed is None or agreed.time_stamps) else None,
            echo=0 if agreed is None else agreed.echo,
            retransmission=self.retries > 0,
        )  # fmt: skip
        self._outbox.append(segment)
        self.due = now + self._trip.rto
