"""The packet's road through a host: container frames into the tunnel, tunnel frames out of it.

Out: segment -> :meth:`Datapath.tunnel` (encapsulate) -> :class:`~overlaysim.host.outer.OuterIp`.
In: OuterIp -> :meth:`Datapath.receive` -> tunnel (decapsulate) -> segment, or a daemon's port.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from overlaysim.host.daemon import Daemon
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.outer import OuterIp
from overlaysim.host.processor import FREE, Processor, Work
from overlaysim.host.segment import ETHERNET_HEADER, Segment
from overlaysim.host.tunnels import Arrival, Refusal, Tunnels, account
from overlaysim.overlay.checksums import spoilt
from overlaysim.overlay.encapsulation import CannotCarry, TunnelChoice
from overlaysim.overlay.pmtu import tunnel_answer
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay.network import Underlay
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, Packet

Handler = Callable[[Journey, Packet], None]
"""What a daemon does with a packet for one of its ports."""


@dataclass(frozen=True, slots=True)
class HostCosts:
    """What a host's work costs.

    Attributes:
        resolver: a DNS answer, picoseconds.
        encapsulate, decapsulate: a packet into the tunnel and out of it.
        crypt: what encryption or decryption of a packet costs besides.
    """

    resolver: int = 0
    encapsulate: Work = FREE
    decapsulate: Work = FREE
    crypt: Work = FREE


class Datapath:
    """NIC and tunnel devices of one host."""

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        directory: Directory,
        me: HostAddress,
        costs: HostCosts,
        daemon: Daemon,
    ) -> None:
        self.me = me
        self._daemon = daemon
        self._simulator = simulator
        self._underlay = underlay
        self._directory = directory
        self._costs = costs
        self._ports: dict[int, Handler] = {}
        self._tcp: Handler | None = None
        self._processor = Processor(
            simulator, lambda journey, reason: self._drop(journey, reason, me.name)
        )
        self._tunnels = Tunnels(
            me, directory, simulator.streams.number("flow-hash", me.name, bits=32)
        )
        self._spoilers = 0
        self.unclaimed: Handler = self._drop_unclaimed
        """Takes the packets for the host that are for no tunnel and for no daemon's port."""
        self.outer = OuterIp(simulator, underlay, directory, me, self.receive)
        self.outer.protects = self._tunnels.protects

    def add_segment(self, segment: Segment) -> None:
        """A tunnel device for the segment's network exists from now on."""
        self._tunnels.add(segment)

    def remove_segment(self, segment: Segment) -> None:
        """The tunnel device goes away."""
        self._tunnels.remove(segment)

    def listen(self, port: int, handler: Handler) -> None:
        """A daemon of the host takes the UDP datagrams for this port."""
        self._ports[port] = handler

    def close(self, port: int) -> None:
        """The daemon that listened on this port has ended."""
        self._ports.pop(port, None)

    def uses(self, port: int) -> bool:
        """Whether a UDP port is a daemon's or the tunnels'."""
        return port in self._ports or self._tunnels.uses(port)

    def listen_tcp(self, handler: Handler) -> None:
        """The hosts' own TCP takes their segments; what no daemon listens for, it resets itself."""
        self._tcp = handler

    def reboot(self) -> None:
        """The host loses what it has in hand."""
        self._processor.reboot()
        self.outer.reboot()

    def break_offload(self) -> Callable[[], None]:
        """Let the network card spoil the checksums inside tunnels; returns what mends it."""
        self._spoilers += 1

        def mend() -> None:
            self._spoilers -= 1

        return mend

    @property
    def has_carrier(self) -> bool:
        """Whether a link of the host is up."""
        name, underlay = self.me.name, self._underlay
        return any(underlay.links[name, other].up for other in underlay.neighbours[name])

    @property
    def in_hand(self) -> int:
        """Packets being encapsulated, decapsulated or put together right now."""
        return self._processor.in_hand + self.outer.in_hand

    # ---- out ------------------------------------------------------------------------------

    def tunnel(self, segment: Segment, journey: Journey, frame: Packet, remote: str) -> None:
        """Wrap a container's frame and send it to the VTEP at ``remote``."""
        target = self._directory.host_at(remote)
        if target is None:
            self._drop(journey, "no route", self.me.name)
            return
        journey.destination = target.name
        mtu = self.outer.mtu(target)
        inner_mtu = self._tunnels.inner_mtu(segment, target, mtu)
        if self._is_answered(segment, journey, frame, inner_mtu):
            return
        if self._spoilers:
            frame = spoilt(frame)
        try:
            outer = self._tunnels.wrap(
                segment, frame, target, ident=self.outer.next_ident(), mtu=mtu
            )
        except CannotCarry:
            self._drop(journey, "not carried", segment.device)
            return
        choice = segment.info.tunnel
        journey.tunnel = segment.info.device, segment.info.identifier
        journey.tag = choice.encapsulation.tag
        journey.composition = account(journey.composition, choice, outer)
        send = partial(self.outer.send, journey, outer, target, may_cut=self._may_cut(outer))
        cost = self._cost(self._costs.encapsulate, choice, outer.length)
        self._processor.run(journey, "encapsulate", cost, send)

    def _cost(self, work: Work, choice: TunnelChoice, length: int) -> int:
        """Picoseconds of work for a packet in a tunnel, encryption included."""
        cost = work.cost(length)
        if choice.encapsulation.encrypts:
            cost += self._costs.crypt.cost(length)
        return cost

    @staticmethod
    def _may_cut(outer: Packet) -> bool:
        """Whether a tunnel's packet that is too long for its path may leave as fragments.

        Linux sends IPv6 of a tunnel in one piece or not at all (``ip6_output.c``, ip6_fragment: a
        packet that comes from no socket); IPv4 as its DF bit says.
        """
        ip = outer.layers[1]
        return isinstance(ip, IPv4) and not ip.df

    def _is_answered(self, segment: Segment, journey: Journey, frame: Packet, mtu: int) -> bool:
        """Whether the tunnel sends a packet back that is longer than ``mtu``, what it carries.

        Over a bridge it does, if it may; who sits on the device itself just gets to know (Linux
        ``net/ipv4/ip_tunnel_core.c``, skb_tunnel_check_pmtu).
        """
        if frame.length - ETHERNET_HEADER <= mtu:
            return False
        if not segment.is_bridged:
            segment.tell_mtu(frame, mtu)
            return False
        answer = tunnel_answer(frame, mtu)
        if answer is None:
            return False
        self._drop(journey, "fragmentation needed", segment.device)
        segment.answer(answer)
        return True

    def send(
        self,
        journey: Journey,
        transport: UDP | TCP,
        payload: Any,
        target: HostAddress,
    ) -> None:
        """Send a daemon's own datagram or segment to another host.

        A datagram longer than its path is cut; TCP, which knows the path, makes no such segments.
        """
        protocol = transport.BINDINGS["protocol"]
        ip = IPv4(self.me.address, target.address, protocol, ident=self.outer.next_ident(), df=True)
        packet = Packet((Ethernet(target.mac, self.me.mac), ip, transport), payload)
        too_long = packet.length - ETHERNET_HEADER > self.outer.mtu(target)
        may_cut = too_long and isinstance(transport, UDP)
        if may_cut:
            packet = packet.replace(1, ip.replace(df=False))
        headers = packet.length - packet.payload_length
        journey.composition = composition(
            journey.kind, packet.payload_length, outer_headers=headers
        )
        self.outer.send(journey, packet, target, may_cut=may_cut)

    # ---- in -------------------------------------------------------------------------------

    def receive(self, journey: Journey, packet: Packet) -> None:
        """A whole packet came in from the underlay."""
        try:
            arrival = self._tunnels.take(packet)
        except Refusal as refusal:
            self._drop(journey, refusal.reason, refusal.where)
            return
        transport = packet.layers[2] if len(packet.layers) > 2 else None
        if arrival is not None:
            self._untunnel(journey, arrival, packet.length)
        elif isinstance(transport, UDP):
            if not self.offer(journey, packet, transport.dst_port):
                self.unclaimed(journey, packet)
        elif isinstance(transport, TCP) and journey.kind == "data":  # a container's
            self.unclaimed(journey, packet)
        elif self._tcp is None or not isinstance(transport, TCP):
            self._drop(journey, "port closed", self.me.name)
        else:
            self._simulator.ledger.deliver(journey, self._simulator.now, self.me.name)
            self._tcp(journey, packet)

    def offer(self, journey: Journey, packet: Packet, port: int) -> bool:
        """Give a datagram to the daemon that listens on a port; whether there is one.

        It has arrived once it is in the socket's buffer.
        """
        handler = self._ports.get(port)
        if handler is None:
            return False
        if not self._daemon.has_room(port):
            self._drop(journey, "socket buffer full", self.me.name)
        else:
            self._simulator.ledger.deliver(journey, self._simulator.now, self.me.name)
            self._daemon.take(partial(handler, journey, packet), port=port, length=packet.length)
        return True

    def _untunnel(self, journey: Journey, arrival: Arrival, length: int) -> None:
        """A tunnel device has a frame for its bridge, once the work for it is done."""
        segment = arrival.segment
        self._processor.run(
            journey, "decapsulate",
            self._cost(self._costs.decapsulate, segment.info.tunnel, length),
            lambda: segment.from_tunnel(journey, arrival.frame, arrival.vtep),
        )  # fmt: skip

    # ---- helpers --------------------------------------------------------------------------

    def _drop_unclaimed(self, journey: Journey, _: Packet) -> None:
        self._drop(journey, "port closed", self.me.name)

    def _drop(self, journey: Journey, reason: str, where: str) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, reason, where)
