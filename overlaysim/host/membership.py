"""A host's part in one network: bridge, gateway, tables, and for an overlay the load balancer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from overlaysim.host.balancer import LoadBalancer
from overlaysim.host.interface import Interface
from overlaysim.host.ip import OwnerOf
from overlaysim.host.segment import NetworkInfo, Segment
from overlaysim.host.stack import Stack
from overlaysim.host.tables import NetworkTables
from overlaysim.sim import Journey, Simulator
from overlaysim.wire import IPv4, Packet


@dataclass(slots=True)
class Membership:
    """What a host holds of one network.

    Attributes:
        beliefs: the names that the host knows in it, and the peers.
        gateway: the stack of the bridge itself, at the network's gateway address.
        balancer, balancer_endpoint: of an overlay: the load balancer and its endpoint's id.
    """

    info: NetworkInfo
    segment: Segment
    beliefs: NetworkTables
    gateway: Stack
    balancer: LoadBalancer | None = None
    balancer_endpoint: str = ""

    @property
    def tables(self) -> NetworkTables | None:
        """What the host knows from gossip; None for a local network."""
        return None if self.info.vni is None else self.beliefs

    @property
    def waiting(self) -> int:
        """Packets held back here for ARP."""
        balancer = self.balancer.stack.waiting if self.balancer is not None else 0
        return balancer + self.gateway.waiting

    def shut(self) -> None:
        """The network leaves the host."""
        if self.balancer is not None:
            self.balancer.shut()
        self.gateway.shut()


Forward = Callable[[Interface, Journey, Packet], None]
"""Takes a packet that a container sent to the gateway of its network for somebody else."""


def gateway_stack(
    simulator: Simulator, segment: Segment, mac: str, owner_of: OwnerOf, forward: Forward | None
) -> Stack:
    """Give a bridge the network's gateway address: each host answers for it by itself.

    Without ``forward`` what containers send on through it finds no way: that of an overlay is in a
    namespace of its own, which has no other routes.
    """
    stack = Stack(simulator, segment.bridge, owner_of, not_mine="no route")

    def take(interface: Interface, journey: Journey, packet: Packet) -> None:
        if forward is None or packet.layer(0, IPv4).dst in interface.addresses:
            stack.take(interface, journey, packet)
        else:
            forward(interface, journey, packet)

    interface = Interface(
        simulator, name="br0", label=segment.bridge, mac=mac, address=segment.info.gateway,
        segment=segment, take=take, unreachable=stack.unreachable,
        learn=stack.learn_mtu,
    )  # fmt: skip
    stack.interfaces.append(interface)
    return stack
