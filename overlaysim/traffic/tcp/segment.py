"""One TCP segment between two applications, with the header it has on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overlaysim.traffic.tcp.options import (
    TIME_STAMPS,
    sack_length,
    sack_option,
    stamps_option,
    syn_options,
)
from overlaysim.traffic.tcp.sequence import MASK
from overlaysim.wire import TCP
from overlaysim.wire.tcp import ACK, FIN, RST, SYN

IP_AND_TCP = 40
"""Bytes of an IPv4 and a TCP header without options."""


@dataclass(slots=True, unsafe_hash=True)
class TcpSegment:
    """A segment on its way from ``src`` to ``dst``; nobody changes one that has been made.

    It is not frozen because a frozen one of so many fields takes five times as long to make, which
    would be a sixth of all that a simulated segment costs.

    Attributes:
        src: IPv4 address of its sender.
        dst: IPv4 address it goes to.
        src_port: port at ``src``.
        dst_port: port at ``dst``.
        seq: 32-bit sequence number.
        ack: 32-bit acknowledgement number; 0 without the ACK flag.
        flags: bits of :mod:`overlaysim.wire.tcp`.
        window: the 16-bit field; what it means depends on the scale agreed in the handshake.
        length: payload bytes.
        mss: the MSS option of a SYN: the MTU without IP and TCP header (RFC 6691); None for none.
        sack_permitted: on a SYN, whether selective acknowledgements are understood.
        scale: the window scale option of a SYN; None for none.
        stamp: time stamp, 32 bits, in milliseconds; None for no time stamps.
        echo: the time stamp of the peer that is echoed.
        sack: blocks received out of order, as left and right edge, the newest first; a block that
            is below ``ack``, or inside the second, reports a duplicate (RFC 2883).
        contents: objects that end in this segment, each behind the number of payload bytes up to
            and including its last one.
        retransmission: whether its sender sent these bytes before; the wire does not tell.
    """

    src: str
    dst: str
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    length: int
    mss: int | None = None
    sack_permitted: bool = False
    scale: int | None = None
    stamp: int | None = None
    echo: int = 0
    sack: tuple[tuple[int, int], ...] = ()
    contents: tuple[tuple[int, Any], ...] = ()
    retransmission: bool = False

    @property
    def options(self) -> bytes:
        """The bytes of its options."""
        stamp = self.stamp
        if self.mss is not None:
            return syn_options(
                self.mss, stamps=None if stamp is None else (stamp, self.echo),
                sack_permitted=self.sack_permitted, scale=self.scale,
            )  # fmt: skip
        stamps = b"" if stamp is None else stamps_option(stamp, self.echo)
        return stamps + sack_option(self.sack) if self.sack else stamps

    @property
    def header_length(self) -> int:
        """Bytes of the TCP header with its options."""
        if self.mss is not None:
            return 20 + len(self.options)
        return 20 + (0 if self.stamp is None else TIME_STAMPS) + sack_length(len(self.sack))

    @property
    def header(self) -> TCP:
        """The TCP header as it goes on the wire."""
        return TCP(
            self.src_port, self.dst_port, self.seq, self.ack, self.flags, self.window, self.options
        )

    @property
    def span(self) -> int:
        """Sequence numbers it takes: its payload, and one each for SYN and FIN."""
        return self.length + bool(self.flags & SYN) + bool(self.flags & FIN)


def reset_for(segment: TcpSegment) -> TcpSegment:
    """Return the reset that answers ``segment`` (RFC 9293 section 3.10.7.1)."""
    seq, ack, flags = reset_fields(segment.seq, segment.ack, segment.flags, segment.span)
    return TcpSegment(
        segment.dst, segment.src, segment.dst_port, segment.src_port, seq, ack, flags, 0, 0
    )


def reset_fields(seq: int, ack: int, flags: int, span: int) -> tuple[int, int, int]:
    """Return ``seq``, ``ack`` and ``flags`` of the reset that answers a segment with these."""
    if flags & ACK:
        return ack, 0, RST
    return 0, seq + span & MASK, RST | ACK
