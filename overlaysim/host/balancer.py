"""The load-balancer endpoint of one network on one host: VIPs live here, on the client's node.

It answers ARP and pings for every VIP known on the host (so pinging a service works even when all
its tasks are dead), as Docker's ``lb-<network>`` namespace does, and spreads UDP flows and TCP
connections to a VIP over the tasks. A packet keeps its journey through the load balancer.
"""

from __future__ import annotations

from overlaysim.host.interface import Interface
from overlaysim.host.ip import OwnerOf
from overlaysim.host.segment import Segment
from overlaysim.host.stack import Stack
from overlaysim.host.tables import NetworkTables
from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.ipvs import VirtualServer
from overlaysim.overlay.nat import transport_of
from overlaysim.overlay.tcp_tracking import begins
from overlaysim.sim import Journey, Simulator
from overlaysim.wire import TCP, UDP, IPv4, Packet

_BALANCED = (UDP.BINDINGS["protocol"], TCP.BINDINGS["protocol"])


class LoadBalancer:
    """Stack and interface of the endpoint ``<network>-endpoint``.

    Args:
        host: name of its host.
        segment: where it is plugged in.
        tables: the network's names; the services in them are served.
        address: its own address.
        owner_of: as for :class:`~overlaysim.host.stack.Stack`.
    """

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        segment: Segment,
        tables: NetworkTables,
        address: str,
        owner_of: OwnerOf,
    ) -> None:
        self.label = f"lb-{segment.info.name}@{host}"
        self.address = address
        self.stack = Stack(simulator, self.label, owner_of)
        self.interface = Interface(
            simulator, name="eth0", label=self.label, mac=mac_for(address), address=address,
            segment=segment, take=self._take, unreachable=self.stack.unreachable,
            learn=self.stack.learn_mtu,
        )  # fmt: skip
        self.stack.interfaces.append(self.interface)
        self._simulator = simulator
        self._tables = tables
        self._owner_of = owner_of
        self._server = VirtualServer(address)
        tables.on_names = self._serve
        self._serve()

    def _serve(self) -> None:
        """Hold exactly the VIPs of the services that the host knows of, with their tasks."""
        services = self._tables.services()
        self._server.serve(services)
        self.interface.hold(sorted(services))

    def _take(self, interface: Interface, journey: Journey, packet: Packet) -> None:
        """A packet came in: a client's to a VIP, a task's answer, or one for the balancer."""
        now = self._simulator.now
        ip = packet.layer(0, IPv4)
        if ip.dst == self.address:
            answer = self._server.reverse(packet, now)
            if answer is None:
                self.stack.take(interface, journey, packet)
            else:
                self._pass_on(journey, answer)
        elif ip.protocol in _BALANCED and ip.dst in interface.addresses:
            request = self._server.forward(packet, now)
            if request is not None:
                self._pass_on(journey, request)
            elif self._is_for_nobody(packet):
                self.stack.take(interface, journey, packet)
            else:
                self._refuse(journey, packet)
        else:
            self.stack.take(interface, journey, packet)

    def _pass_on(self, journey: Journey, packet: Packet) -> None:
        """Send a translated packet on; whom it is meant for is known only now."""
        target = packet.layer(0, IPv4).dst
        journey.intended = self._owner_of(self.interface, target)
        self.interface.send(journey, packet, target)

    @staticmethod
    def _is_for_nobody(packet: Packet) -> bool:
        """Whether it belongs to a connection that is forgotten: the kernel's TCP resets it."""
        header = transport_of(packet)
        return isinstance(header, TCP) and not begins(header.flags)

    def _refuse(self, journey: Journey, packet: Packet) -> None:
        """No task takes new flows (``ip_vs_core.c``, ip_vs_leave)."""
        self._simulator.ledger.drop(journey, self._simulator.now, "port closed", self.label)
        if not packet.layer(0, IPv4).offset:  # an error is never about a later fragment
            self.stack.refuse(self.interface, packet)

    def shut(self) -> None:
        """The network leaves the host."""
        self.stack.shut()
