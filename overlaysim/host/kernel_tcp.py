"""The TCP of a host itself towards containers, which reach it by its bridges or masqueraded.

What hosts say to one another runs over streams of its own (:mod:`overlaysim.host.streams`). A
container that connects to a port where a daemon listens is accepted, but never told anything;
elsewhere it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from overlaysim.host.connections import Ends
from overlaysim.host.sockets import translated
from overlaysim.sim import Driver, Journey, Simulator
from overlaysim.traffic.socket_messages import TcpEvent
from overlaysim.traffic.tcp import PeerClosed, TcpSegment, TcpSettings, TcpStack
from overlaysim.wire import Opaque, Packet
from overlaysim.wire.tcp import ACK, SYN

Answer = Callable[[TcpSegment, Packet], None]
"""Sends a segment, and the TCP packet that it makes, back on the way of what it answers."""


class KernelTcp:
    """Takes and answers segments.

    Args:
        ports: where daemons of the host listen at present.
        mtu: of the host's interface, bytes.
    """

    def __init__(
        self, simulator: Simulator, host: str, ports: Callable[[], Collection[int]], mtu: int
    ) -> None:
        self._simulator = simulator
        self._ports = ports
        self._tcp = TcpStack(
            simulator.streams("kernel-tcp", host), TcpSettings(), mtu=lambda _: mtu
        )
        self._driver = Driver(simulator, self._tcp, self._carry)
        self._ways: dict[Ends, Answer] = {}

    def take(self, journey: Journey, packet: Packet, answer: Answer) -> None:
        """A segment for the host came in; it has been delivered."""
        segment = translated(journey, packet)
        if segment.flags & (SYN | ACK) == SYN:
            if segment.dst_port in self._ports():
                self._tcp.listen(segment.dst_port)
            else:
                self._tcp.unlisten(segment.dst_port)
        self._ways[segment.dst, segment.dst_port, segment.src, segment.src_port] = answer
        self._driver.receive(segment)

    def _carry(self, item: TcpSegment | TcpEvent) -> None:
        if isinstance(item, TcpSegment):
            answer = self._ways[item.src, item.src_port, item.dst, item.dst_port]
            answer(item, Packet((item.header,), Opaque(item.length, "tcp")))
        elif isinstance(item, PeerClosed):
            self._tcp.close(item.connection, self._simulator.now)
