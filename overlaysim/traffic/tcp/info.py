"""The figures of a connection, as ``ss -i`` and ``iperf3`` show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """What a connection looks like at an instant.

    Attributes:
        state: of RFC 9293, for example ``ESTABLISHED``.
        cwnd: congestion window in segments.
        ssthresh: slow start threshold in segments; None before the first loss.
        srtt: smoothed round-trip time, picoseconds; None before the first measurement.
        rttvar: its variation, picoseconds.
        rto: retransmission time-out, picoseconds.
        mss: payload bytes of a full segment.
        retransmits: segments that were sent again.
        bytes_sent: payload bytes sent, each counted once.
        bytes_acked: payload bytes that the peer has.
        bytes_received: payload bytes that came in order.
    """

    state: str
    cwnd: float
    ssthresh: float | None
    srtt: int | None
    rttvar: int
    rto: int
    mss: int
    retransmits: int
    bytes_sent: int
    bytes_acked: int
    bytes_received: int
