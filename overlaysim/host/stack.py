"""The IP stack of a container (or gateway, or load balancer): routes, fragments, ICMP, UDP, TCP.

It turns what a program wants sent (:mod:`overlaysim.traffic.messages`) into IP packets, and packets
back into what a program receives.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from overlaysim.host.interface import Interface
from overlaysim.host.ip import Message, OwnerOf
from overlaysim.host.receiver import Receiver
from overlaysim.host.tcp_layer import TcpLayer
from overlaysim.overlay.icmp_errors import icmp_error, read_too_big
from overlaysim.sim import Journey, Simulator
from overlaysim.traffic.messages import (
    DatagramIn,
    EchoReply,
    FragmentationNeeded,
    HostUnreachable,
    PortUnreachable,
    SendDatagram,
    SendEcho,
    TimeExceeded,
    TooBig,
)
from overlaysim.wire import ICMP, TCP, UDP, IPv4, Opaque, Packet
from overlaysim.wire.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    FRAGMENTATION_NEEDED,
    PORT_UNREACHABLE,
    TIME_EXCEEDED,
    UNREACHABLE,
)
from overlaysim.wire.quotes import quoted_layers

IPV4_HEADER = 20
DISCARD_PORT = 9
"""Every container takes and forgets datagrams to this port (RFC 863), so that flows have an end."""


@lru_cache(4096)
def _datagram(source: int, destination: int, size: int) -> Packet:
    """A UDP datagram; those of one flow and size are all the same."""
    return Packet((UDP(source, destination),), Opaque(size, "udp"))


class Stack(TcpLayer):
    """ICMP echo and UDP ports beside TCP on top of the IP layer, for the programs of a container.

    The arguments are those of :class:`~overlaysim.host.ip.IpLayer`.
    """

    def __init__(
        self,
        simulator: Simulator,
        label: str,
        owner_of: OwnerOf,
        not_mine: str = "wrong address",
    ) -> None:
        super().__init__(simulator, label, owner_of, not_mine)
        self._echo_programs: dict[int, Receiver] = {}
        self._ports: dict[int, Receiver] = {}

    # ---- programs -------------------------------------------------------------------------

    def listen_echo(self, ident: int, program: Receiver) -> None:
        """Hand echo replies with this identifier to ``program``."""
        self._echo_programs[ident] = program

    def listen(self, port: int, program: Receiver) -> None:
        """Hand UDP datagrams to this port to ``program``."""
        self._ports[port] = program

    def forget(self, program: Receiver) -> None:
        """The program has ended."""
        for table in (self._echo_programs, self._ports):
            for key in [key for key, value in table.items() if value is program]:
                del table[key]
        self.close_all(program)

    # ---- sending --------------------------------------------------------------------------

    def send_echo(self, program: Receiver, echo: SendEcho, look_up: int = 0) -> None:
        """Send an echo request; ``look_up`` is how long the program waited for the address."""
        self.listen_echo(echo.ident, program)
        request = Packet(
            (ICMP(ECHO_REQUEST, 0, echo.ident, echo.sequence & 0xFFFF),),
            Opaque(echo.size, "ping"),
        )
        message = ("ping", self.label, echo.ident, echo.sequence, "request")
        self._send(
            request, 1, echo.destination, message=message, look_up=look_up, program=program,
            dont_fragment=echo.dont_fragment,
        )  # fmt: skip

    def send_datagram(self, program: Receiver, datagram: SendDatagram, look_up: int = 0) -> None:
        """Send a UDP datagram for ``program``."""
        self.listen(datagram.source_port, program)
        packet = _datagram(datagram.source_port, datagram.destination_port, datagram.size)
        self._send(
            packet, 17, datagram.destination, message=self._new_message("udp"), look_up=look_up,
            program=program, dont_fragment=datagram.dont_fragment, content=datagram.content,
            ttl=datagram.ttl,
        )  # fmt: skip

    def _send(
        self,
        payload: Packet,
        protocol: int,
        destination: str,
        *,
        message: Message,
        look_up: int,
        program: Receiver,
        dont_fragment: bool | None,
        content: Any = None,
        ttl: int = 64,
    ) -> None:
        route = self.route(destination)
        if route is None:
            packet = payload.wrap(IPv4("0.0.0.0", destination, protocol))
            journey = self._open(packet, destination, message, look_up)
            self._simulator.ledger.drop(
                journey, self._simulator.now, "no container route", self.label
            )
            program.receive(HostUnreachable(destination))
            return
        interface, next_hop = route
        mtu = self._mtu(interface, destination)
        fits = payload.length + IPV4_HEADER <= mtu
        # Unasked, Linux sets DF on what fits and fragments the rest (``ip_no_pmtu_disc`` 0).
        known = self.paths.learned(destination, self._simulator.now)
        unasked = fits and not (known is not None and known.locked)
        df = unasked if dont_fragment is None else dont_fragment
        if df and not fits:
            program.receive(TooBig(mtu))
            return
        packet = payload.wrap(
            IPv4(interface.address, destination, protocol, ttl=ttl, ident=self._next_ident(), df=df)
        )
        self._transmit(
            interface, next_hop, packet, message=message, look_up=look_up, content=content
        )

    def _reply(
        self, interface: Interface, asked: IPv4, answer: Packet, *, message: Message
    ) -> None:
        """Answer from the address that was asked (a VIP, say), not from the interface's first.

        DF stays clear (``net/ipv4/icmp.c``: ``IP_PMTUDISC_DONT``).
        """
        route = self.route(asked.src)
        if route is not None:
            packet = answer.wrap(IPv4(asked.dst, asked.src, 1, ident=self._next_ident()))
            self._transmit(*route, packet, message=message)

    # ---- receiving ------------------------------------------------------------------------

    def _dispatch(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        inner = packet.layers[1]
        if isinstance(inner, ICMP):
            self._take_icmp(interface, journey, packet, inner)
        elif isinstance(inner, UDP):
            self._take_udp(interface, journey, packet, inner)
        elif isinstance(inner, TCP):
            self.sockets.take(journey, packet)

    def _take_icmp(
        self, interface: Interface, journey: Journey, packet: Packet, icmp: ICMP
    ) -> None:
        ip = packet.layer(0, IPv4)
        if icmp.type == ECHO_REQUEST:
            self._answer_echo(interface, journey, packet, icmp)
        elif icmp.type == ECHO_REPLY:
            program = self._echo_programs.get(icmp.ident)
            if program is not None:
                size = packet.payload_length
                program.receive(EchoReply(ip.src, icmp.ident, icmp.sequence, size, ip.ttl))
        elif (icmp.type, icmp.code) in ((UNREACHABLE, PORT_UNREACHABLE), (TIME_EXCEEDED, 0)):
            self._take_end(packet, icmp)
        elif icmp.type == UNREACHABLE and icmp.code == FRAGMENTATION_NEEDED:
            self._take_too_big(interface, packet)

    def _answer_echo(
        self, interface: Interface, journey: Journey, packet: Packet, icmp: ICMP
    ) -> None:
        reply = Packet((ICMP(ECHO_REPLY, 0, icmp.ident, icmp.sequence),), packet.payload)
        message = (*journey.message[:-1], "reply")
        self._reply(interface, packet.layer(0, IPv4), reply, message=message)

    def _take_udp(self, interface: Interface, journey: Journey, packet: Packet, udp: UDP) -> None:
        program = self._ports.get(udp.dst_port)
        if program is not None:
            source, size = packet.layer(0, IPv4).src, packet.payload_length
            program.receive(DatagramIn(source, udp.src_port, udp.dst_port, size, journey.content))
        elif udp.dst_port != DISCARD_PORT:
            self.refuse(interface, packet)

    def refuse(self, interface: Interface, packet: Packet) -> None:
        """Tell a datagram's sender that nobody listens on its port (RFC 1122 section 4.1.3.1)."""
        asked = packet.layer(0, IPv4)
        error = icmp_error(
            packet, asked.dst, UNREACHABLE, PORT_UNREACHABLE, ident=self._next_ident()
        )
        route = self.route(asked.src)
        if error is not None and route is not None:
            self._transmit(*route, error, message=self._new_message("icmp"))

    def _take_end(self, packet: Packet, icmp: ICMP) -> None:
        """Tell the program whose datagram is quoted in an ICMP error where that came to its end."""
        quoted = quoted_layers(packet)
        udp = next(iter(quoted[1:]), None)
        if isinstance(udp, TCP) and isinstance(quoted[0], IPv4):
            if icmp.type == UNREACHABLE:
                self.segment_unreachable(quoted[0], udp, "refused")
            return
        program = self._ports.get(udp.src_port) if isinstance(udp, UDP) else None
        if not isinstance(udp, UDP) or program is None:
            return
        ip = packet.layer(0, IPv4)
        if icmp.type == TIME_EXCEEDED:
            program.receive(TimeExceeded(ip.src, udp.dst_port))
        else:
            program.receive(PortUnreachable(ip.src, udp.dst_port, ip.ttl))

    def _take_too_big(self, interface: Interface, packet: Packet) -> None:
        """Somebody on the way says how long packets to a destination may be.

        It counts if the quoted packet is one of ours: to UDP that is one from a port in use.
        """
        error = read_too_big(packet)
        if error is None or error.source not in interface.addresses:
            return
        sent = error.transport
        program, number = None, 0
        if isinstance(sent, ICMP):
            program, number = self._echo_programs.get(sent.ident), sent.sequence
        elif isinstance(sent, UDP):
            program, number = self._ports.get(sent.src_port), sent.dst_port
            if program is None:
                return
        self.learn_mtu(interface, error.destination, error.mtu)
        if isinstance(sent, TCP):
            self.segment_too_big(error, sent)
        if program is not None:
            program.receive(FragmentationNeeded(error.reporter, error.mtu, number))

    # ---- its end --------------------------------------------------------------------------

    def unreachable(self, address: str, packets: tuple[Packet, ...]) -> None:
        """ARP gave up on ``address``: tell the programs whose packets waited."""
        for packet in packets:
            header = packet.layers[1] if len(packet.layers) > 1 else None
            program = None
            if isinstance(header, ICMP) and header.type == ECHO_REQUEST:
                program = self._echo_programs.get(header.ident)
            elif isinstance(header, UDP):
                program = self._ports.get(header.src_port)
            elif isinstance(header, TCP):
                self.segment_unreachable(packet.layer(0, IPv4), header, "no route to host")
            if program is not None:
                program.receive(HostUnreachable(address, packet.layer(0, IPv4).src))
