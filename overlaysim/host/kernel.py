"""What a host's kernel does by itself with IP packets for the host: answer, take, refuse.

Those that carry a tunnel's frame or are for a daemon's port do not come here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.ip import ETHERNET_MTU
from overlaysim.host.kernel_tcp import KernelTcp
from overlaysim.host.outer import OuterIp
from overlaysim.host.stack import DISCARD_PORT
from overlaysim.overlay.icmp_errors import icmp_error
from overlaysim.overlay.icmp_rate import ErrorLimit
from overlaysim.sim import Composition, Journey, Simulator, composition
from overlaysim.traffic.tcp import TcpSegment
from overlaysim.underlay.link import ETHERNET_HEADER
from overlaysim.wire import ICMP, TCP, UDP, Ethernet, ICMPv6, IPv4, Packet
from overlaysim.wire.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    ERRORS,
    PORT_UNREACHABLE,
    UNREACHABLE,
)

SendBack = Callable[[Journey, Packet], None]
"""Sends an IP packet to its destination by the way on which what it answers came in."""


class Kernel:
    """Answers echo requests at the host's addresses, and refuses datagrams that nobody takes.

    Args:
        me: the host.
        directory: where the hosts behind addresses are looked up.
        outer: the host's interface in the underlay.
        tcp_ports: where daemons of the host listen at present.
    """

    def __init__(
        self,
        simulator: Simulator,
        me: HostAddress,
        directory: Directory,
        outer: OuterIp,
        tcp_ports: Callable[[], Collection[int]],
    ) -> None:
        self._simulator = simulator
        self._me = me
        self._directory = directory
        self._outer = outer
        self._limit = ErrorLimit()
        self._tcp = KernelTcp(simulator, me.name, tcp_ports, ETHERNET_MTU)

    def receive(self, journey: Journey, frame: Packet) -> None:
        """Take a whole packet from the underlay for the host that no tunnel or daemon takes."""
        message = frame.layers[2] if len(frame.layers) > 2 else None
        if isinstance(message, ICMPv6) or (isinstance(message, ICMP) and message.type in ERRORS):
            self._outer.learn_from(journey, frame)
        elif isinstance(frame.layers[1], IPv4):
            self.take(journey, frame.inner(1), self._to_underlay)
        else:  # the ICMPv6 message is not modelled
            self._close(journey)

    def take(self, journey: Journey, packet: Packet, send_back: SendBack) -> None:
        """Take a whole IPv4 packet for the host, wherever it came from."""
        transport = packet.layers[1] if len(packet.layers) > 1 else None
        if isinstance(transport, ICMP):
            self._deliver(journey)
            if transport.type == ECHO_REQUEST:
                self._answer_echo(journey, packet, transport, send_back)
        elif isinstance(transport, TCP):
            self._deliver(journey)
            self._take_segment(journey, packet, send_back)
        elif isinstance(transport, UDP) and transport.dst_port == DISCARD_PORT:
            self._deliver(journey)
        else:
            self._close(journey)
            if isinstance(transport, UDP):
                self._refuse(packet, send_back)

    def _deliver(self, journey: Journey) -> None:
        self._simulator.ledger.deliver(journey, self._simulator.now, self._me.name)

    def _close(self, journey: Journey) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, "port closed", self._me.name)

    def _answer_echo(
        self, journey: Journey, packet: Packet, echo: ICMP, send_back: SendBack
    ) -> None:  # fmt: skip
        """DF stays clear (Linux ``net/ipv4/icmp.c``: ``IP_PMTUDISC_DONT``)."""
        asked = packet.layer(0, IPv4)
        ip = IPv4(asked.dst, asked.src, 1, ident=self._outer.next_ident())
        reply = Packet((ip, ICMP(ECHO_REPLY, 0, echo.ident, echo.sequence)), packet.payload)
        message = None if journey.message is None else (*journey.message[:-1], "reply")
        self._send("data", reply, send_back, message=message)

    def _take_segment(self, journey: Journey, packet: Packet, send_back: SendBack) -> None:
        def answer(segment: TcpSegment, payload: Packet) -> None:
            ip = IPv4(segment.src, segment.dst, 6, ident=self._outer.next_ident(), df=True)
            self._send("data", payload.wrap(ip), send_back, protocol="tcp", content=segment)

        self._tcp.take(journey, packet, answer)

    def _refuse(self, packet: Packet, send_back: SendBack) -> None:
        """Say that nobody listens on the port (RFC 1122 section 4.1.3.1), but not too often."""
        asked = packet.layer(0, IPv4)
        error = icmp_error(packet, asked.dst, UNREACHABLE, PORT_UNREACHABLE)
        if error is not None and self._limit.allows(asked.src, self._simulator.now):
            ip = error.layer(0, IPv4).replace(ident=self._outer.next_ident())
            error = error.replace(0, ip)
            self._send("icmp", error, send_back)

    def _send(
        self,
        kind: str,
        packet: Packet,
        send_back: SendBack,
        *,
        message: object = None,
        protocol: str = "icmp",
        content: object = None,
    ) -> None:
        journey = self._simulator.ledger.create(
            kind, self._simulator.now, source=self._me.name,
            intended=packet.layer(0, IPv4).dst, protocol=protocol, message=message,
        )  # fmt: skip
        journey.content = content
        journey.composition = bare_composition(kind, packet)
        send_back(journey, packet)

    def _to_underlay(self, journey: Journey, packet: Packet) -> None:
        target = self._directory.host_at(packet.layer(0, IPv4).dst)
        if target is None:  # what is answered came from nobody's address
            self._simulator.ledger.drop(journey, self._simulator.now, "no route", self._me.name)
            return
        journey.intended = target.name
        frame = packet.wrap(Ethernet(target.mac, self._me.mac))
        self._outer.send(journey, frame, target, may_cut=True)


def bare_composition(kind: str, packet: Packet) -> Composition:
    """What the bytes of an IP packet are for that travels in a frame, and in no tunnel."""
    carried = packet.payload_length
    return composition(kind, carried, packet.length - carried + ETHERNET_HEADER)
