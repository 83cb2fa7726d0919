"""The worker on every host: its membership of the swarm, and its containers' places in networks.

What takes time is a process and takes what :class:`~overlaysim.cluster.timing.Timing` names.
"""

from __future__ import annotations


from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.local import LocalNetworks
from overlaysim.cluster.records import Grant
from overlaysim.cluster.requests import (
    HEARTBEAT_LENGTH,
    HEARTBEAT_REPLY_LENGTH,
    AttachRequest,
    DetachRequest,
    Heartbeat,
    Refused,
)
from overlaysim.cluster.runtime import Runtime
from overlaysim.cluster.tasks import TaskRunner
from overlaysim.cluster.timing import Timing
from overlaysim.host.container import Attachment, Container
from overlaysim.host.host import Host
from overlaysim.host.rpc import Rpc, RpcFailed
from overlaysim.naming.records import EndpointRecord
from overlaysim.sim import Event, Simulator, Steps
from overlaysim.units import MS


FAREWELL_POLL = 100 * MS


class Worker:
    """One host's part in the swarm, and the keeper of its containers.

    Attributes:
        node: the host's node id; empty while it is in no swarm.
        manager: underlay address of the manager it talks to.
    """

    def __init__(self, host: Host, rpc: Rpc, identifiers: Identifiers, timing: Timing) -> None:
        self.host = host
        self.rpc = rpc
        self.timing = timing
        self.identifiers = identifiers
        self.node = ""
        self.manager = ""
        self.ingress = ""
        self.local = LocalNetworks(host, identifiers)
        self._simulator: Simulator = host.around.simulator
        self._joining: dict[str, Event] = {}
        self.runtime = Runtime(host, identifiers, timing, self.detach_all)
        self.tasks = TaskRunner(self)

    # ---- the swarm ------------------------------------------------------------------------

    def enter(self, node: str, manager: str, seeds: list[str], ingress: Grant | None) -> Steps:
        """Become a node: gossip, docker_gwbridge, the ingress network, heartbeats."""
        self.node, self.manager = node, manager
        self.local.ensure_gateway_bridge()
        self.host.start_agent(node, seeds)
        if ingress is not None:
            self.ingress = ingress.info.id
            yield from self._take_part(ingress)
        if manager != self.host.address:
            self._simulator.spawn(self._beat())

    def leave(self) -> Steps:
        """Leave the swarm: service containers end, gossip says farewell."""
        yield from self.tasks.end_all()
        for network in [n for n, m in self.host.memberships.items() if m.tables is not None]:
            for container in self.host.containers.values():
                attachment = container.attachment(network)
                if attachment is not None:
                    self.host.unplug(container, attachment)
            self.host.leave_network(network)
        self.node = self.manager = ""
        agent = self.host.agent
        if agent is not None:
            agent.leave_cluster()
            while not agent.node.stopped:
                yield self._simulator.sleep(FAREWELL_POLL)
        self.host.stop_agent()

    def _beat(self) -> Steps:
        """Send heartbeats; the manager says when the next one is due."""
        node = self.node
        while self.node == node:
            pause = self.timing.heartbeat
            try:
                pause = yield from self.rpc.call(
                    self.manager,
                    Heartbeat(node),
                    kind="heartbeat",
                    length=HEARTBEAT_LENGTH,
                    reply_length=HEARTBEAT_REPLY_LENGTH,
                )
            except (RpcFailed, Refused):
                pass  # the next one may come through; the manager counts the silence
            yield self._simulator.sleep(pause)

    # ---- networks -------------------------------------------------------------------------

    def attach(
        self,
        container: Container,
        network: str,
        *,
        address: str | None = None,
        aliases: tuple[str, ...] = (),
        mac: str = "",
    ) -> Steps:
        """Give a standalone container a place in an overlay network.

        Raises:
            Refused: the manager says no, or cannot be reached within the attachment limit.
        """
        request = AttachRequest(self.node, network, container.id, address)
        try:
            grant = yield from self.rpc.call(self.manager, request, limit=self.timing.attach_limit)
        except RpcFailed:
            raise Refused(
                "unavailable", f"Could not attach to network {network}: context deadline exceeded"
            ) from None
        attachment = yield from self.plug(container, grant, aliases, mac)
        self._name(container, attachment)

    def attach_local(
        self, container: Container, network: str, aliases: tuple[str, ...] = (), address: str = ""
    ) -> None:
        """Give a container a place in a bridge network of this host."""
        attachment = self.local.attach(container, network, aliases, address)
        if attachment.info.name != "bridge":
            self._name(container, attachment)

    def detach(self, container: Container, attachment: Attachment) -> Steps:
        """Take a container out of a network, and the network from the host if it was the last."""
        network = attachment.info.id
        self.host.unplug(container, attachment)
        if attachment.info.vni is None:
            self.local.release(attachment)
            return
        if not container.service[0]:
            self._simulator.spawn(self._tell(DetachRequest(self.node, network, container.id)))
        self._drop_idle(network)
        yield self._simulator.sleep(0)

    def detach_all(self, container: Container) -> Steps:
        """Take a container out of all its networks, the last joined first."""
        for attachment in list(reversed(container.attachments)):
            yield from self.detach(container, attachment)

    def plug(
        self, container: Container, grant: Grant, aliases: tuple[str, ...], mac: str = ""
    ) -> Steps:
        """Give a container the place that a manager granted; its names are not published yet."""
        yield from self._take_part(grant)
        attachment = self.host.plug(
            container, grant.info, grant.address, self.identifiers.local(), mac=mac, aliases=aliases
        )
        if not grant.info.internal and not self.local.has_gateway(container):
            self.local.attach_gateway(container)
        return attachment

    def _take_part(self, grant: Grant) -> Steps:
        """Set the network up on this host unless it is there already."""
        network = grant.info.id
        if network in self._joining:
            yield self._joining[network]
        if network in self.host.memberships:
            return
        self._joining[network] = self._simulator.event()
        yield self._simulator.sleep(self.timing.network_setup)
        self.host.join_overlay(grant.info, grant.load_balancer, self.identifiers.local())
        self._joining.pop(network).succeed()

    def _drop_idle(self, network: str) -> None:
        used = any(c.attachment(network) is not None for c in self.host.containers.values())
        if not used and network != self.ingress and network not in self._joining:
            self.host.leave_network(network)

    def _name(self, container: Container, attachment: Attachment) -> None:
        names = container.names(attachment)
        record = EndpointRecord(
            name=names[0], endpoint_ip=attachment.interface.address, task_aliases=names[1:]
        )
        self.host.publish_names(container, attachment, record)

    def _tell(self, request: object) -> Steps:
        try:
            yield from self.rpc.call(self.manager, request)
        except (RpcFailed, Refused):
            pass  # the manager finds out when it hears of the node again
