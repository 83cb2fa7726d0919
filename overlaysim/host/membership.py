"""A host's part in one network: bridge, gateway, tables, and for an overlay the load balancer."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.host.balancer import LoadBalancer
from overlaysim.host.interface import Interface
from overlaysim.host.ip import OwnerOf
from overlaysim.host.segment import NetworkInfo, Segment
from overlaysim.host.stack import Stack
from overlaysim.host.tables import NetworkTables
from overlaysim.sim import Simulator


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


def gateway_stack(simulator: Simulator, segment: Segment, mac: str, owner_of: OwnerOf) -> Stack:
    """Give a bridge the network's gateway address: each host answers for it by itself.

    What containers send on through it finds no way: the underlay has no routes to their networks.
    """
    stack = Stack(simulator, segment.bridge, owner_of, not_mine="no route")
    interface = Interface(
        simulator, name="br0", label=segment.bridge, mac=mac, address=segment.info.gateway,
        segment=segment, take=stack.take, unreachable=stack.unreachable,
        learn=stack.learn_mtu,
    )  # fmt: skip
    stack.interfaces.append(interface)
    return stack
