"""What a program says to the network stack of its container, and what the stack answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overlaysim.traffic.socket_messages import SocketEvent, SocketRequest
from overlaysim.wire.dns import Record


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the container's resolver; answered by one :class:`Resolved`, or never.

    ``qtype`` is a name from :data:`overlaysim.wire.dns.QTYPES`.
    """

    name: str
    qtype: str = "A"


@dataclass(frozen=True, slots=True)
class SendEcho:
    """Send an ICMP echo request with ``size`` data bytes (the ICMP header not counted).

    ``dont_fragment`` True sets the DF bit and refuses what is longer than the MTU, False never
    sets it, and None does what Linux does unasked: DF on what fits, the rest cut without DF.
    """

    destination: str
    ident: int
    sequence: int
    size: int
    dont_fragment: bool | None = None


@dataclass(frozen=True, slots=True)
class SendDatagram:
    """Send a UDP datagram with ``size`` payload bytes; ``content`` is handed to the receiver.

    ``dont_fragment`` as in :class:`SendEcho`, but clear unless asked for; ``ttl`` as it leaves.
    """

    destination: str
    source_port: int
    destination_port: int
    size: int
    dont_fragment: bool | None = False
    content: Any = None
    ttl: int = 64


@dataclass(frozen=True, slots=True)
class Bind:
    """Take the UDP datagrams to a port."""

    port: int


Request = LookUp | SendEcho | SendDatagram | Bind | SocketRequest
"""Everything a program can ask of the stack."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answer to a :class:`LookUp`; ``rcode`` is a name such as ``NOERROR``."""

    name: str
    qtype: str
    rcode: str
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class EchoReply:
    """An ICMP echo reply arrived; ``size`` counts its data bytes, ``ttl`` is as received."""

    source: str
    ident: int
    sequence: int
    size: int
    ttl: int


@dataclass(frozen=True, slots=True)
class DatagramIn:
    """A UDP datagram arrived."""

    source: str
    source_port: int
    destination_port: int
    size: int
    content: Any = None


@dataclass(frozen=True, slots=True)
class TooBig:
    """What was to be sent with DF is longer than the path is known to carry: nothing was sent.

    ``mtu`` is the largest IP packet. (EMSGSIZE in a real program.)
    """

    mtu: int


@dataclass(frozen=True, slots=True)
class FragmentationNeeded:
    """``source`` says that what was sent cannot go on with DF, and ``mtu`` is the largest that can.

    ``number`` tells which one: the sequence number of the echo, or the datagram's destination port.
    """

    source: str
    mtu: int
    number: int


@dataclass(frozen=True, slots=True)
class HostUnreachable:
    """Nobody answered ARP for ``destination``, or (without ``source``) there is no route to it.

    ``source`` is the own address that what was sent had: whose kernel says so.
    """

    destination: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class PortUnreachable:
    """Nobody listens on UDP ``port`` of ``source``; ``ttl`` is that of the answer as received."""

    source: str
    port: int
    ttl: int = 64


@dataclass(frozen=True, slots=True)
class TimeExceeded:
    """The time to live of what was sent to UDP ``port`` ran out at ``source``."""

    source: str
    port: int


Event = (
    Resolved
    | EchoReply
    | DatagramIn
    | TooBig
    | FragmentationNeeded
    | HostUnreachable
    | PortUnreachable
    | TimeExceeded
    | SocketEvent
)
"""Everything the stack can tell a program."""
