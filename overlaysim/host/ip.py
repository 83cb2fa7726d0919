"""The IP layer of a stack: interfaces, routes, fragments, and the accounts of its packets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from overlaysim.host.interface import Interface, group_mac
from overlaysim.host.local_path import LocalPath
from overlaysim.host.segment import ETHERNET_HEADER
from overlaysim.overlay.checksums import is_spoilt
from overlaysim.overlay.fragments import fragment
from overlaysim.overlay.pmtu import PathMtus
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.wire import IPv4, Packet

PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp"}
LOOPBACK_MTU = 65_536
"""Linux ``drivers/net/loopback.c``."""
ETHERNET_MTU = 1500
LOOPBACK = "127."
"""How the addresses of the loopback interface begin (RFC 1122 section 3.2.1.3)."""

Message = tuple[Hashable, ...]
"""Key of what a program sent, shared by its fragments; an echo's ends in request or reply."""

OwnerOf = Callable[[Interface, str], str]
"""Trace label of whoever should have an address, on an interface's network."""


class IpLayer(ABC):
    """Takes IP packets to the right interface and puts together what comes in.

    Args:
        simulator: clock and ledger.
        label: the owner's name in traces.
        owner_of: gives the trace label of whoever should have the address, on an interface's
            network; the address itself if nobody has it.
        not_mine: why a packet to somebody else's address ends here: no stack forwards.
    """

    def __init__(
        self,
        simulator: Simulator,
        label: str,
        owner_of: OwnerOf,
        not_mine: str = "wrong address",
    ) -> None:
        self.label = label
        self.interfaces: list[Interface] = []
        self.default: tuple[Interface, str] | None = None
        self.paths = PathMtus()
        """What was learned of the paths to other addresses."""
        self._simulator = simulator
        self._owner_of = owner_of
        self._not_mine = not_mine
        self._reassembler = Reassembler()
        self._expiry_set = False
        self._local = LocalPath(simulator, self._lose)
        self._ident = simulator.streams("ip-ident", label).randrange(0x10000)

    @abstractmethod
    def _dispatch(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        """A whole IP packet for this stack came in: the layers above take it."""

    # ---- routes ---------------------------------------------------------------------------

    def route(self, destination: str) -> tuple[Interface, str] | None:
        """Interface and next hop for an address: its own subnet, else the default gateway.

        Where subnets overlap, the longest prefix decides.
        """
        best: Interface | None = None
        to_loopback = destination.startswith(LOOPBACK)
        for interface in self.interfaces:
            if to_loopback or destination in interface.addresses:
                return interface, destination
            if interface.connects_to(destination) and (
                best is None or interface.prefix_length > best.prefix_length
            ):
                best = interface
        if best is not None:
            return best, destination
        if self.default is not None and group_mac(destination, "") is not None:
            return self.default[0], destination
        return self.default

    def remove(self, interface: Interface) -> None:
        """Take an interface away, and the default route if it led there."""
        interface.shut()
        self.interfaces.remove(interface)
        if not self.interfaces:
            self._local.flush()
        if self.default is not None and self.default[0] is interface:
            self.default = None

    def source_towards(self, destination: str) -> str | None:
        """The own address that packets to an address have; None if there is no route."""
        route = self.route(destination)
        if route is None:
            return None
        return destination if self.is_own(route[0], destination) else route[0].address

    def path_mtu(self, destination: str) -> int:
        """How long an IP packet to an address may be, as far as is known; 1500 without a route."""
        route = self.route(destination)
        return ETHERNET_MTU if route is None else self._mtu(route[0], destination)

    @staticmethod
    def is_own(interface: Interface, address: str) -> bool:
        """Whether an address is this interface's, or the loopback's."""
        return address in interface.addresses or address.startswith(LOOPBACK)

    def _mtu(self, interface: Interface, destination: str) -> int:
        """How long an IP packet to an address may be, as far as is known here."""
        if self.is_own(interface, destination):
            return LOOPBACK_MTU
        return self.paths.mtu(destination, interface.mtu, self._simulator.now)

    def learn_mtu(self, interface: Interface, destination: str, mtu: int) -> None:
        """The path to an address by an interface carries packets of at most ``mtu`` bytes."""
        self.paths.learn(destination, mtu, interface.mtu, self._simulator.now)

    # ---- out ------------------------------------------------------------------------------

    def _transmit(
        self,
        interface: Interface,
        next_hop: str,
        packet: Packet,
        *,
        message: Message | None,
        look_up: int = 0,
        content: Any = None,
    ) -> Journey:
        """Put an IP packet on an interface, cut to its path's MTU; to oneself it takes no wire.

        Returns the journey of the packet, or of its last piece.
        """
        to_itself = self.is_own(interface, next_hop)
        target = packet.layer(0, IPv4).dst
        intended = self.label if to_itself else self._owner_of(interface, target)
        for part in fragment(packet, self._mtu(interface, target)):
            journey = self._open(part, intended, message, look_up)
            journey.content = content
            if to_itself:
                self._arrive(interface, journey, part)
            else:
                interface.send(journey, part, next_hop)
        return journey

    def _open(
        self, packet: Packet, intended: str, message: Message | None, look_up: int
    ) -> Journey:
        """Open the account of one IP packet."""
        protocol = packet.layer(0, IPv4).protocol or 0
        journey = self._simulator.ledger.create(
            "data", self._simulator.now - look_up, source=self.label, intended=intended,
            protocol=PROTOCOL_NAMES.get(protocol, str(protocol)), message=message,
        )  # fmt: skip
        journey.look_up = look_up
        journey.packet = packet
        carried = packet.payload_length
        headers = packet.length - carried + ETHERNET_HEADER
        journey.composition = composition("data", carried, headers)
        journey.length = journey.composition.length
        return journey

    def _next_ident(self) -> int:
        self._ident = (self._ident + 1) & 0xFFFF
        return self._ident

    # ---- in -------------------------------------------------------------------------------

    def take(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        """An IP packet came in on an interface."""
        if packet.layer(0, IPv4).dst in interface.addresses:
            self._arrive(interface, journey, packet)
        else:
            self._simulator.ledger.drop(journey, self._simulator.now, self._not_mine, self.label)

    def _arrive(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        if journey.protocol == "tcp" and not journey.transmit:  # it has not crossed a link
            arrive = partial(self._take_in, interface, journey, packet)
            self._local.send(journey, packet.length, arrive)
        else:
            self._take_in(interface, journey, packet)

    def _take_in(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        now, ledger = self._simulator.now, self._simulator.ledger
        if not packet.layer(0, IPv4).is_fragment:
            if is_spoilt(packet):
                ledger.drop(journey, now, "bad checksum", self.label)
                return
            ledger.deliver(journey, now, self.label)
            self._dispatch(interface, journey, packet)
            return
        ledger.deliver(journey, now, self.label)
        whole = self._reassembler.receive(packet, now)
        if whole is not None:
            if not is_spoilt(whole.packet):  # only now, with all pieces, can the checksum tell
                self._dispatch(interface, journey, whole.packet)
        elif not self._expiry_set:
            self._set_expiry()

    def _set_expiry(self) -> None:
        due = self._reassembler.next_expiry()
        self._expiry_set = due is not None
        if due is not None:
            self._simulator.timer(due, self._give_up_fragments)

    def _give_up_fragments(self, _: object) -> None:
        """Fragments whose others did not come are forgotten; they were delivered one by one."""
        self._reassembler.expire(self._simulator.now)
        self._set_expiry()

    # ---- its end --------------------------------------------------------------------------

    def _lose(self, journey: Journey) -> None:
        now = self._simulator.now
        self._simulator.ledger.drop(journey, now, "container gone", self.label)

    @property
    def waiting(self) -> int:
        """Packets held back for ARP, or on their way here, for the conservation check."""
        held_back = sum(interface.neighbours.waiting for interface in self.interfaces)
        return held_back + self._local.in_hand

    def shut(self) -> None:
        """Take every interface away."""
        for interface in list(self.interfaces):
            self.remove(interface)
