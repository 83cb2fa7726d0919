"""One network on one host: a bridge, the interfaces plugged into it, and perhaps a VXLAN device.

An overlay network has one such segment on every host where it has a container (Docker: a network
namespace with ``br0`` and ``vxlan0``); a local bridge network is the same without ``vxlan0``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from overlaysim.host.cutting import cut_frame
from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.encapsulation import TunnelChoice
from overlaysim.overlay.encapsulation.tunnel import ip_of, is_unbreakable
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.wire import Ethernet, IPv4, Packet, ip4_bytes

ARP_PAYLOAD, ETHERNET_HEADER = 28, 14
VLAN_HEADER = 4
"""How much longer than its MTU allows a frame may be that an interface takes: it could have a VLAN
tag (Linux ``include/linux/netdevice.h``, __is_skb_forwardable)."""


@dataclass(frozen=True)
class NetworkInfo:
    """What a host knows of a network that it takes part in.

    Attributes:
        label: name in traces: the network's name, with ``@host`` when it is a local one.
        vni: VXLAN network identifier; None for a local bridge network.
        mtu: of the interfaces, the bridge and the VXLAN device, bytes.
        isolated: whether its containers reach the gateway only, not one another.
        tunnel: how an overlay network crosses the underlay.
    """

    id: str
    name: str
    label: str
    subnet: str
    gateway: str
    vni: int | None
    mtu: int
    internal: bool = False
    isolated: bool = False
    tunnel: TunnelChoice = field(default_factory=TunnelChoice)

    @cached_property
    def device(self) -> str:
        """Name of an overlay network's tunnel device: ``vxlan0``, ``geneve0``."""
        known = self.tunnel.encapsulation
        return "eth0" if known.link else f"{known.name.partition('-')[0]}0"

    @cached_property
    def identifier(self) -> str:
        """What packets of an overlay network say of it: ``VNI 4097``."""
        known = self.tunnel.encapsulation
        if known.network is None or self.vni is None:
            return known.name
        _, field, _ = known.network
        word = "VNI" if field == "vni" else f"{known.name} {field}"
        return f"{word} {known.identifier(self.vni)}"

    def connects_to(self, address: str) -> bool:
        """Whether an IPv4 address is in the network; an empty one is in none."""
        return bool(address) and IPv4Address(ip4_bytes(address)) in self._network

    @property
    def prefix_length(self) -> int:
        """Length of the subnet's prefix."""
        return self._network.prefixlen

    @cached_property
    def _network(self) -> IPv4Network:
        return IPv4Network(self.subnet)


class Port(Protocol):
    """Something plugged into a bridge."""

    mac: str
    label: str

    @property
    def host_mtu(self) -> int:
        """The MTU of the bridge's end of it."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses that it answers ARP for."""

    def take(self, journey: Journey, frame: Packet) -> None:
        """A frame for its MAC came in."""

    def learn_mtu(self, destination: str, mtu: int) -> None:
        """The path to an address carries IP packets of at most ``mtu`` bytes."""


SendTunnel = Callable[["Segment", Journey, Packet, str], None]


class Segment:
    """The bridge of one network on one host.

    Args:
        simulator: for the packet ledger.
        host: name of the host, for traces.
        info: the network.
        vtep: forwarding and neighbour entries of the VXLAN device; None for a local network.
        tunnel: called with (segment, journey, inner frame, address of the remote VTEP).
        bridge_nf: ``net.bridge.bridge-nf-call-iptables``: packets on the bridge pass netfilter,
            and so are cut when they are too long for a port.
    """

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        info: NetworkInfo,
        vtep: Vtep | None,
        tunnel: SendTunnel,
        *,
        bridge_nf: bool = True,
    ) -> None:
        self.info = info
        self.vtep = vtep
        self._simulator = simulator
        self._host = host
        self._tunnel = tunnel
        self._bridge_nf = bridge_nf
        self._ports: dict[str, Port] = {}

    @property
    def bridge(self) -> str:
        """Name of the bridge in traces."""
        return f"br-{self.info.name}@{self._host}"

    @property
    def device(self) -> str:
        """Name, in traces, of where a frame that no local interface takes ends up."""
        return f"{self.info.device}@{self._host}" if self.vtep else self.bridge

    @property
    def is_bridged(self) -> bool:
        """Whether there is a bridge between the containers and the VXLAN device."""
        return self.info.tunnel.attach == "bridge"

    def plug(self, port: Port) -> None:
        """Connect an interface."""
        self._ports[port.mac] = port

    def unplug(self, port: Port) -> None:
        """Disconnect an interface; frames for its MAC are lost from now on."""
        if self._ports.get(port.mac) is port:
            del self._ports[port.mac]

    def holder(self, address: str) -> Port | None:
        """Return the local interface that answers for an address, if there is one."""
        return next((port for port in self._ports.values() if address in port.addresses), None)

    def mac_of(self, address: str) -> str:
        """The MAC of a container elsewhere, as the neighbour table or else its address tells."""
        known = self.vtep.neighbour(address) if self.vtep else None
        return known or mac_for(address)

    def resolve(self, asker: Port, address: str) -> str | None:
        """Broadcast an ARP request on the bridge and return the MAC in the answer, if any.

        A local interface answers for itself; for a remote one the VXLAN device answers from its
        neighbour table. Nothing crosses the underlay, and without an entry the request is
        swallowed (Linux ``drivers/net/vxlan/vxlan_core.c``, ``arp_reduce``).
        """
        local = self.holder(address)
        if local is not None:
            mac, answered_by = local.mac, local.label
        else:
            remote = self.vtep.neighbour(address) if self.vtep else None
            mac, answered_by = remote or "", self.device
        self._account_for_arp(asker, address, answered_by, answered=bool(mac))
        return mac or None

    def _account_for_arp(self, asker: Port, address: str, by: str, *, answered: bool) -> None:
        ledger, now = self._simulator.ledger, self._simulator.now
        arp = composition("arp", ARP_PAYLOAD, ETHERNET_HEADER)
        request = ledger.create("arp", now, source=asker.label, intended=address, protocol="arp")
        request.composition, request.length = arp, arp.length
        if not answered:
            ledger.drop(request, now, "no neighbour", self.device)
            return
        ledger.deliver(request, now, by)
        reply = ledger.create("arp", now, source=by, intended=asker.label, protocol="arp")
        reply.composition, reply.length = arp, arp.length
        ledger.deliver(reply, now, asker.label)

    def forward(self, journey: Journey, frame: Packet) -> None:
        """Carry a frame from a local interface to where its destination MAC is.

        A broadcast or multicast frame ends here as well: vxlan0 has no entry to flood it to, and
        containers do not answer broadcast pings (``icmp_echo_ignore_broadcasts`` 1).
        """
        ethernet = frame.layer(0, Ethernet)
        mac = ethernet.dst
        port = self._ports.get(mac)
        if port is not None:
            if self.info.isolated and not self._with_gateway(ethernet):
                self._drop(journey, "filtered")
            else:
                self._output(journey, frame, port)
            return
        if self.vtep is None:
            self._drop(journey, "no such container")
            return
        remote = self.vtep.forward(mac, self._simulator.now)
        if remote is None:
            self._drop(journey, "no forwarding entry")
            return
        if frame.length - ETHERNET_HEADER <= self.info.mtu:
            self._tunnel(self, journey, frame, remote)
            return
        for part, piece in self._cross_bridge(journey, frame, self.info.mtu):
            self._tunnel(self, part, piece, remote)

    def _with_gateway(self, ethernet: Ethernet) -> bool:
        """Whether the frame goes to or comes from the network's gateway."""
        ends = (self._ports.get(ethernet.src), self._ports.get(ethernet.dst))
        return any(port is not None and self.info.gateway in port.addresses for port in ends)

    def from_tunnel(self, journey: Journey, frame: Packet, remote: str | None) -> None:
        """Take a frame that the tunnel device unwrapped; ``remote`` is the sending VTEP.

        None if the packet did not tell: then there is nothing to check or to learn.
        """
        ethernet = frame.layer(0, Ethernet)
        if self.vtep is None or (
            remote is not None and not self.vtep.admit(ethernet.src, remote, self._simulator.now)
        ):
            self._drop(journey, "source check")
            return
        port = self._ports.get(ethernet.dst)
        if port is None:  # flooded on the bridge, and nobody's
            self._drop(journey, "no such container")
            return
        self._output(journey, frame, port)

    def _output(self, journey: Journey, frame: Packet, port: Port) -> None:
        mtu = port.host_mtu
        if frame.length - ETHERNET_HEADER <= mtu:
            port.take(journey, frame)
            return
        for part, piece in self._cross_bridge(journey, frame, mtu):
            port.take(part, piece)

    def _cross_bridge(
        self, journey: Journey, frame: Packet, mtu: int
    ) -> Iterable[tuple[Journey, Packet]]:
        """What of a frame that is longer than a port's MTU leaves the bridge by it, if anything.

        Nobody is told of what is dropped. With netfilter a packet without DF is cut to the bridge's
        MTU (Linux ``net/bridge/br_netfilter_hooks.c``, br_nf_dev_queue_xmit); without, nothing is.
        """
        if not self.is_bridged:
            return ((journey, frame),)
        if not self._bridge_nf:
            if frame.length - ETHERNET_HEADER <= mtu + VLAN_HEADER:
                return ((journey, frame),)
        elif not is_unbreakable(ip_of(frame)):
            return cut_frame(self._simulator, journey, frame, self.info.mtu)
        self._simulator.ledger.drop(journey, self._simulator.now, "mtu", self.bridge)
        return ()

    # ---- path MTU -------------------------------------------------------------------------

    def answer(self, frame: Packet) -> None:
        """Take a frame that the VXLAN device made itself, in the name of somebody else."""
        ethernet = frame.layer(0, Ethernet)
        port = self._ports.get(ethernet.dst)
        journey = self._simulator.ledger.create(
            "icmp", self._simulator.now, source=self.device,
            intended=port.label if port else ethernet.dst, protocol="icmp",
        )  # fmt: skip
        quoted = frame.payload_length
        journey.composition = composition("icmp", quoted, frame.length - quoted)
        journey.packet, journey.length = frame, frame.length
        if port is None:
            self._drop(journey, "no such container")
        else:
            port.take(journey, frame)

    def tell_mtu(self, frame: Packet, mtu: int) -> None:
        """Let the sender of a frame know what the tunnel carries towards its destination."""
        port, ip = self._ports.get(frame.layer(0, Ethernet).src), frame.layers[1]
        if port is not None and isinstance(ip, IPv4):
            port.learn_mtu(ip.dst, mtu)

    def _drop(self, journey: Journey, reason: str) -> None:
        self._simulator.ledger.drop(journey, self._simulator.now, reason, self.device)
