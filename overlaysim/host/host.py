"""A host: where the packet's road and the name's road are laid.

It joins the datapath, the gossip agent, the segments of the networks it takes part in, and its
containers. Everything here happens at one instant; what takes time is the callers' matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from overlaysim.gossip import GossipSettings
from overlaysim.host.agent import Agent
from overlaysim.host.balancer import LoadBalancer
from overlaysim.host.container import Attachment, Container, Execution
from overlaysim.host.datapath import Datapath, HostCosts
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.interface import Interface
from overlaysim.host.resolver import Upstream, ask
from overlaysim.host.segment import NetworkInfo, Segment
from overlaysim.host.stack import Stack
from overlaysim.host.streams import HostStreams
from overlaysim.host.tables import NetworkTables
from overlaysim.naming.records import EndpointRecord
from overlaysim.naming.view import NameView
from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Simulator
from overlaysim.sim.events import LookedUp
from overlaysim.traffic.messages import LookUp, Resolved
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


@dataclass(slots=True)
class Membership:
    """A host's part in one network: its segment, tables, and load balancer (overlay only)."""

    info: NetworkInfo
    segment: Segment
    names: NameView
    tables: NetworkTables | None = None
    balancer: LoadBalancer | None = None
    balancer_endpoint: str = ""


class Host:
    """One machine of the simulated cluster."""

    def __init__(self, around: Surroundings, me: HostAddress) -> None:
        self.name, self.address, self.mac = me.name, me.address, me.mac
        self.around = around
        self.datapath = Datapath(
            around.simulator, around.underlay, around.directory, me, around.costs
        )
        self.streams = HostStreams(around.simulator, self.datapath, around.directory)
        self.agent: Agent | None = None
        self.containers: dict[str, Container] = {}
        self.memberships: dict[str, Membership] = {}
        self._answers: Random = around.simulator.streams("dns", me.name)

    # ---- the gossip cluster ---------------------------------------------------------------

    def start_agent(self, node_id: str, seeds: Sequence[str]) -> None:
        """Become a gossip node and join the others through ``seeds``."""
        self.agent = Agent(
            self.around.simulator, self.datapath, self.streams, self.around.directory,
            node_id=node_id[:12], settings=self.around.gossip, truth=self.around.truth,
        )  # fmt: skip
        if seeds:
            self.agent.join_cluster(seeds)

    def stop_agent(self) -> None:
        """End the gossip node."""
        if self.agent is not None:
            self.agent.stop()
            self.agent = None

    # ---- networks -------------------------------------------------------------------------

    def join_overlay(self, info: NetworkInfo, balancer_address: str, endpoint: str) -> None:
        """Take part in an overlay: tables by gossip, bridge, VXLAN device, load balancer."""
        assert self.agent is not None
        assert info.vni is not None
        tables = self.agent.join_network(info)
        vtep = Vtep(info.vni, self.address)
        segment = Segment(self.around.simulator, self.name, info, vtep, self.datapath.tunnel)
        tables.program(vtep)
        self.datapath.add_segment(segment)
        balancer = LoadBalancer(self.around.simulator, self.name, segment, balancer_address)
        membership = Membership(info, segment, tables.names, tables, balancer, endpoint)
        self.memberships[info.id] = membership
        tables.on_names.append(lambda: balancer.answer_for(tables.virtual_addresses()))
        self.around.directory.add_owner(info.label, balancer_address, balancer.label)
        self._publish_peer(info, endpoint, balancer_address)

    def join_bridge(self, info: NetworkInfo, gateway_mac: str) -> Membership:
        """Make a local bridge network; its gateway is the host itself."""
        segment = Segment(self.around.simulator, self.name, info, None, self.datapath.tunnel)
        gateway = self._stack(f"{info.name}@{self.name}")
        gateway.interfaces.append(
            self._interface(gateway, segment, "gateway", gateway_mac, info.gateway)
        )
        membership = Membership(info, segment, NameView())
        self.memberships[info.id] = membership
        return membership

    def leave_network(self, network: str) -> None:
        """The last container left: take segment, tables and load balancer away."""
        membership = self.memberships.pop(network, None)
        if membership is None:
            return
        if membership.balancer is not None:
            assert self.agent is not None
            address = membership.balancer.address
            self.around.directory.remove_owner(
                membership.info.label, address, membership.balancer.label
            )
            self.agent.withdraw(network, membership.balancer_endpoint, names=False)
            membership.balancer.shut()
            self.datapath.remove_segment(membership.segment)
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
        device = f"eth{len(container.stack.interfaces)}"
        interface = self._interface(
            container.stack, membership.segment, device, mac or mac_for(address), address
        )
        container.stack.interfaces.append(interface)
        attachment = Attachment(info, interface, endpoint, aliases)
        container.attachments.append(attachment)
        self.around.directory.add_owner(info.label, address, container.label)
        if info.vni is not None:
            self._publish_peer(info, endpoint, address, interface.mac)
        return attachment

    def publish_names(
        self, container: Container, attachment: Attachment, record: EndpointRecord
    ) -> None:
        """Publish a container's names in a network."""
        attachment.record = record
        membership = self.memberships[attachment.info.id]
        if membership.tables is not None:
            assert self.agent is not None
            self.agent.publish_names(attachment.info.id, attachment.endpoint, record)
        else:
            self.around.truth(attachment.info.label, attachment.endpoint, record, self.name)
            membership.names.add(attachment.endpoint, record)

    def disable(self, attachment: Attachment) -> None:
        """Take a task out of the load balancing and out of ``tasks.<service>``."""
        if attachment.record is not None and self.agent is not None:
            record = replace(attachment.record, disabled=True)
            attachment.record = record
            self.agent.replace_names(attachment.info.id, attachment.endpoint, record)

    def unplug(self, container: Container, attachment: Attachment) -> None:
        """Take a container out of a network: names first, then the peer record, then the port."""
        info = attachment.info
        membership = self.memberships[info.id]
        if membership.tables is not None:
            assert self.agent is not None
            self.agent.withdraw(info.id, attachment.endpoint, names=attachment.record is not None)
        elif attachment.record is not None:
            self.around.truth(info.label, attachment.endpoint, None, self.name)
            membership.names.remove(attachment.endpoint)
        attachment.interface.shut()
        container.stack.interfaces.remove(attachment.interface)
        container.attachments.remove(attachment)
        self.around.directory.remove_owner(
            info.label, attachment.interface.address, container.label
        )

    def _publish_peer(
        self, info: NetworkInfo, endpoint: str, address: str, mac: str | None = None
    ) -> None:
        assert self.agent is not None
        record = PeerRecord(address, info.prefix_length, mac or mac_for(address), self.address)
        self.agent.publish_peer(info.id, endpoint, record)

    # ---- containers -----------------------------------------------------------------------

    def new_stack(self, name: str) -> Stack:
        """The IP stack of a container to be."""
        return self._stack(f"{name}@{self.name}")

    def execute(self, container: Container, program: Program) -> Execution:
        """Start a program in a container."""
        execution = Execution(self.around.simulator, container, program, self._look_up)
        execution.start()
        return execution

    @property
    def in_hand(self) -> int:
        """Packets held here: waiting for ARP or inside the VTEP."""
        balancers = [m.balancer for m in self.memberships.values() if m.balancer is not None]
        return (
            self.datapath.in_hand
            + sum(container.stack.waiting for container in self.containers.values())
            + sum(balancer.stack.waiting for balancer in balancers)
        )

    def _look_up(
        self, container: Container, question: LookUp, answer: Callable[[Resolved, int], None]
    ) -> None:
        """Answer after the resolver's time, from the tables as they are then."""
        asked = self.around.simulator.now
        self.around.simulator.call_in(
            self.around.costs.resolver, lambda _: self._answer(container, question, answer, asked)
        )

    def _answer(
        self,
        container: Container,
        question: LookUp,
        answer: Callable[[Resolved, int], None],
        asked: int,
    ) -> None:
        attached = self._search_order(container)
        networks = [(m.info.name, m.names) for m in attached]
        upstream = self.around.upstream
        resolution = ask(question.name, question.qtype, networks, upstream, self._answers)

        def tell(_: object) -> None:
            now = self.around.simulator.now
            labels = {m.info.name: m.info.label for m in attached}
            self.around.simulator.bus.emit(
                LookedUp(
                    now,
                    now - asked,
                    self.name,
                    container.label,
                    tuple(labels.values()),
                    labels.get(resolution.network, ""),
                    question.name,
                    question.qtype,
                    resolution.rcode,
                    tuple(r.value for r in resolution.records),
                    resolution.forward,
                )  # fmt: skip
            )
            resolved = Resolved(question.name, question.qtype, resolution.rcode, resolution.records)
            answer(resolved, now - asked)

        self.around.simulator.call_in(upstream.delay if resolution.forward else 0, tell)

    def _search_order(self, container: Container) -> list[Membership]:
        """Networks of a container as its resolver searches them: overlays, then local, by name.

        docker_gwbridge and the default bridge have no names of their own
        (moby ``daemon/libnetwork/sandbox.go`` and ``endpoint.go``, Less).
        """
        attached = [self.memberships[a.info.id] for a in container.attachments]
        named = [m for m in attached if m.info.name not in ("bridge", "docker_gwbridge", "ingress")]
        return sorted(named, key=lambda m: (m.info.vni is None, m.info.name))

    # ---- building blocks ------------------------------------------------------------------

    def _stack(self, label: str) -> Stack:
        directory = self.around.directory
        return Stack(
            self.around.simulator, label,
            lambda interface, address: directory.owner(interface.segment.info.label, address),
        )  # fmt: skip

    def _interface(
        self, stack: Stack, segment: Segment, name: str, mac: str, address: str
    ) -> Interface:
        return Interface(
            self.around.simulator, name=name, label=stack.label, mac=mac, address=address,
            segment=segment, take=stack.take, unreachable=stack.unreachable,
        )  # fmt: skip
