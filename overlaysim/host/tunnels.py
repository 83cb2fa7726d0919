"""The tunnel devices of one host: frames of containers into underlay packets, and back.

One device per overlay network, with the encapsulation that the network has chosen. A packet that
comes in belongs to the network whose identifier it carries; an encapsulation without one (GRE
without key, IP in IP, no tunnel at all) leaves only the destination address to tell.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.known_flows import KnownFlows
from overlaysim.host.segment import ETHERNET_HEADER, Segment
from overlaysim.host.sessions import Sessions
from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.encapsulation import (
    Carries,
    Encapsulation,
    NotDelivered,
    Tunnel,
    TunnelChoice,
    Way,
)
from overlaysim.overlay.flow import flow_hash
from overlaysim.overlay.fragments import IP
from overlaysim.sim import Composition, composition
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, MalformedPacket, Packet

_PORTED = UDP | TCP


class Arrival(NamedTuple):
    """A packet that a tunnel device has taken.

    ``vtep`` is the sender's address, None where a packet does not tell it.
    """

    segment: Segment
    frame: Packet
    vtep: str | None


class Refusal(Exception):  # noqa: N818 - says what becomes of the packet
    """No tunnel device takes the packet: one of the ledger's reasons, and where."""

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(reason)
        self.reason, self.where = reason, where


class Tunnels:
    """The devices.

    Args:
        me: the host.
        directory: who has which underlay address.
        hash_key: every kernel keys its flow hash by itself, so two hosts map one flow to two ports.
    """

    def __init__(self, me: HostAddress, directory: Directory, hash_key: int) -> None:
        self._me = me
        self._directory = directory
        self._hash_key = hash_key
        self._addresses = (me.address, me.address6)
        self._segments: list[Segment] = []
        self._by_identifier: dict[tuple[Encapsulation, int], Segment] = {}
        self._flows = KnownFlows()
        self._ways: dict[Segment, dict[str, tuple[HostAddress, Way]]] = {}
        self._to_hosts: list[TunnelChoice] = []
        self._direct: list[TunnelChoice] = []
        self._sent: Counter[tuple[str, str]] = Counter()
        self._sessions = Sessions(me.name, directory)

    def add(self, segment: Segment) -> None:
        """A network's device exists from now on."""
        self._segments.append(segment)
        self._ways[segment] = {}
        self._sort()

    def remove(self, segment: Segment) -> None:
        """The device goes away."""
        if segment in self._segments:
            self._segments.remove(segment)
            self._ways.pop(segment, None)
            self._sort()

    def _sort(self) -> None:
        """Note the kinds of tunnel that there are, those between hosts' addresses apart.

        Of two devices of one kind with one identifier the older one has the packets.
        """
        kinds = {
            (segment.info.tunnel.encapsulation.name, segment.info.tunnel.settings.port):
            segment.info.tunnel
            for segment in self._segments
        }  # fmt: skip
        self._to_hosts = [c for c in kinds.values() if c.encapsulation.joins_hosts]
        self._direct = [c for c in kinds.values() if not c.encapsulation.joins_hosts]
        self._by_identifier = {
            (segment.info.tunnel.encapsulation, _identifier(segment)): segment
            for segment in reversed(self._segments)
        }
        self._flows.forget()

    def uses(self, port: int) -> bool:
        """Whether some network's tunnels have this UDP destination port."""
        return any(
            choice.encapsulation.has_port(port)
            if choice.settings.port is None
            else choice.settings.port == port
            for choice in self._to_hosts
        )

    # ---- out ------------------------------------------------------------------------------

    def wrap(
        self, segment: Segment, frame: Packet, target: HostAddress, *, ident: int, mtu: int
    ) -> Packet:
        """Return the frame on the underlay that carries a container's frame to another host.

        Args:
            ident: IPv4 identification of the outer header.
            mtu: of the underlay, bytes.

        Raises:
            CannotCarry: the network's encapsulation has no way to carry this frame.
        """
        key = (segment.info.id, target.name)
        number = self._sent[key]
        flow = flow_hash(frame, self._hash_key)
        outer = self._way(segment, target).encapsulate(frame, flow, number, ident, mtu)
        if segment.info.tunnel.encapsulation.carries is Carries.DATAGRAM:
            outer = self._sessions.number(outer, frame, target.name)
        self._sent[key] = number + 1
        return outer

    def inner_mtu(self, segment: Segment, target: HostAddress, mtu: int) -> int:
        """The longest IP packet of a container that a path with this MTU carries to a host."""
        return self._way(segment, target).inner_mtu(mtu)

    def _way(self, segment: Segment, target: HostAddress) -> Way:
        """The way to another host, which lasts as long as the network's device."""
        ways = self._ways.get(segment, {})
        known = ways.get(target.address)
        if known is not None and known[0] is target:
            return known[1]
        choice = segment.info.tunnel
        assert segment.info.vni is not None
        way = Way(
            choice.encapsulation,
            Tunnel(
                source=self._me.at(choice.family),
                target=target.at(choice.family),
                source_mac=self._me.mac,
                target_mac=target.mac,
                network=segment.info.vni,
                settings=choice.settings,
            ),
        )
        ways[target.address] = target, way
        return way

    def protects(self, address: str) -> bool:
        """Whether packets to a container's own address end in a tunnel of this host.

        So it is with ESP in transport mode, which needs the whole packet.
        """
        return any(
            segment.info.tunnel.encapsulation.carries is Carries.SEGMENT
            and segment.info.connects_to(address)
            for segment in self._segments
        )

    # ---- in -------------------------------------------------------------------------------

    def take(self, packet: Packet) -> Arrival | None:
        """Return the frame in a packet and the network it is for; None if it is no tunnel's.

        Raises:
            Refusal: it is a tunnel's, but no device takes it.
        """
        ip = _outer_ip(packet)
        mine = ip is not None and ip.dst in self._addresses
        sender = self._directory.host_at(ip.src) if ip is not None and mine else None
        vtep = sender.address if sender else None
        if mine and (flow := self._flows.find(packet)) is not None:
            return Arrival(*flow, vtep)
        refusal = None
        for choice in self._to_hosts if mine else self._direct:
            known = choice.encapsulation
            read = _as_one_of(known, packet)
            if not known.claims(read, choice.settings.port):
                continue
            try:
                segment, frame = self._open(read, known)
            except Refusal as refused:  # another encapsulation may look the same
                refusal = refused
                continue
            if mine:
                self._flows.note(packet, frame, known, segment)
            return Arrival(segment, frame, vtep)
        if refusal is not None:
            raise refusal
        return None

    def _open(self, packet: Packet, known: Encapsulation) -> tuple[Segment, Packet]:
        """Return the network that a packet is for and the frame in it; raises :class:`Refusal`."""
        try:
            network, inner = known.decapsulate(packet)
        except NotDelivered:
            raise Refusal("refused by tunnel", self._device(known)) from None
        if known.carries is Carries.DATAGRAM:
            inner = self._sessions.restore(packet, inner)
        segment = self._segment(known, network, inner)
        if segment is None:
            raise Refusal("unknown VNI", self._me.name)
        return segment, _frame(segment, inner)

    def _device(self, known: Encapsulation) -> str:
        """Name, in traces, of the first device of this kind."""
        return next(s.device for s in self._segments if s.info.tunnel.encapsulation is known)

    def _segment(self, known: Encapsulation, network: int | None, inner: Packet) -> Segment | None:
        """The network that a packet is for: by its identifier, else by its destination."""
        if network is not None:
            return self._by_identifier.get((known, network))
        address = _destination(inner)
        for segment in self._segments:
            info = segment.info
            if info.tunnel.encapsulation is known and info.connects_to(address):
                return segment
        return None


def account(inner: Composition, choice: TunnelChoice, outer: Packet) -> Composition:
    """Return what the bytes of an underlay frame are for; ``inner`` says it for what it carries.

    Outer headers are Ethernet, IP and what has ports in front of the tunnel's own; everything else
    that was added counts as encapsulation, padding and integrity checks included.
    """
    known = choice.encapsulation
    outside = ETHERNET_HEADER
    inside = inner.inner_headers
    if known.carries is not Carries.FRAME or known.link:
        inside -= ETHERNET_HEADER
    if known.carries is Carries.DATAGRAM:
        inside = 0
    if known.joins_hosts:
        outside += outer.layers[1].header_length
        port = outer.layers[2]
        outside += port.header_length if known.has_ports and isinstance(port, _PORTED) else 0
    rest = outer.length - inner.payload - inside - outside
    return composition(inner.kind, inner.payload, inside, rest, outside)


def _as_one_of(known: Encapsulation, packet: Packet) -> Packet:
    """Read a packet as one of this encapsulation's, if it is bytes that only the ends can read.

    That is what is left of an encrypted packet that was cut into fragments on its way.
    """
    if not known.encrypts or not isinstance(packet.payload, bytes) or known.claims(packet):
        return packet
    try:
        return known.decode(packet.pack())
    except MalformedPacket:
        return packet


def _identifier(segment: Segment) -> int:
    """What packets of a network say of it."""
    assert segment.info.vni is not None
    return segment.info.tunnel.encapsulation.identifier(segment.info.vni)


def _outer_ip(packet: Packet) -> IP | None:
    for layer in packet.layers:
        if type(layer) is not Ethernet and isinstance(layer, IP):
            return layer
    return None


def _destination(inner: Packet) -> str:
    """The IPv4 address that carried bytes are for; empty if they hold none."""
    ip = inner.find(IPv4)
    return "" if ip is None else ip.dst


def _frame(segment: Segment, inner: Packet) -> Packet:
    """A frame for the bridge; a bare packet gets a link header, as a router would make it."""
    if inner.layers and isinstance(inner.layers[0], Ethernet):
        return inner
    ip = inner.layer(0, IPv4)
    port = segment.holder(ip.dst)
    target = mac_for(ip.dst) if port is None else port.mac
    return inner.wrap(Ethernet(target, segment.mac_of(ip.src)))
