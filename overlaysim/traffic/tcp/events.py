"""What a TCP stack tells the applications above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Established:
    """The handshake is done; ``passive`` on the side that listened."""

    connection: int
    local: str
    local_port: int
    remote: str
    remote_port: int
    passive: bool


@dataclass(frozen=True, slots=True)
class Received:
    """``length`` more bytes are there in order, and with them the last of each of ``contents``."""

    connection: int
    length: int
    contents: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The peer has ``length`` more bytes; ``unsent`` bytes have not been sent even once."""

    connection: int
    length: int
    unsent: int


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The peer sends nothing more: all that it wrote is here."""

    connection: int


@dataclass(frozen=True, slots=True)
class Closed:
    """Both sides have closed and the peer has all that was written, or this side aborted."""

    connection: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The connection came to nothing or broke.

    The reason is ``refused``, ``timed out``, ``reset by peer``, ``no route to host`` or ``host
    unreachable``.
    """

    connection: int
    reason: str


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Packets of ``mtu`` bytes seem to vanish on the way; from now on they are shorter."""

    connection: int
    mtu: int


Event = Established | Received | Acknowledged | PeerClosed | Closed | Failed | BlackHole
