"""How a TCP behaves; the defaults are those of Linux."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.errors import InputError, nearest, quote
from overlaysim.traffic.tcp.congestion import CONGESTION_CONTROLS
from overlaysim.units import MS, SECOND


@dataclass(frozen=True, slots=True)
class TcpSettings:
    """The settings of one connection; names in brackets are Linux's own.

    Attributes:
        congestion_control: ``cubic`` or ``newreno``.
        sack: offer selective acknowledgements (RFC 2018).
        time_stamps: offer time stamps (RFC 7323).
        window_scaling: offer to scale windows (RFC 7323).
        rack: find losses by time (RFC 8985), not by counting (RFC 6675); needs ``sack``.
        prr: shrink the window in step with what arrives (RFC 6937); needs ``sack``.
        tail_loss_probe: probe when acknowledgements stay away (RFC 8985); needs ``sack``.
        hystart: let CUBIC leave slow start when the round trips grow (RFC 9406).
        initial_window: segments that may be sent at first (RFC 6928).
        slow_start_after_idle: begin anew after an idle RTO (RFC 5681 section 4.1).
        nagle: hold back a small segment while another is on its way (RFC 9293 section 3.7.4).
        initial_rto: retransmission time-out before anything is known of the path, picoseconds.
        min_rto: the least time-out, picoseconds (TCP_RTO_MIN).
        max_rto: the largest time-out, picoseconds (TCP_RTO_MAX).
        syn_retries: how often a SYN is sent again (tcp_syn_retries).
        syn_ack_retries: how often the answer to a SYN is sent again (tcp_synack_retries).
        retries: how often a segment is sent again before giving up (tcp_retries2).
        ack_every: full-sized segments that are acknowledged together.
        delayed_ack: how long fewer of them wait, picoseconds (TCP_DELACK_MIN).
        quick_acks: segments at the beginning that are acknowledged one by one (TCP_MAX_QUICKACKS).
        receive_buffer: bytes, all of which are offered as window (tcp_rmem's third number).
        auto_read: the application takes at once what comes; else it calls ``read``.
        black_hole_detection: send shorter segments when full ones keep vanishing
            (tcp_mtu_probing=1).
        black_hole_after: retransmissions of a full segment that make a black hole (tcp_retries1).
        base_mss: size to fall back to, bytes without IP and TCP header (tcp_base_mss).
        max_segment: the longest segment sent and asked for, bytes without IP and TCP header
            (TCP_MAXSEG); None for what the path carries.
        keepalive: probe a connection on which nothing happens.
        keepalive_time: how long it is silent before the first probe, picoseconds.
        keepalive_interval: between probes, picoseconds.
        keepalive_probes: unanswered probes after which it has failed.
        time_wait: how long the side that closed first remembers (TCP_TIMEWAIT_LEN), picoseconds.

    Raises:
        InputError: if a setting is out of range, or there is no such congestion control.
    """

    congestion_control: str = "cubic"
    sack: bool = True
    time_stamps: bool = True
    window_scaling: bool = True
    rack: bool = True
    prr: bool = True
    tail_loss_probe: bool = True
    hystart: bool = True
    initial_window: int = 10
    slow_start_after_idle: bool = True
    nagle: bool = True
    initial_rto: int = SECOND
    min_rto: int = 200 * MS
    max_rto: int = 120 * SECOND
    syn_retries: int = 6
    syn_ack_retries: int = 5
    retries: int = 15
    ack_every: int = 2
    delayed_ack: int = 40 * MS
    quick_acks: int = 16
    receive_buffer: int = 6_291_456
    auto_read: bool = True
    black_hole_detection: bool = False
    black_hole_after: int = 3
    base_mss: int = 1024
    max_segment: int | None = None
    keepalive: bool = False
    keepalive_time: int = 7200 * SECOND
    keepalive_interval: int = 75 * SECOND
    keepalive_probes: int = 9
    time_wait: int = 60 * SECOND

    def __post_init__(self) -> None:
        if self.congestion_control not in CONGESTION_CONTROLS:
            raise InputError(
                f"{quote(self.congestion_control)} is not a congestion control; there are "
                f"{', '.join(CONGESTION_CONTROLS)}"
                + nearest(self.congestion_control, CONGESTION_CONTROLS)
            )
        for name in _POSITIVE:
            if getattr(self, name) < 1:
                raise InputError(f"{name} of TCP is at least 1, not {getattr(self, name)}")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise InputError(f"{name} of TCP is 0 or more, not {getattr(self, name)}")
        if self.min_rto > self.max_rto:
            raise InputError(f"min_rto of TCP ({self.min_rto} ps) is above max_rto")


_POSITIVE = (
    "initial_window", "initial_rto", "min_rto", "ack_every", "receive_buffer", "black_hole_after",
    "base_mss", "keepalive_time", "keepalive_interval", "keepalive_probes",
)  # fmt: skip
_NOT_NEGATIVE = (
    "syn_retries", "syn_ack_retries", "retries", "delayed_ack", "quick_acks", "time_wait",
)  # fmt: skip
