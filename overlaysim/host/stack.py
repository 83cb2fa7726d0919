"""The IP stack of a container: routes, fragments, ICMP echo, UDP ports.

It turns what a program wants sent (:mod:`overlaysim.traffic.messages`) into IP packets, and packets
back into what a program receives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from overlaysim.host.interface import Interface
from overlaysim.overlay.fragments import Reassembler, fragment
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.traffic.messages import (
    DatagramIn,
    EchoReply,
    HostUnreachable,
    PortUnreachable,
    SendDatagram,
    SendEcho,
    TooBig,
)
from overlaysim.wire import ICMP, UDP, IPv4, MalformedPacket, Opaque, Packet
from overlaysim.wire.icmp import ECHO_REPLY, ECHO_REQUEST, PORT_UNREACHABLE, UNREACHABLE

PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp"}
IPV4_HEADER = 20
DISCARD_PORT = 9
"""Every container takes and forgets datagrams to this port (RFC 863), so that flows have an end."""
ICMP_QUOTE = 548
"""Bytes of the offending packet that an ICMP error quotes at most (RFC 1812 section 4.3.2.3)."""


class Receiver(Protocol):
    """What takes the stack's messages on behalf of a program."""

    def receive(self, message: object) -> None:
        """A message for the program."""


class Stack:
    """The IP stack behind one or more interfaces.

    Args:
        simulator: clock and ledger.
        label: the owner's name in traces.
        owner_of: gives the trace label of whoever should have the address, on an interface's
            network; the address itself if nobody has it.
    """

    def __init__(
        self, simulator: Simulator, label: str, owner_of: Callable[[Interface, str], str]
    ) -> None:
        self.label = label
        self.interfaces: list[Interface] = []
        self.default: tuple[Interface, str] | None = None
        self._simulator = simulator
        self._owner_of = owner_of
        self._reassembler = Reassembler()
        self._echo_programs: dict[int, Receiver] = {}
        self._ports: dict[int, Receiver] = {}
        self._ident = simulator.streams("ip-ident", label).randrange(0x10000)
        self._messages = 0

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
        self._messages += 1
        packet = Packet(
            (UDP(datagram.source_port, datagram.destination_port),), Opaque(datagram.size, "udp")
        )
        self.listen(datagram.source_port, program)
        self._send(
            packet, 17, datagram.destination, message=("udp", self.label, self._messages),
            look_up=look_up, program=program, dont_fragment=datagram.dont_fragment,
        )  # fmt: skip

    def _send(
        self,
        payload: Packet,
        protocol: int,
        destination: str,
        *,
        message: tuple[object, ...],
        look_up: int = 0,
        program: Receiver | None = None,
        dont_fragment: bool | None = None,
    ) -> None:
        route = self.route(destination)
        if route is None:
            if program is not None:
                program.receive(HostUnreachable(destination))
            return
        interface, next_hop = route
        self._ident = (self._ident + 1) & 0xFFFF
        mtu = interface.segment.info.mtu
        fits = payload.length + IPV4_HEADER <= mtu
        # Unasked, Linux sets DF on what fits and fragments the rest (``ip_no_pmtu_disc`` 0).
        df = fits if dont_fragment is None else dont_fragment
        packet = payload.wrap(
            IPv4(interface.address, destination, protocol, ident=self._ident, df=df)
        )
        if df and not fits:
            if program is not None:
                program.receive(TooBig(mtu))
            return
        for part in fragment(packet, mtu):
            self.transmit(interface, next_hop, part, message=message, look_up=look_up)

    def transmit(
        self,
        interface: Interface,
        next_hop: str,
        packet: Packet,
        *,
        message: tuple[object, ...],
        look_up: int = 0,
    ) -> None:
        """Open the account of one IP packet and put it on the interface."""
        ip = packet.layer(0, IPv4)
        journey = self._simulator.ledger.create(
            "data",
            self._simulator.now - look_up,
            source=self.label,
            intended=self._owner_of(interface, ip.dst),
            protocol=PROTOCOL_NAMES.get(ip.protocol or 0, str(ip.protocol)),
            message=message,
        )
        journey.look_up = look_up
        carried = packet.payload_length
        journey.composition = composition("data", carried, packet.length + 14 - carried)
        interface.send(journey, packet, next_hop)

    def route(self, destination: str) -> tuple[Interface, str] | None:
        """Interface and next hop for an address: its own subnet, else the default gateway."""
        for interface in self.interfaces:
            if interface.connects_to(destination):
                return interface, destination
        return self.default

    # ---- receiving ------------------------------------------------------------------------

    def take(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        """An IP packet came in on an interface."""
        now = self._simulator.now
        ip = packet.layer(0, IPv4)
        if ip.dst not in interface.addresses:
            self._simulator.ledger.drop(journey, now, "wrong address", self.label)
            return
        self._simulator.ledger.deliver(journey, now, self.label)
        whole = self._reassembler.receive(packet, now)
        if whole is not None:
            self._dispatch(interface, journey, whole)

    def _dispatch(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        inner = packet.layers[1] if len(packet.layers) > 1 else None
        if isinstance(inner, ICMP):
            self._take_icmp(interface, journey, packet, inner)
        elif isinstance(inner, UDP):
            self._take_udp(interface, packet, inner)

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
        elif icmp.type == UNREACHABLE and icmp.code == PORT_UNREACHABLE:
            self._take_port_unreachable(ip.src, packet)

    def _answer_echo(
        self, interface: Interface, journey: Journey, packet: Packet, icmp: ICMP
    ) -> None:
        reply = Packet((ICMP(ECHO_REPLY, 0, icmp.ident, icmp.sequence),), packet.payload)
        key = journey.message
        message = (*key[:-1], "reply") if key and key[0] == "ping" else ("icmp", journey.number)
        self._reply(interface, packet, reply, message=message)

    def _reply(
        self, interface: Interface, packet: Packet, answer: Packet, *, message: tuple[object, ...]
    ) -> None:
        """Answer from the address that was asked (a VIP, say), not from the interface's first."""
        asked = packet.layer(0, IPv4)
        route = self.route(asked.src)
        if route is None:
            return
        self._ident = (self._ident + 1) & 0xFFFF
        whole = answer.wrap(IPv4(asked.dst, asked.src, 1, ident=self._ident))
        for part in fragment(whole, interface.segment.info.mtu):
            self.transmit(*route, part, message=message)

    def _take_udp(self, interface: Interface, packet: Packet, udp: UDP) -> None:
        ip = packet.layer(0, IPv4)
        program = self._ports.get(udp.dst_port)
        if program is not None:
            program.receive(
                DatagramIn(ip.src, udp.src_port, udp.dst_port, packet.payload_length, None)
            )
            return
        if udp.dst_port == DISCARD_PORT:
            return
        self._messages += 1
        error = Packet((ICMP(UNREACHABLE, PORT_UNREACHABLE),), packet.pack()[:ICMP_QUOTE])
        self._reply(interface, packet, error, message=("icmp", self.label, self._messages))

    def _take_port_unreachable(self, source: str, packet: Packet) -> None:
        """Tell the program whose datagram is quoted in the ICMP error."""
        try:
            quoted = UDP.parse(bytes(packet.payload), IPV4_HEADER, packet.payload_length)
        except MalformedPacket:
            return  # an error about something that was no UDP datagram of ours
        program = self._ports.get(quoted.src_port)
        if program is not None:
            program.receive(PortUnreachable(source, quoted.dst_port))

    # ---- its end --------------------------------------------------------------------------

    def unreachable(self, address: str, packets: tuple[Packet, ...]) -> None:
        """ARP gave up on ``address``: tell the programs whose packets waited."""
        for packet in packets:
            icmp, udp = packet.find(ICMP), packet.find(UDP)
            program = (
                self._echo_programs.get(icmp.ident) if icmp
                else self._ports.get(udp.src_port) if udp else None
            )  # fmt: skip
            if program is not None:
                program.receive(HostUnreachable(address))

    @property
    def waiting(self) -> int:
        """Packets held back for ARP, for the conservation check."""
        return sum(interface.neighbours.waiting for interface in self.interfaces)

    def shut(self) -> None:
        """Take every interface away."""
        for interface in self.interfaces:
            interface.shut()
        self.interfaces.clear()
        self.default = None
