"""The packet's road through a host: container frames into the tunnel, tunnel frames out of it.

Out: segment -> :meth:`Datapath.tunnel` (encapsulate) -> :meth:`Datapath.transmit` -> underlay.
In: underlay -> :meth:`Datapath.receive` -> tunnel (decapsulate) -> segment, or a daemon's port.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from overlaysim.host.daemon import Daemon
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.processor import FREE, Processor, Work
from overlaysim.host.segment import Segment
from overlaysim.host.tunnels import Arrival, Refusal, Tunnels, account
from overlaysim.overlay.checksums import spoilt
from overlaysim.overlay.encapsulation import CannotCarry, TunnelChoice
from overlaysim.overlay.flow import underlay_hash
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.sim.events import FrameSeen
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
    """NIC and VXLAN devices of one host."""

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
        self._ident = simulator.streams("ip-ident", me.name).randrange(0x10000)
        underlay.attach(me.name, self.receive)

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

    def listen_tcp(self, handler: Handler) -> None:
        """The host's TCP takes every segment; what no daemon listens for, it resets itself."""
        self._tcp = handler

    def reboot(self) -> None:
        """The host loses what it has in hand."""
        self._processor.reboot()

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
        """Packets being encapsulated or decapsulated right now."""
        return self._processor.in_hand

    # ---- out ------------------------------------------------------------------------------

    def tunnel(self, segment: Segment, journey: Journey, frame: Packet, remote: str) -> None:
        """Wrap a container's frame and send it to the VTEP at ``remote``."""
        target = self._directory.host_at(remote)
        if target is None:
            self._drop(journey, "no route", self.me.name)
            return
        if self._spoilers:
            frame = spoilt(frame)
        try:
            outer = self._tunnels.wrap(
                segment, frame, target, ident=self._next_ident(), mtu=self._mtu
            )
        except CannotCarry:
            self._drop(journey, "not carried", segment.device)
            return
        choice = segment.info.tunnel
        journey.composition = account(journey.composition, choice, outer)
        cost = self._cost(self._costs.encapsulate, choice, outer.length)
        self._processor.run(
            journey, "encapsulate", cost, lambda: self.transmit(journey, outer, target)
        )

    @property
    def _mtu(self) -> int:
        """The MTU of the host's own link, the smallest if there are several."""
        name, underlay = self.me.name, self._underlay
        return min(underlay.links[name, other].spec.mtu for other in underlay.neighbours[name])

    def _cost(self, work: Work, choice: TunnelChoice, length: int) -> int:
        """Picoseconds of work for a packet in a tunnel, encryption included."""
        crypt = self._costs.crypt if choice.encapsulation.encrypts else FREE
        return (work + crypt).cost(length)

    def send(
        self,
        journey: Journey,
        transport: UDP | TCP,
        payload: Any,
        target: HostAddress,
    ) -> None:
        """Send a daemon's own datagram or segment to another host."""
        protocol = transport.BINDINGS["protocol"]
        packet = Packet(
            (
                Ethernet(target.mac, self.me.mac),
                IPv4(self.me.address, target.address, protocol, ident=self._next_ident(), df=True),
                transport,
            ),
            payload,
        )
        headers = packet.length - packet.payload_length
        journey.composition = composition(
            journey.kind, packet.payload_length, outer_headers=headers
        )
        self.transmit(journey, packet, target)

    def transmit(self, journey: Journey, packet: Packet, target: HostAddress) -> None:
        """Put a frame on the host's link."""
        journey.packet, journey.length = packet, packet.length
        journey.destination, journey.flow_hash = target.name, underlay_hash(packet)
        self._show(journey, packet, outgoing=True)
        self._underlay.send(journey, self.me.name)

    # ---- in -------------------------------------------------------------------------------

    def receive(self, journey: Journey) -> None:
        """A frame came in from the underlay."""
        packet = journey.packet
        self._show(journey, packet, outgoing=False)
        try:
            arrival = self._tunnels.take(packet)
        except Refusal as refusal:
            self._drop(journey, refusal.reason, refusal.where)
            return
        transport = packet.layers[2] if len(packet.layers) > 2 else None
        if arrival is not None:
            self._untunnel(journey, arrival, packet.length)
        elif isinstance(transport, UDP):
            self._to_daemon(journey, packet, transport.dst_port)
        elif self._tcp is None or not isinstance(transport, TCP):
            self._drop(journey, "port closed", self.me.name)
        else:
            self._simulator.ledger.deliver(journey, self._simulator.now, self.me.name)
            self._tcp(journey, packet)

    def _to_daemon(self, journey: Journey, packet: Packet, port: int) -> None:
        """A datagram for a daemon's socket: it has arrived once it is in the socket's buffer."""
        handler = self._ports.get(port)
        if handler is None:
            self._drop(journey, "port closed", self.me.name)
        elif not self._daemon.has_room(port):
            self._drop(journey, "socket buffer full", self.me.name)
        else:
            self._simulator.ledger.deliver(journey, self._simulator.now, self.me.name)
            self._daemon.take(partial(handler, journey, packet), port=port, length=packet.length)

    def _untunnel(self, journey: Journey, arrival: Arrival, length: int) -> None:
        """A tunnel device has a frame for its bridge, once the work for it is done."""
        segment = arrival.segment
        self._processor.run(
            journey, "decapsulate",
            self._cost(self._costs.decapsulate, segment.info.tunnel, length),
            lambda: segment.from_tunnel(journey, arrival.frame, arrival.vtep),
        )  # fmt: skip

    # ---- helpers --------------------------------------------------------------------------

    def _next_ident(self) -> int:
        self._ident = (self._ident + 1) & 0xFFFF
        return self._ident

    def _show(self, journey: Journey, packet: Packet, *, outgoing: bool) -> None:
        bus = self._simulator.bus
        if bus.wants(FrameSeen):
            bus.emit(FrameSeen(self._simulator.now, self.me.name, outgoing, journey, packet))

    def _drop(self, journey: Journey, reason: str, where: str) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, reason, where)
