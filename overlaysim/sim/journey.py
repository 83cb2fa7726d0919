"""The life of one packet as data, and the ledger that loses none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from overlaysim.sim.accounts import KINDS, composition

DROP_REASONS = {
    "queue full": "a link's drop-tail queue had no room",
    "loss": "lost at random on a link",
    "link down": "sent over, or caught on, a link that is down",
    "no route": "no path to the destination host in the underlay",
    "mtu": "longer than a link, a bridge or an interface carries, and nobody is told",
    "fragmentation needed": "longer than the way carries, and not to be cut; the sender is told",
    "fragment lost": "the packet was cut, and not all of its fragments came in time",
    "hop limit": "its time to live ran out at a router",
    "not translated": "the host knows no flow that it belongs to, or has no port left for one",
    "no neighbour": "nobody answered ARP for the destination: no peer record",
    "no forwarding entry": "the VTEP has no forwarding entry for the destination MAC",
    "unknown VNI": "no tunnel device for this network on the receiving host",
    "filtered": "the bridge lets its containers reach the gateway only, not one another",
    "refused by tunnel": "the tunnel device drops it: flags, reserved bits or congestion mark",
    "not carried": "the network's encapsulation cannot carry it",
    "bad checksum": "the receiving stack finds a wrong TCP or UDP checksum",
    "backlog full": "the host's processor had too many packets waiting",
    "port closed": "nobody listens on the destination port",
    "source check": "the inner source MAC is pinned to another VTEP",
    "no such container": "the bridge has no port for the destination MAC",
    "wrong address": "the packet's IP address is not this container's",
    "no container route": "the container has no route for the destination",
    "container gone": "the container ended while the packet was waiting in it",
    "host down": "the host it was to leave or to reach has no power",
    "partitioned": "sender and receiver are on different sides of a partition",
    "port blocked": "a packet filter on a host or on a link drops what is for this port",
    "socket buffer full": "the daemon did not read its socket, whose buffer had no room left",
}
"""The closed list of reasons why a packet ends without arriving."""


_EMPTY = {kind: composition(kind, 0) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Hop:
    """One link crossed: when the frame came to it and when the far end had it (picoseconds)."""

    link: str
    arrived: int
    started: int
    delivered: int
    waiting: int
    """Frames ahead of it in the queue, the one in transmission included."""
    length: int
    """Bytes of the frame on this link; a packet that was cut travels as its first fragment."""


class Journey:
    """One frame from the stack that made it to its end, with an account of every picosecond.

    The seven parts ``look_up`` … ``decapsulate`` add up to ``ended - born`` exactly.
    """

    __slots__ = (
        "ahead", "born", "composition", "content", "decapsulate", "destination", "encapsulate",
        "ended", "entered", "flow_hash", "hops", "intended", "kind", "length", "look_up", "message",
        "number", "outcome", "packet", "propagate", "protocol", "queue", "reached", "reason",
        "resolve", "sent", "source", "started", "tag", "transmit", "tunnel", "where",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        kind: str,
        born: int,
        source: str,
        intended: str,
        protocol: str = "udp",
        message: Any = None,
    ) -> None:
        self.number = number
        self.kind = kind
        self.protocol = protocol
        self.source = source
        """Who sent it: ``container@host`` or ``host``."""
        self.intended = intended
        """Whom the sender meant: ``container@host``, ``host``, or the bare address if nobody's."""
        self.reached: str | None = None
        self.message = message
        """Key of the message it belongs to (fragments share one); None for one of its own."""
        self.packet: Any = None
        """The :class:`overlaysim.wire.Packet`; None for bare traffic that has only a length."""
        self.content: Any = None
        """What a daemon sends along for the daemon at the other end; nobody on the way looks."""
        self.tunnel: tuple[str, str] | None = None
        """The tunnel device that took it, and what it calls the network, once one has."""
        self.tag = 0
        """Bytes of VLAN tags, which no link's MTU counts."""
        self.composition = _EMPTY[kind]
        self.length = 0
        self.destination = ""
        """Underlay name of the host it travels to."""
        self.flow_hash = 0
        """32-bit hash of the outer 5-tuple; switches choose among equal paths by it."""
        self.born = born
        self.look_up = self.resolve = self.encapsulate = 0
        self.queue = self.transmit = self.propagate = self.decapsulate = 0
        self.entered = self.started = self.sent = self.ahead = 0
        """Notes of the link that holds it: when transmission starts and ends; with tracing also
        when it came to the queue and how many frames were ahead of it."""
        self.hops: list[Hop] | None = None
        self.ended: int | None = None
        self.outcome: str | None = None
        """``delivered``, ``dropped``, or None while it is on its way."""
        self.reason: str | None = None
        self.where: str | None = None

    @property
    def parts(self) -> tuple[int, int, int, int, int, int, int]:
        """The picoseconds of each of :data:`PARTS`, in the same order."""
        return (
            self.look_up, self.resolve, self.encapsulate, self.queue, self.transmit,
            self.propagate, self.decapsulate,
        )  # fmt: skip


PARTS = ("look-up", "arp", "encap", "queue", "transmit", "propagate", "decap")
"""The names of :attr:`Journey.parts`, in the same order."""


class Ledger:
    """Counts every packet at birth and at its one end; tells listeners about both.

    Whoever knows the links and hosts compares :attr:`in_flight` with an independent count of the
    packets that they still hold.
    """

    def __init__(self) -> None:
        self.created: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.on_end: list[Callable[[Journey], None]] = []
        self._numbers = 0

    def create(
        self,
        kind: str,
        born: int,
        source: str,
        intended: str,
        protocol: str = "udp",
        message: Any = None,
    ) -> Journey:
        """Open the account of a new packet."""
        self._numbers += 1
        self.created[kind] += 1
        return Journey(self._numbers, kind, born, source, intended, protocol, message)

    def deliver(self, journey: Journey, now: int, reached: str) -> None:
        """The packet arrived at ``reached``."""
        self.delivered[journey.kind] += 1
        journey.ended, journey.outcome, journey.reached = now, "delivered", reached
        for listener in self.on_end:
            listener(journey)

    def drop(self, journey: Journey, now: int, reason: str, where: str) -> None:
        """The packet ended at ``where`` for one of :data:`DROP_REASONS`."""
        self.dropped[journey.kind, reason] += 1
        journey.ended, journey.outcome, journey.reason, journey.where = (
            now, "dropped", reason, where,
        )  # fmt: skip
        for listener in self.on_end:
            listener(journey)

    @property
    def in_flight(self) -> int:
        """Packets that were created and have not ended."""
        return self.created.total() - self.delivered.total() - self.dropped.total()
