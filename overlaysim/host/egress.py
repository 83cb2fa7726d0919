"""The way out of containers: a host forwards what they send by a bridge, as if it came from itself.

Out: gateway of a bridge -> :meth:`Egress.forward` (fragments together, TTL, NAT) -> underlay.
In: underlay -> :meth:`Egress.receive` (NAT back) -> bridge, or the host's kernel.

Docker on Linux: ``net.ipv4.ip_forward`` 1 and iptables MASQUERADE for every bridge network that is
not internal (moby ``daemon/libnetwork/drivers/bridge``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from overlaysim.host.datapath import Datapath
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.interface import Interface
from overlaysim.host.ip import PROTOCOL_NAMES, OwnerOf
from overlaysim.host.kernel import Kernel, bare_composition
from overlaysim.overlay.icmp_errors import time_exceeded, too_big
from overlaysim.overlay.masquerade import Masquerade, MasqueradedFlow
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.sim.events import FlowMasqueraded
from overlaysim.wire import UDP, Ethernet, IPv4, Packet

Bridges = Callable[[], Iterable[Interface]]
"""The gateway interfaces of the bridge networks that a host forwards for, at present."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One frame of a container on its way through the host: all of a packet, or a fragment."""

    journey: Journey
    packet: Packet
    since: int


class Egress:
    """The router that a host is for its containers.

    Args:
        directory: where the hosts behind addresses are looked up.
        datapath: the host's interface in the underlay, and its daemons' ports.
        kernel: takes what else is for the host itself.
        bridges: the bridges there are.
        owner_of: as for :class:`~overlaysim.host.stack.Stack`.
    """

    def __init__(
        self,
        simulator: Simulator,
        directory: Directory,
        datapath: Datapath,
        kernel: Kernel,
        *,
        bridges: Bridges,
        owner_of: OwnerOf,
    ) -> None:
        self._simulator = simulator
        self._me = datapath.me
        self._directory = directory
        self._datapath = datapath
        self._outer = datapath.outer
        self._kernel = kernel
        self._bridges = bridges
        self._owner_of = owner_of
        self._reassembler = Reassembler()
        self._held = 0
        self._expiry_set = False
        self._masquerade = self._new_masquerade()

    def _new_masquerade(self) -> Masquerade:
        masquerade = Masquerade(self._me.address, self._datapath.uses)
        masquerade.on_flow = self._tell
        return masquerade

    @property
    def in_hand(self) -> int:
        """Fragments whose others have not come yet."""
        return self._held

    def reboot(self) -> None:
        """The host loses what it has in hand, and forgets every flow."""
        self._reassembler.flush()
        self._drop_lost("host down")
        self._masquerade = self._new_masquerade()

    # ---- out ------------------------------------------------------------------------------

    def forward(self, gateway: Interface, journey: Journey, packet: Packet) -> None:
        """Take a packet that a container sent to the gateway of its bridge, for somebody else.

        Fragments wait for one another: netfilter looks at whole packets only.
        """
        now = self._simulator.now
        self._held += 1
        whole = self._reassembler.receive(packet, now, _Piece(journey, packet, now))
        self._drop_lost("fragment lost")
        if whole is None:
            self._set_expiry()
            return
        self._held -= len(whole.owners)
        for piece in whole.owners:
            piece.journey.queue += now - piece.since
        self._route(gateway, whole.packet, whole.owners)

    def _route(self, gateway: Interface, whole: Packet, pieces: tuple[_Piece, ...]) -> None:
        ip = whole.layer(0, IPv4)
        target = self._directory.host_at(ip.dst)
        if ip.dst == self._me.address or any(ip.dst in b.addresses for b in self._bridges()):
            self._to_kernel(gateway, whole, pieces)
        elif target is None:
            self._drop(pieces, "no route", gateway.label)
        elif ip.ttl <= 1:
            self._drop(pieces, "hop limit", self._me.name)
            self._tell_container(gateway, time_exceeded(whole, gateway.address))
        elif ip.df and whole.length > self._outer.mtu(target):
            self._drop(pieces, "fragmentation needed", self._me.name)
            error = too_big(whole, self._outer.mtu(target), gateway.address)
            self._tell_container(gateway, error)
        else:
            self._send_out(whole, pieces, target)

    def _send_out(self, whole: Packet, pieces: tuple[_Piece, ...], target: HostAddress) -> None:
        """Translate a packet and put it on the link, in the pieces in which it came."""
        translated = self._masquerade.forward(whole, self._simulator.now)
        if translated is None:
            self._drop(pieces, "not translated", self._me.name)
            return
        for piece in pieces:
            journey, packet = piece.journey, _piece_of(translated, piece.packet)
            ip, bytes_of = packet.layer(0, IPv4), journey.composition
            if ip.offset:  # it has headers only because the packet was cut
                journey.composition = composition(
                    bytes_of.kind, bytes_of.payload, fragmentation=bytes_of.inner_headers
                )
            frame = packet.wrap(Ethernet(target.mac, self._me.mac))
            self._outer.send(journey, frame, target, may_cut=not ip.df)

    def _to_kernel(self, gateway: Interface, whole: Packet, pieces: tuple[_Piece, ...]) -> None:
        first, *others = pieces
        for other in others:
            self._simulator.ledger.deliver(other.journey, self._simulator.now, self._me.name)
        transport = whole.layers[1] if len(whole.layers) > 1 else None
        if isinstance(transport, UDP):
            frame = whole.wrap(Ethernet(self._me.mac, gateway.mac))
            if self._datapath.offer(first.journey, frame, transport.dst_port):
                return
        self._kernel.take(
            first.journey, whole, lambda journey, packet: self._answer(gateway, journey, packet)
        )

    # ---- in -------------------------------------------------------------------------------

    def receive(self, journey: Journey, frame: Packet) -> None:
        """A whole packet for the host came in from the underlay, and no tunnel or daemon takes it.

        It answers a container, or is for the kernel.
        """
        back = None
        if isinstance(frame.layers[1], IPv4):
            back = self._masquerade.reverse(frame.inner(1), self._simulator.now)
        if back is None:
            self._kernel.receive(journey, frame)
            return
        gateway = self._bridge_to(back.layer(0, IPv4).dst)
        if gateway is None:  # the network has been removed meanwhile
            self._simulator.ledger.drop(journey, self._simulator.now, "no route", self._me.name)
        else:
            self._answer(gateway, journey, back)

    def _answer(self, gateway: Interface, journey: Journey, packet: Packet) -> None:
        """Send a packet to a container over its bridge."""
        target = packet.layer(0, IPv4).dst
        journey.intended = self._owner_of(gateway, target)
        gateway.send(journey, packet, target)

    def _bridge_to(self, address: str) -> Interface | None:
        found = [bridge for bridge in self._bridges() if bridge.connects_to(address)]
        return max(found, key=lambda bridge: bridge.prefix_length, default=None)

    # ---- errors ---------------------------------------------------------------------------

    def _tell_container(self, gateway: Interface, error: Packet | None) -> None:
        if error is None:
            return
        journey = self._simulator.ledger.create(
            "icmp", self._simulator.now, source=gateway.label, intended="", protocol="icmp"
        )
        journey.composition = bare_composition("icmp", error)
        self._answer(gateway, journey, error)

    def _drop(self, pieces: Iterable[_Piece], reason: str, where: str) -> None:
        for piece in pieces:
            self._simulator.ledger.drop(piece.journey, self._simulator.now, reason, where)

    # ---- fragments ------------------------------------------------------------------------

    def _set_expiry(self) -> None:
        due = self._reassembler.next_expiry()
        if due is not None and not self._expiry_set:
            self._expiry_set = True
            self._simulator.timer(due, self._expire)

    def _expire(self, _: object) -> None:
        self._expiry_set = False
        self._reassembler.expire(self._simulator.now)
        self._drop_lost("fragment lost")
        self._set_expiry()

    def _drop_lost(self, reason: str) -> None:
        """End the journeys of packets that will not become whole."""
        lost: list[_Piece] = self._reassembler.take_lost()
        self._held -= len(lost)
        for piece in lost:
            piece.journey.queue += self._simulator.now - piece.since
        self._drop(lost, reason, self._me.name)

    # ---- traces ---------------------------------------------------------------------------

    def _tell(self, flow: MasqueradedFlow) -> None:
        address = flow.inside[0]
        gateway = self._bridge_to(address)
        port = None if gateway is None else gateway.segment.holder(address)
        if gateway is None or not isinstance(port, Interface):
            return
        event = FlowMasqueraded(
            self._simulator.now, self._me.name, gateway.segment.info.label, port.label, port.name,
            PROTOCOL_NAMES[flow.protocol], *flow.inside, *flow.outside, flow.port,
        )  # fmt: skip
        self._simulator.bus.emit(event)


def _piece_of(whole: Packet, piece: Packet) -> Packet:
    """A piece of a packet as it has to be after the packet was translated."""
    ip, new = piece.layer(0, IPv4), whole.layer(0, IPv4)
    if not ip.is_fragment:
        return whole
    piece = piece.replace(0, ip.replace(src=new.src, dst=new.dst, ttl=new.ttl, checksum=None))
    return piece if ip.offset else piece.replace(1, whole.layers[1])
