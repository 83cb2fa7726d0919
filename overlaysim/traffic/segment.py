"""One TCP segment of a control-plane stream, with the header fields it has on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overlaysim.traffic.tcp.options import TIME_STAMPS, stamps_option, syn_options
from overlaysim.traffic.tcp.segment import IP_AND_TCP, reset_fields
from overlaysim.traffic.tcp.sequence import MASK
from overlaysim.units import MS
from overlaysim.wire import TCP
from overlaysim.wire.tcp import FIN, RST, SYN

MTU = 1500
MSS = MTU - IP_AND_TCP - TIME_STAMPS
"""Payload bytes of a full segment over Ethernet."""

_WINDOW_SCALE = 7
_SYN_WINDOW, _WINDOW = 64_240, 502  # Linux defaults; there is no flow control here


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on its way to ``target``.

    Attributes:
        target: address of the host it goes to.
        src_port: port of the sender.
        dst_port: port at ``target``.
        seq: 32-bit sequence number.
        ack: 32-bit acknowledgement number; 0 without the ACK flag.
        flags: bits of :mod:`overlaysim.wire.tcp`.
        length: payload bytes.
        kind: what the stream is for, to account its bytes by.
        sent_at: when it was sent, picoseconds; the time-stamp option counts it in ms.
        echo: ``sent_at`` of the newest segment its sender had received; None before the first.
        content: the message, if this segment completes it.
        mss: on a SYN, the MSS option: the MTU without IP and TCP headers; it leaves TCP options out
            of account (RFC 6691).
    """

    target: str
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    length: int
    kind: str
    sent_at: int
    echo: int | None = None
    content: Any = None
    mss: int = MTU - IP_AND_TCP

    @property
    def options(self) -> bytes:
        """TCP options in Linux's order: time stamps, and on a SYN MSS, SACK permitted and scale."""
        if self.flags & RST:
            return b""
        stamp = self.sent_at // MS & MASK
        echo = 0 if self.echo is None else self.echo // MS & MASK
        if self.flags & SYN:
            return syn_options(
                self.mss, stamps=(stamp, echo), sack_permitted=True, scale=_WINDOW_SCALE
            )
        return stamps_option(stamp, echo)

    @property
    def header_length(self) -> int:
        """Bytes of the TCP header with its options: 40 on a SYN, 20 on a reset, else 32."""
        return 20 + len(self.options)

    @property
    def header(self) -> TCP:
        """The TCP header as it goes on the wire."""
        window = _SYN_WINDOW if self.flags & SYN else 0 if self.flags & RST else _WINDOW
        return TCP(
            self.src_port, self.dst_port, self.seq, self.ack, self.flags, window, self.options
        )

    @property
    def span(self) -> int:
        """Sequence numbers it takes: its payload, and one each for SYN and FIN."""
        return self.length + bool(self.flags & SYN) + bool(self.flags & FIN)


def reset_for(segment: Segment, source: str, now: int) -> Segment:
    """Return the reset that answers ``segment`` from ``source`` (RFC 9293 section 3.10.7.1)."""
    seq, ack, flags = reset_fields(segment.seq, segment.ack, segment.flags, segment.span)
    return Segment(
        source, segment.dst_port, segment.src_port, seq, ack, flags, 0, segment.kind, now
    )
