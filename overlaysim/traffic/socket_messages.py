"""What a program asks of the TCP of its container, and what it is told besides TCP's own events.

Those (:mod:`overlaysim.traffic.tcp`) come as they are, from the stack to whoever has the
connection: the program that opened it, or the one that listens on its port.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overlaysim.traffic.tcp import (
    Acknowledged,
    BlackHole,
    Closed,
    Established,
    Failed,
    PeerClosed,
    Received,
    TcpInfo,
)


@dataclass(frozen=True, slots=True)
class Listen:
    """Take the connections to a port; answered by :class:`Listening` or :class:`AddressInUse`.

    The settings, as in :class:`Connect`, count for those that come from now on.
    """

    port: int
    congestion: str = ""
    mss: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class StopListening:
    """Take no more connections to a port; those that there are go on."""

    port: int


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection; answered at once by :class:`Opened` or :class:`NotOpened`.

    Attributes:
        tag: what the program calls it in the answer.
        address, port: of the other end; an IPv4 address.
        congestion: the algorithm; empty for the container's own.
        mss: bytes of a segment behind the TCP header at most; None for what the path carries.
        window: bytes of the receive buffer; None for the default.
    """

    tag: str
    address: str
    port: int
    congestion: str = ""
    mss: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Send ``length`` bytes; ``content`` reaches the peer's program when the last of them has."""

    connection: int
    length: int
    content: Any = None


@dataclass(frozen=True, slots=True)
class Close:
    """Send nothing more on a connection; what the peer sends still arrives."""

    connection: int


@dataclass(frozen=True, slots=True)
class Inspect:
    """Ask how a connection does (TCP_INFO); answered at once by :class:`Inspected`."""

    connection: int


SocketRequest = Listen | StopListening | Connect | Write | Close | Inspect
"""Everything a program can ask of TCP."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The program has the port."""

    port: int


@dataclass(frozen=True, slots=True)
class AddressInUse:
    """Somebody else has the port (EADDRINUSE)."""

    port: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection is being opened: its number, by which all else names it."""

    tag: str
    connection: int


@dataclass(frozen=True, slots=True)
class NotOpened:
    """No connection can be opened: there is no route to the address (ENETUNREACH)."""

    tag: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """How a connection does."""

    connection: int
    info: TcpInfo


TcpEvent = Established | Received | Acknowledged | PeerClosed | Closed | Failed | BlackHole
"""What the TCP machine itself tells of a connection."""

SocketEvent = Listening | AddressInUse | Opened | NotOpened | Inspected | TcpEvent
"""Everything a program can be told of its connections."""

ALGORITHMS = {"cubic": "cubic", "reno": "newreno"}
"""Congestion control by Linux's name for it -> by ours."""

ERRORS = {
    "refused": "Connection refused",
    "timed out": "Operation timed out",
    "reset by peer": "Connection reset by peer",
    "no route to host": "Host is unreachable",
    "host unreachable": "Host is unreachable",
}
"""How the C library of an alpine container puts the reasons of :class:`Failed` (musl
``src/errno/__strerror.h``)."""
NO_ROUTE, IN_USE = "Network unreachable", "Address in use"
