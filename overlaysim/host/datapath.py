"""The packet's road through a host: container frames into the tunnel, tunnel frames out of it.

Out: segment -> :meth:`Datapath.tunnel` (encapsulate) -> :class:`~overlaysim.host.outer.OuterIp`.
In: OuterIp -> :meth:`Datapath.receive` -> VXLAN (decapsulate) -> segment, or a daemon's port.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from overlaysim.host.daemon import Daemon
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.outer import OuterIp
from overlaysim.host.segment import ETHERNET_HEADER, Segment
from overlaysim.overlay.encapsulation.tunnel import INHERIT, ip_of, is_unbreakable
from overlaysim.overlay.flow import flow_hash, source_port
from overlaysim.overlay.pmtu import tunnel_answer
from overlaysim.overlay.vxlan import NotDelivered, decapsulate, encapsulate
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay.network import Underlay
from overlaysim.wire import TCP, UDP, VXLAN, VXLAN_PORT, Ethernet, IPv4, Packet

TUNNEL_HEADERS = 42
"""Outer Ethernet 14, IPv4 20 and UDP 8; the VXLAN header of 8 is counted apart."""
VXLAN_HEADER = 8

Handler = Callable[[Journey, Packet], None]
"""What a daemon does with a packet for one of its ports."""


@dataclass(frozen=True, slots=True)
class HostCosts:
    """What a host's work costs, in picoseconds: a DNS answer, a packet in and out of the tunnel."""

    resolver: int = 0
    encapsulate: int = 0
    decapsulate: int = 0


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
        self._segments: dict[int, Segment] = {}
        self._ports: dict[int, Handler] = {}
        self._tcp: Handler | None = None
        # Every kernel keys its flow hash by itself at boot, so two hosts map one flow to two ports.
        self._hash_key = simulator.streams.number("flow-hash", me.name, bits=32)
        self._in_hand = 0
        self._boots = 0
        self.outer = OuterIp(simulator, underlay, directory, me, self.receive)

    def add_segment(self, segment: Segment) -> None:
        """A VXLAN device for the segment's VNI exists from now on."""
        assert segment.info.vni is not None
        self._segments[segment.info.vni] = segment

    def remove_segment(self, segment: Segment) -> None:
        """The VXLAN device goes away."""
        assert segment.info.vni is not None
        self._segments.pop(segment.info.vni, None)

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
        self._boots += 1
        self.outer.reboot()

    @property
    def has_carrier(self) -> bool:
        """Whether a link of the host is up."""
        name, underlay = self.me.name, self._underlay
        return any(underlay.links[name, other].up for other in underlay.neighbours[name])

    @property
    def in_hand(self) -> int:
        """Packets being encapsulated, decapsulated or put together right now."""
        return self._in_hand + self.outer.in_hand

    # ---- out ------------------------------------------------------------------------------

    def tunnel(self, segment: Segment, journey: Journey, frame: Packet, remote: str) -> None:
        """Wrap a container's frame in VXLAN and send it to the VTEP at ``remote``."""
        target = self._directory.host_at(remote)
        if target is None:
            self._drop(journey, "no route", self.me.name)
            return
        journey.destination = target.name
        outer = self._wrap(segment, frame, target)
        if self._is_answered(segment, journey, frame, self.outer.mtu(target) - added(frame, outer)):
            return
        inner = journey.composition
        journey.composition = composition(
            inner.kind, inner.payload, inner.inner_headers, VXLAN_HEADER, TUNNEL_HEADERS
        )
        journey.encapsulate += self._costs.encapsulate
        ip = outer.layers[1]
        # Linux sends IPv6 of a tunnel in one piece or not at all (``ip6_output.c``, ip6_fragment:
        # a packet that comes from no socket); IPv4 as its DF bit says.
        send = partial(
            self.outer.send, journey, outer, target, may_cut=isinstance(ip, IPv4) and not ip.df
        )
        self._after(journey, self._costs.encapsulate, send)

    def _wrap(self, segment: Segment, frame: Packet, target: HostAddress) -> Packet:
        """The frame on the underlay that carries a container's frame to another host."""
        assert segment.info.vni is not None
        outer = encapsulate(
            frame,
            vni=segment.info.vni,
            source_ip=self.me.address,
            target_ip=target.address,
            source_mac=self.me.mac,
            target_mac=target.mac,
            source_port=source_port(flow_hash(frame, self._hash_key)),
            ident=self.outer.next_ident(),
        )
        rule = segment.info.outer_df
        if rule == "set" or (rule == INHERIT and is_unbreakable(ip_of(frame))):
            outer = outer.replace(1, outer.layer(1, IPv4).replace(df=True))
        return outer

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
        transport = packet.layers[2]
        if isinstance(transport, UDP) and transport.dst_port == VXLAN_PORT:
            journey.decapsulate += self._costs.decapsulate
            self._after(journey, self._costs.decapsulate, lambda: self._untunnel(journey, packet))
        elif isinstance(transport, UDP):
            self._to_daemon(journey, packet, transport.dst_port)
        elif self._tcp is None:
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

    def _untunnel(self, journey: Journey, packet: Packet) -> None:
        if not self._segments:  # no VXLAN device at all: the kernel's socket is closed
            self._drop(journey, "port closed", self.me.name)
            self.outer.refuse(packet)
            return
        segment = self._segments.get(packet.layer(3, VXLAN).vni)
        if segment is None:
            self._drop(journey, "unknown VNI", self.me.name)
            return
        try:
            _, frame = decapsulate(packet)
        except NotDelivered:
            self._drop(journey, "refused by VXLAN", segment.device)
            return
        segment.from_tunnel(journey, frame, packet.layer(1, IPv4).src)

    # ---- helpers --------------------------------------------------------------------------

    def _after(self, journey: Journey, delay: int, then: Callable[[], None]) -> None:
        if not delay:
            then()
            return
        self._in_hand += 1

        def resume(boots: int) -> None:
            self._in_hand -= 1
            if boots == self._boots:
                then()
            else:
                self._drop(journey, "host down", self.me.name)

        self._simulator.call_in(delay, resume, self._boots)

    def _drop(self, journey: Journey, reason: str, where: str) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, reason, where)


def added(frame: Packet, outer: Packet) -> int:
    """Bytes that a tunnel puts in front of the inner IP packet, and behind it: all it adds."""
    return outer.length - frame.length
