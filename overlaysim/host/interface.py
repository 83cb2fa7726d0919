"""A network interface of a container: its address, its ARP cache, and the segment it is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from overlaysim.host.segment import ETHERNET_HEADER, VLAN_HEADER, Segment
from overlaysim.overlay.neighbours import Answer, Ask, GivenUp, NeighbourCache, Ready
from overlaysim.sim import Driver, Journey, Simulator
from overlaysim.wire import Ethernet, Packet
from overlaysim.wire.addresses import BROADCAST_MAC, ip4_bytes, mac_text
from overlaysim.wire.memo import Memo

LIMITED_BROADCAST = "255.255.255.255"
_NEIGHBOURS = 256
"""To so many of them an interface keeps the Ethernet header."""


@lru_cache(4096)
def group_mac(address: str, broadcast: str) -> str | None:
    """Return the MAC of a group, which no ARP is needed for; None for a single host's address.

    ``broadcast`` is the subnet's broadcast address. Multicast: RFC 1112 section 6.4.
    """
    if address in (LIMITED_BROADCAST, broadcast):
        return BROADCAST_MAC
    if not IPv4Address(address).is_multicast:
        return None
    low = int(IPv4Address(address)) & 0x7FFFFF
    return mac_text(b"\x01\x00\x5e" + low.to_bytes(3, "big"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An IP packet that waits for its next hop's MAC."""

    journey: Journey
    packet: Packet
    since: int


class Interface:
    """One end of a veth pair, plugged into a segment.

    Args:
        simulator: clock and ledger.
        name: ``eth0``.
        label: the owner's name in traces (``web@host-a``).
        mac: its MAC address.
        address: its first IP address.
        segment: the bridge that it is plugged into.
        take: called with (interface, journey, IP packet) for each frame that comes in.
        unreachable: called with the address that nobody answered for and the packets given up.
        learn: called with an address and the path MTU towards it that the device below knows.
    """

    def __init__(
        self,
        simulator: Simulator,
        *,
        name: str,
        label: str,
        mac: str,
        address: str,
        segment: Segment,
        take: Callable[[Interface, Journey, Packet], None],
        unreachable: Callable[[str, tuple[Packet, ...]], None],
        learn: Callable[[Interface, str, int], None],
    ) -> None:
        self.name, self.label, self.mac = name, label, mac
        self.address, self.segment = address, segment
        self.mtu = segment.info.mtu
        """The longest IP packet that it sends and takes, bytes."""
        self.addresses: tuple[str, ...] = (address,)
        """Every address it answers ARP for."""
        self._simulator = simulator
        self._take = take
        self._unreachable = unreachable
        self._learn = learn
        self._headers = Memo[str, Ethernet](lambda to: Ethernet(to, mac), _NEIGHBOURS)
        self.neighbours = NeighbourCache()
        self._driver = Driver(simulator, self.neighbours, self._carry)
        network = IPv4Network(segment.info.subnet)
        self.prefix_length = network.prefixlen
        self._prefix, self._mask = int(network.network_address), int(network.netmask)
        self._broadcast = str(network.broadcast_address)
        segment.plug(self)

    def hold(self, addresses: Sequence[str]) -> None:
        """Answer for exactly these besides its own address: the VIPs of a load balancer."""
        self.addresses = (self.address, *addresses)

    def connects_to(self, address: str) -> bool:
        """Whether the address is in this interface's own subnet."""
        return int.from_bytes(ip4_bytes(address)) & self._mask == self._prefix

    def send(self, journey: Journey, packet: Packet, next_hop: str) -> None:
        """Send an IP packet to ``next_hop``: a neighbour in the subnet, or a group."""
        now = self._simulator.now
        mac = self.neighbours.known(next_hop, now) or group_mac(next_hop, self._broadcast)
        if mac is not None:
            self._transmit(journey, packet, mac)
            return
        mac = self.neighbours.send(next_hop, Waiting(journey, packet, now), now)
        if mac is not None:
            self._transmit(journey, packet, mac)
        self._driver.settle()

    @property
    def host_mtu(self) -> int:
        """The MTU of the pair's other end, on the bridge.

        It is the network's, as Docker sets it, but is taken to be raised along with this end: Linux
        would lose all that is longer on its way from this end to that one.
        """
        return max(self.mtu, self.segment.info.mtu)

    def take(self, journey: Journey, frame: Packet) -> None:
        """A frame came in over the bridge; one that is too long for this end is lost."""
        if frame.length - ETHERNET_HEADER > self.mtu + VLAN_HEADER:
            self._simulator.ledger.drop(journey, self._simulator.now, "mtu", self.label)
            return
        self._take(self, journey, frame.inner(1))

    def learn_mtu(self, destination: str, mtu: int) -> None:
        """The device below knows how long packets to an address may be."""
        self._learn(self, destination, mtu)

    def shut(self) -> None:
        """Take the interface away; what waited for ARP dies with the container."""
        self.segment.unplug(self)
        for item in self.neighbours.flush():
            self._simulator.ledger.drop(
                item.journey, self._simulator.now, "container gone", self.label
            )
        self._driver.stop()

    def _transmit(self, journey: Journey, packet: Packet, mac: str) -> None:
        frame = packet.wrap(self._headers[mac])
        journey.packet, journey.length = frame, frame.length
        self.segment.forward(journey, frame)

    def _carry(self, item: Ask | Ready | GivenUp) -> None:
        now = self._simulator.now
        if isinstance(item, Ask):
            mac = self.segment.resolve(self, item.address)
            if mac is not None:
                self._driver.receive(Answer(item.address, mac))
        elif isinstance(item, Ready):
            for waiting in item.waiting:
                waiting.journey.resolve += now - waiting.since
                self._transmit(waiting.journey, waiting.packet, item.mac)
        else:
            for waiting in item.waiting:
                waiting.journey.resolve += now - waiting.since
                self._simulator.ledger.drop(
                    waiting.journey, now, "no neighbour", self.segment.device
                )
            self._unreachable(item.address, tuple(w.packet for w in item.waiting))
