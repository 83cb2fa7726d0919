"""How far a TCP connection is, as somebody on its way can tell who sees its flags pass.

A translator remembers a connection by that: long while it is open, shortly once it is over (Linux
``net/netfilter/nf_conntrack_proto_tcp.c``, ``net/netfilter/ipvs/ip_vs_proto_tcp.c``; the states
there that only tell whose FIN came first are one here).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from overlaysim.units import SECOND
from overlaysim.wire.tcp import ACK, FIN, RST, SYN


class TcpState(Enum):
    """Netfilter's states."""

    NONE = auto()
    SYN_SENT = auto()
    SYN_RECV = auto()
    ESTABLISHED = auto()
    FIN_WAIT = auto()
    TIME_WAIT = auto()
    CLOSE = auto()


_SHORT = {
    TcpState.NONE: 120 * SECOND,
    TcpState.SYN_SENT: 120 * SECOND,
    TcpState.SYN_RECV: 60 * SECOND,
    TcpState.FIN_WAIT: 120 * SECOND,
    TcpState.TIME_WAIT: 120 * SECOND,
    TcpState.CLOSE: 10 * SECOND,
}
CONNTRACK_TIMEOUTS: Mapping[TcpState, int] = {
    **_SHORT, TcpState.ESTABLISHED: 5 * 86_400 * SECOND,
}  # fmt: skip
"""``nf_conntrack_tcp_timeout_*``."""
IPVS_TIMEOUTS: Mapping[TcpState, int] = {**_SHORT, TcpState.ESTABLISHED: 900 * SECOND}
"""``tcp_timeouts`` of ``ip_vs_proto_tcp.c``."""


def begins(flags: int) -> bool:
    """Whether a segment asks for a connection."""
    return flags & (SYN | ACK | RST | FIN) == SYN


class TcpTrack:
    """One connection; the side that opened it is the client's."""

    def __init__(self) -> None:
        self.state = TcpState.NONE
        self._finished: set[bool] = set()

    def see(self, flags: int, *, from_client: bool) -> None:
        """A segment passes."""
        if flags & RST:
            self.state = TcpState.CLOSE
        elif flags & SYN:
            self.state = TcpState.SYN_SENT if from_client else TcpState.SYN_RECV
            self._finished.clear()
        elif flags & FIN:
            self._finished.add(from_client)
            both = len(self._finished) > 1
            self.state = TcpState.TIME_WAIT if both else TcpState.FIN_WAIT
        elif not self._finished and self.state is not TcpState.CLOSE:
            self.state = TcpState.ESTABLISHED
