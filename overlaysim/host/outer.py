"""A host's own IP on the underlay: path MTUs, fragments out, reassembly in, ICMP errors.

What goes over the host's link passes here, tunnel packets and the daemons' alike.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.host.cutting import cut_journey
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.overlay.flow import underlay_hash
from overlaysim.overlay.fragments import IP
from overlaysim.overlay.icmp_errors import read_too_big
from overlaysim.overlay.pmtu import PathMtus
from overlaysim.overlay.reassembly import Reassembler, Whole
from overlaysim.sim import Journey, Simulator
from overlaysim.sim.accounts import joined
from overlaysim.sim.events import FrameSeen
from overlaysim.underlay.link import ETHERNET_HEADER
from overlaysim.underlay.network import Underlay
from overlaysim.wire import ICMP, UDP, ICMPv6, IPv4, IPv6, Packet
from overlaysim.wire.ipv6 import IPv6Fragment

Take = Callable[[Journey, Packet], None]
"""What the layers above do with a whole packet."""


class OuterIp:
    """The IP layer of one host's interface.

    Args:
        me: the host.
        directory: where the hosts behind addresses are looked up.
        take: gets every whole packet but ICMP messages.

    Attributes:
        take_icmp: gets every whole ICMP message for the host.
        protects: whether packets to another address end in a tunnel of the host all the same.
    """

    def __init__(
        self,
        simulator: Simulator,
        underlay: Underlay,
        directory: Directory,
        me: HostAddress,
        take: Take,
    ) -> None:
        self.me = me
        self.paths = PathMtus()
        """What was learned of the paths to other hosts."""
        self._simulator = simulator
        self._underlay = underlay
        self._directory = directory
        self._take = take
        self.take_icmp: Take = self.learn_from
        self.protects: Callable[[str], bool] = lambda address: False
        self._first_mtus: dict[str, int] = {}
        self._sent_to: set[str] = set()
        self._addresses = (me.address, me.address6)
        self._ident = simulator.streams("ip-ident", me.name).randrange(0x10000)
        self._reassembler = Reassembler()
        self._held: dict[int, int] = {}  # first fragments: number of the journey, since when
        self._expiry_set = False
        underlay.attach(me.name, self._receive)
        underlay.on_change.append(self._first_mtus.clear)

    def next_ident(self) -> int:
        """The identification of the next IPv4 packet."""
        self._ident = (self._ident + 1) & 0xFFFF
        return self._ident

    @property
    def in_hand(self) -> int:
        """Packets whose other fragments have not come yet."""
        return len(self._held)

    def reboot(self) -> None:
        """The host loses what it has in hand, and what it knew."""
        self.paths.forget()
        self._reassembler.flush()
        self._drop_lost("host down")

    # ---- out ------------------------------------------------------------------------------

    def mtu(self, target: HostAddress) -> int:
        """The path MTU towards a host, as far as this one knows."""
        return self.paths.mtu(target.address, self._first_mtu(target.name), self._simulator.now)

    def _first_mtu(self, target: str) -> int:
        """The MTU of the first link towards a host; of several equal ones, the smallest."""
        mtu = self._first_mtus.get(target)
        if mtu is None:
            me, underlay = self.me.name, self._underlay
            hops = underlay.next_hops(me, target) or underlay.neighbours[me]
            mtu = min(underlay.links[me, hop].spec.mtu for hop in hops)
            self._first_mtus[target] = mtu
            self._sent_to.add(target)
        return mtu

    def send(
        self, journey: Journey, packet: Packet, target: HostAddress, *, may_cut: bool
    ) -> None:  # fmt: skip
        """Put a packet on the link; one that is too long for its path is cut, or else lost."""
        journey.packet, journey.length = packet, packet.length
        journey.destination = target.name
        journey.flow_hash = underlay_hash(packet, keys=self._underlay.hash_keys)
        mtu = self.mtu(target)
        if packet.length - ETHERNET_HEADER - journey.tag <= mtu:
            self._put_on_link(journey)
        elif may_cut:
            ident = self.next_ident() if isinstance(packet.layers[1], IPv6) else 0
            for part in cut_journey(self._simulator, journey, mtu, self.me.name, ident=ident):
                self._put_on_link(part)
        else:
            self._drop(journey, "mtu")

    def _put_on_link(self, journey: Journey) -> None:
        self._show(journey, outgoing=True)
        self._underlay.send(journey, self.me.name)

    # ---- in -------------------------------------------------------------------------------

    def _receive(self, journey: Journey) -> None:
        """A frame came in from the underlay."""
        self._show(journey, outgoing=False)
        packet: Packet = journey.packet
        if _is_fragment(packet) and (self._is_mine(packet) or self._is_protected(packet)):
            self._receive_fragment(journey, packet)
        else:
            self._receive_whole(journey, packet)

    def _is_mine(self, packet: Packet) -> bool:
        """Whether an IP packet is for this host itself, not one for a container, without a tunnel
        around it.
        """
        ip = packet.layers[1]
        return isinstance(ip, IP) and ip.dst in self._addresses

    def _is_protected(self, packet: Packet) -> bool:
        ip = packet.layers[1]
        return isinstance(ip, IP) and self.protects(ip.dst)

    def _receive_whole(self, journey: Journey, packet: Packet) -> None:
        transport = packet.layers[2] if len(packet.layers) > 2 else None
        if (
            type(transport) is not UDP
            and isinstance(transport, ICMP | ICMPv6)
            and self._is_mine(packet)
        ):
            self.take_icmp(journey, packet)
        else:
            self._take(journey, packet)

    def learn_from(self, journey: Journey, packet: Packet) -> None:
        """Take an ICMP message: does it say how long packets of this host to some other may be?"""
        self._simulator.ledger.deliver(journey, self._simulator.now, self.me.name)
        error = read_too_big(packet.inner(1))
        if error is None or error.source not in self._addresses:
            return
        target = self._directory.host_at(error.destination)
        if target is not None and target.name in self._sent_to:
            self.paths.learn(
                target.address, error.mtu, self._first_mtu(target.name), self._simulator.now
            )  # fmt: skip

    # ---- fragments ------------------------------------------------------------------------

    def _receive_fragment(self, journey: Journey, packet: Packet) -> None:
        """Keep a fragment until all of its packet is here.

        The packet's own journey, which came as the first, waits with it; the others have arrived.
        So do those of fragments that a container made itself, until the packet is whole.
        """
        now = self._simulator.now
        if journey.kind == "fragment":
            self._simulator.ledger.deliver(journey, now, self.me.name)
        else:
            self._held[journey.number] = now
        whole = self._reassembler.receive(packet, now, journey)
        self._drop_lost("fragment lost")
        if whole is not None:
            self._receive_joined(whole)
        elif not self._expiry_set:
            self._set_expiry()

    def _receive_joined(self, whole: Whole) -> None:
        journey: Journey = whole.owners[0]
        now = self._simulator.now
        for part in whole.owners:
            if part.number in self._held:
                part.queue += now - self._held.pop(part.number)
                if part is not journey:
                    self._simulator.ledger.deliver(part, now, self.me.name)
        journey.packet, journey.length = whole.packet, whole.packet.length
        journey.composition = joined([part.composition for part in whole.owners])
        self._receive_whole(journey, whole.packet)

    def _set_expiry(self) -> None:
        due = self._reassembler.next_expiry()
        self._expiry_set = due is not None
        if due is not None:
            self._simulator.timer(due, self._expire)

    def _expire(self, _: object) -> None:
        self._reassembler.expire(self._simulator.now)
        self._drop_lost("fragment lost")
        self._set_expiry()

    def _drop_lost(self, reason: str) -> None:
        """End the journeys of packets that will not become whole."""
        for journey in self._reassembler.take_lost():
            since = self._held.pop(journey.number, None)
            if since is not None:
                journey.queue += self._simulator.now - since
                self._drop(journey, reason)

    # ---- helpers --------------------------------------------------------------------------

    def _show(self, journey: Journey, *, outgoing: bool) -> None:
        bus = self._simulator.bus
        if bus.wants(FrameSeen):
            bus.emit(
                FrameSeen(self._simulator.now, self.me.name, outgoing, journey, journey.packet)
            )  # fmt: skip

    def _drop(self, journey: Journey, reason: str) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, reason, self.me.name)


def _is_fragment(packet: Packet) -> bool:
    ip = packet.layers[1]
    if isinstance(ip, IPv4):
        return ip.is_fragment
    return isinstance(ip, IPv6) and any(
        isinstance(layer, IPv6Fragment) and layer.is_fragment for layer in packet.layers[2:4]
    )
