"""A host: where the packet's road and the name's road are laid.

It joins the datapath, the gossip agent, the segments of the networks it takes part in, and its
containers. Everything here happens at one instant; what takes time is the callers' matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from overlaysim.gossip import GossipSettings
from overlaysim.host.agent import Agent
from overlaysim.host.balancer import LoadBalancer
from overlaysim.host.container import Attachment, Container, Execution
from overlaysim.host.daemon import Daemon
from overlaysim.host.datapath import Datapath, HostCosts
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.egress import Egress
from overlaysim.host.interface import Interface
from overlaysim.host.kernel import Kernel
from overlaysim.host.membership import Membership, gateway_stack
from overlaysim.host.resolver import EmbeddedResolver, Upstream
from overlaysim.host.segment import NetworkInfo, Segment
from overlaysim.host.shadows import tell_shadowed
from overlaysim.host.stack import Stack
from overlaysim.host.streams import HostStreams
from overlaysim.host.tables import NetworkTables
from overlaysim.naming.records import EndpointRecord
from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Simulator
from overlaysim.sim.events import EndpointAdded, EndpointRemoved
from overlaysim.traffic.program import Program
from overlaysim.underlay.network import Underlay

Truth = Callable[[str, str, EndpointRecord | None, str], None]
"""Told (network label, endpoint, record or None, host) when an endpoint's names change."""


@dataclass(frozen=True)
class Surroundings:
    """What all hosts of a simulation share."""

    simulator: Simulator
    underlay: Underlay
    directory: Directory
    costs: HostCosts
    upstream: Upstream
    gossip: GossipSettings
    truth: Truth
    replaces_learned: bool = False
    """As ``replaces`` of :class:`~overlaysim.overlay.Vtep`."""
    bridge_nf: bool = True
    """As in :class:`~overlaysim.host.segment.Segment`."""


class Host:
    """One machine of the simulated cluster."""

    def __init__(self, around: Surroundings, me: HostAddress) -> None:
        self.name, self.address, self.mac = me.name, me.address, me.mac
        self.around = around
        self.daemon = Daemon(around.simulator)
        self.datapath = Datapath(
            around.simulator, around.underlay, around.directory, me, around.costs, self.daemon
        )
        self.streams = HostStreams(around.simulator, self.datapath, around.directory, self.daemon)
        self.agent: Agent | None = None
        kernel = Kernel(
            around.simulator, me, around.directory, self.datapath.outer, lambda: self.streams.ports
        )
        self.egress = Egress(
            around.simulator, around.directory, self.datapath, kernel, bridges=self._bridges,
            owner_of=self._owner,
        )  # fmt: skip
        self.datapath.unclaimed = self.datapath.outer.take_icmp = self.egress.receive
        self.containers: dict[str, Container] = {}
        self.memberships: dict[str, Membership] = {}
        self._resolver = EmbeddedResolver(
            around.simulator, me.name, self.memberships, around.upstream, around.costs.resolver,
            self.daemon, around.directory,
        )  # fmt: skip

    # ---- the gossip cluster ---------------------------------------------------------------

    def start_agent(self, node_id: str, seeds: Sequence[str]) -> None:
        """Become a gossip node and join the others through ``seeds``."""
        self.agent = Agent(
            self.around.simulator, self.datapath, self.streams, self.around.directory,
            node_id=node_id[:12], settings=self.around.gossip,
        )  # fmt: skip
        if seeds:
            self.agent.join_cluster(seeds)

    def stop_agent(self) -> None:
        """End the gossip node."""
        if self.agent is not None:
            self.agent.stop()
            self.agent = None

    # ---- what befalls it ------------------------------------------------------------------

    def freeze(self) -> None:
        """The daemon is sent SIGSTOP; the kernel, and so the datapath, goes on."""
        self.daemon.freeze()
        if self.agent is not None:
            self.agent.freeze()

    def thaw(self) -> None:
        """The daemon is sent SIGCONT."""
        self.daemon.thaw()
        if self.agent is not None:
            self.agent.thaw()

    def end_daemon(self) -> None:
        """The daemon has gone: nobody listens, and its overlay networks are no more."""
        self.daemon.end()
        self.stop_agent()
        for network in [n for n, m in self.memberships.items() if m.tables is not None]:
            self.leave_network(network)
        self.streams.close_all()

    def crash(self) -> None:
        """The power is cut: whatever is in memory is gone, and nobody is told."""
        self.daemon.end()
        self.streams.reboot()
        self.datapath.reboot()
        self.egress.reboot()
        self.stop_agent()
        for container in self.containers.values():
            container.power_off(self.around.simulator.now)
            for attachment in list(reversed(container.attachments)):
                self.unplug(container, attachment)
        self.end_daemon()

    def start_daemon(self) -> None:
        """The daemon starts; it is for the caller to let it take part in anything."""
        self.daemon.begin()
        self.streams.reopen()

    @property
    def _gossip(self) -> Agent:
        """The agent; only a member of a swarm has business with overlays."""
        assert self.agent is not None
        return self.agent

    # ---- networks -------------------------------------------------------------------------

    def join_overlay(self, info: NetworkInfo, balancer_address: str, endpoint: str) -> None:
        """Take part in an overlay: tables by gossip, bridge, VXLAN device, load balancer."""
        assert info.vni is not None
        tables = self._gossip.join_network(info)
        vtep = Vtep(info.vni, self.address, replaces=self.around.replaces_learned)
        membership = self._join(info, tables, vtep, self._bridge_mac(info))
        tables.program(vtep)
        self.datapath.add_segment(membership.segment)
        membership.balancer_endpoint = endpoint
        membership.balancer = balancer = LoadBalancer(
            self.around.simulator, self.name, membership.segment, tables, balancer_address,
            self._owner,
        )  # fmt: skip
        self._own(info.label, balancer_address, balancer.label)
        self._publish_peer(info, endpoint, balancer_address)

    def join_bridge(self, info: NetworkInfo, gateway_mac: str) -> Membership:
        """Make a local bridge network; its gateway is the host itself."""
        tables = NetworkTables(self.around.simulator, self.name, info.label)
        return self._join(info, tables, None, gateway_mac)

    def _join(
        self, info: NetworkInfo, tables: NetworkTables, vtep: Vtep | None, gateway_mac: str
    ) -> Membership:
        simulator = self.around.simulator
        segment = Segment(
            simulator, self.name, info, vtep, self.datapath.tunnel,
            bridge_nf=self.around.bridge_nf,
        )  # fmt: skip
        forward = self.egress.forward if vtep is None and not info.internal else None
        gateway = gateway_stack(simulator, segment, gateway_mac, self._owner, forward)
        self.memberships[info.id] = membership = Membership(info, segment, tables, gateway)
        return membership

    def _bridges(self) -> list[Interface]:
        """The host's own ends of the networks that it forwards for."""
        return [
            membership.gateway.interfaces[0]
            for membership in self.memberships.values()
            if membership.info.vni is None and not membership.info.internal
        ]

    def _bridge_mac(self, info: NetworkInfo) -> str:
        """The kernel gives every bridge a random MAC, so hosts differ in their gateway's."""
        number = self.around.simulator.streams.number("bridge", self.name, info.id, bits=40)
        return "02:" + number.to_bytes(5, "big").hex(":")

    def leave_network(self, network: str) -> None:
        """The last container left: take segment, tables and load balancer away."""
        membership = self.memberships.pop(network, None)
        if membership is None:
            return
        membership.shut()
        if membership.balancer is None:
            membership.beliefs.close()
            return
        balancer = membership.balancer
        self._disown(membership.info.label, balancer.address, balancer.label)
        self.datapath.remove_segment(membership.segment)
        if self.agent is not None:
            self.agent.withdraw_peer(network, membership.balancer_endpoint)
            self.agent.leave_network(network)

    def plug(
        self,
        container: Container,
        info: NetworkInfo,
        address: str,
        endpoint: str,
        *,
        mac: str = "",
        aliases: tuple[str, ...] = (),
    ) -> Attachment:
        """Give a container an interface in a network that the host takes part in.

        In an overlay the peer record is published with it, the names only by :meth:`publish_names`.
        """
        membership = self.memberships[info.id]
        interface = self._interface(
            container.stack, membership.segment, mac or mac_for(address), address
        )
        container.stack.interfaces.append(interface)
        attachment = Attachment(info, interface, endpoint, aliases)
        container.attachments.append(attachment)
        self._own(info.label, address, container.label)
        tell_shadowed(self.around.simulator, self.around.directory, container, info)
        if info.vni is not None:
            self._publish_peer(info, endpoint, address, interface.mac)
        return attachment

    def _own(self, network: str, address: str, label: str) -> None:
        """An address is somebody's on this host from now on."""
        now = self.around.simulator.now
        self.around.directory.add_owner(network, address, label)
        self.around.simulator.bus.emit(EndpointAdded(now, network, label, address, self.name))

    def _disown(self, network: str, address: str, label: str) -> None:
        """An address of this host is nobody's any more."""
        now = self.around.simulator.now
        self.around.directory.remove_owner(network, address, label)
        self.around.simulator.bus.emit(EndpointRemoved(now, network, label, address, self.name))

    def publish_names(self, attachment: Attachment, record: EndpointRecord) -> None:
        """Publish a container's names in a network, or what has become of them."""
        attachment.record = record
        info, endpoint = attachment.info, attachment.endpoint
        self.around.truth(info.label, endpoint, record, self.name)
        if info.vni is None:
            self.memberships[info.id].beliefs.add_names(endpoint, record)
        else:
            self._gossip.publish_names(info.id, endpoint, record)

    def disable(self, attachment: Attachment) -> None:
        """Take a task out of the load balancing and out of ``tasks.<service>``."""
        if attachment.record is not None:
            self.publish_names(attachment, replace(attachment.record, disabled=True))

    def unplug(self, container: Container, attachment: Attachment) -> None:
        """Take a container out of a network: names first, then the peer record, then the port."""
        info, address = attachment.info, attachment.interface.address
        self._withdraw_names(attachment)
        if info.vni is not None and self.agent is not None:
            self.agent.withdraw_peer(info.id, attachment.endpoint)
        container.stack.remove(attachment.interface)
        container.attachments.remove(attachment)
        self._disown(info.label, address, container.label)

    def _withdraw_names(self, attachment: Attachment) -> None:
        if attachment.record is None:
            return
        info, endpoint = attachment.info, attachment.endpoint
        attachment.record = None
        self.around.truth(info.label, endpoint, None, self.name)
        if info.vni is None:
            self.memberships[info.id].beliefs.remove_names(endpoint)
        elif self.agent is not None:
            self.agent.withdraw_names(info.id, endpoint)

    def _publish_peer(
        self, info: NetworkInfo, endpoint: str, address: str, mac: str | None = None
    ) -> None:
        record = PeerRecord(address, info.prefix_length, mac or mac_for(address), self.address)
        self._gossip.publish_peer(info.id, endpoint, record)

    # ---- containers -----------------------------------------------------------------------

    def new_stack(self, name: str) -> Stack:
        """The IP stack of a container to be."""
        return Stack(self.around.simulator, f"{name}@{self.name}", self._owner)

    def execute(self, container: Container, program: Program) -> Execution:
        """Start a program in a container."""
        execution = Execution(self.around.simulator, container, program, self._resolver.look_up)
        execution.start()
        return execution

    @property
    def in_hand(self) -> int:
        """Packets held here: waiting for ARP or inside the VTEP."""
        return (
            self.datapath.in_hand
            + self.egress.in_hand
            + sum(container.stack.waiting for container in self.containers.values())
            + sum(membership.waiting for membership in self.memberships.values())
        )

    # ---- building blocks ------------------------------------------------------------------

    def _owner(self, interface: Interface, address: str) -> str:
        """Whom a sender on this interface means: for a VIP or a gateway, the host's own.

        An address of a host that nobody in the network has, or that the sender was told by the DNS
        server outside, means that host.
        """
        segment, directory = interface.segment, self.around.directory
        meant = directory.host_meant(interface.label, address)
        if meant is not None:
            return meant.name
        owner = directory.owner(segment.info.label, address)
        if owner is not None:
            return owner
        holder, host = segment.holder(address), directory.host_at(address)
        if holder is not None:
            return holder.label
        return address if host is None else host.name

    def _interface(self, stack: Stack, segment: Segment, mac: str, address: str) -> Interface:
        """Make a container's next interface: eth0, eth1 … in order of attachment."""
        numbers = (int(interface.name.removeprefix("eth")) for interface in stack.interfaces)
        return Interface(
            self.around.simulator, name=f"eth{max(numbers, default=-1) + 1}", label=stack.label,
            mac=mac, address=address, segment=segment, take=stack.take,
            unreachable=stack.unreachable, learn=stack.learn_mtu,
        )  # fmt: skip
