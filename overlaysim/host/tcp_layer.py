"""TCP on top of the IP layer: its segments as packets, and what ICMP and ARP say of them."""

from __future__ import annotations

from functools import lru_cache

from overlaysim.host.interface import Interface
from overlaysim.host.ip import IpLayer, Message, OwnerOf
from overlaysim.host.receiver import Receiver
from overlaysim.host.sockets import Sockets
from overlaysim.overlay.icmp_errors import TooBigError
from overlaysim.sim import Journey, Simulator
from overlaysim.traffic.tcp import TcpSegment, TcpSettings
from overlaysim.wire import TCP, IPv4, Opaque, Packet

_TCP = TCP.BINDINGS["protocol"]


@lru_cache(4096)
def _payload(length: int) -> Opaque:
    return Opaque(length, "tcp")


class TcpLayer(IpLayer):
    """The arguments are those of :class:`~overlaysim.host.ip.IpLayer`.

    Attributes:
        tcp: how its connections behave; a change counts for a stack that has not used TCP yet.
    """

    def __init__(
        self,
        simulator: Simulator,
        label: str,
        owner_of: OwnerOf,
        not_mine: str = "wrong address",
    ) -> None:
        super().__init__(simulator, label, owner_of, not_mine)
        self.tcp = TcpSettings()
        self._sockets: Sockets | None = None
        self._messages = 0

    @property
    def sockets(self) -> Sockets:
        """Its TCP, which is there from the first time that somebody needs it."""
        if self._sockets is None:
            self._sockets = Sockets(self._simulator, self, self.tcp)
        return self._sockets

    # ---- out ------------------------------------------------------------------------------

    def send_segment(self, segment: TcpSegment, look_up: int) -> Journey:
        """Send a TCP segment; DF is set but on a path so narrow that packets are cut for it."""
        known = self.paths.learned(segment.dst, self._simulator.now)
        locked = known is not None and known.locked
        ip = IPv4(segment.src, segment.dst, _TCP, ident=self._next_ident(), df=not locked)
        packet = Packet((ip, segment.header), _payload(segment.length))
        message = self._new_message("tcp") if locked else None
        route = self.route(segment.dst)
        if route is None:
            journey = self._open(packet, segment.dst, message, look_up)
            now = self._simulator.now
            self._simulator.ledger.drop(journey, now, "no container route", self.label)
            return journey
        return self._transmit(*route, packet, message=message, look_up=look_up, content=segment)

    def _new_message(self, kind: str) -> Message:
        self._messages += 1
        return (kind, self.label, self._messages)

    # ---- news of segments -----------------------------------------------------------------

    def segment_too_big(self, error: TooBigError, sent: TCP) -> None:
        """Somebody on the way cannot pass a segment on: the header that is quoted."""
        if self._sockets is not None:
            ends = (error.source, sent.src_port, error.destination, sent.dst_port)
            self._sockets.too_big(ends, sent.seq, error.mtu)

    def segment_unreachable(self, ip: IPv4, tcp: TCP, reason: str) -> None:
        """A segment did not get there, for one of the reasons of a failed connection."""
        if self._sockets is not None:
            self._sockets.unreachable((ip.src, tcp.src_port, ip.dst, tcp.dst_port), reason)

    # ---- its end --------------------------------------------------------------------------

    def close_all(self, program: Receiver) -> None:
        """A program has ended: the kernel closes what it had open."""
        if self._sockets is not None:
            self._sockets.forget(program)

    def remove(self, interface: Interface) -> None:
        """See :meth:`IpLayer.remove`; with the last one what nobody has any more is gone as well.

        (A network namespace ends with its processes, and with it what they left half closed.)
        """
        super().remove(interface)
        if not self.interfaces and self._sockets is not None and self._sockets.is_abandoned:
            self.power_off()

    def power_off(self) -> None:
        """Its connections are gone, and nobody is told."""
        if self._sockets is not None:
            self._sockets.power_off()
            self._sockets = None
