"""The load-balancer endpoint of one network on one host: VIPs live here, on the client's node.

It answers ARP and pings for every VIP known on the host (so pinging a service works even when all
its tasks are dead), as Docker's ``lb-<network>`` namespace does.
"""

from __future__ import annotations

from overlaysim.host.interface import Interface
from overlaysim.host.segment import Segment
from overlaysim.host.stack import Stack
from overlaysim.overlay.addresses import mac_for
from overlaysim.sim import Simulator


class LoadBalancer:
    """Stack and interface of the endpoint ``<network>-endpoint``."""

    def __init__(self, simulator: Simulator, host: str, segment: Segment, address: str) -> None:
        self.label = f"lb-{segment.info.name}@{host}"
        self.address = address
        self.stack = Stack(simulator, self.label, lambda interface, asked: asked)
        self.interface = Interface(
            simulator, name="eth0", label=self.label, mac=mac_for(address), address=address,
            segment=segment, take=self.stack.take, unreachable=self.stack.unreachable,
        )  # fmt: skip
        self.stack.interfaces.append(self.interface)

    def answer_for(self, addresses: list[str]) -> None:
        """Hold exactly these VIPs from now on."""
        for address in self.interface.addresses[1:]:
            if address not in addresses:
                self.interface.remove_address(address)
        for address in addresses:
            self.interface.add_address(address)

    def shut(self) -> None:
        """The network leaves the host."""
        self.stack.shut()
