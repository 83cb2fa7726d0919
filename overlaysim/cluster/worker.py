"""The worker on every host: its membership of the swarm, and its containers' places in networks.

What takes time is a process and takes what :class:`~overlaysim.cluster.timing.Timing` names.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.heartbeats import CALL_LIMIT, Heartbeats, next_backoff
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.local import BRIDGE, GATEWAY_BRIDGE, LocalNetworks
from overlaysim.cluster.records import Grant
from overlaysim.cluster.requests import (
    DEADLINE,
    AttachRequest,
    DetachRequest,
    Refused,
    Welcome,
)
from overlaysim.cluster.runtime import Runtime
from overlaysim.cluster.stays import Stays
from overlaysim.cluster.timing import Timing
from overlaysim.host.container import Attachment, Container
from overlaysim.host.host import Host
from overlaysim.host.rpc import Rpc, RpcFailed
from overlaysim.naming.records import EndpointRecord
from overlaysim.sim import Event, Simulator, Steps
from overlaysim.units import MS

FAREWELL_POLL = 100 * MS
NOT_ASKED = "Could not attach to network {}: {}"
NOT_GIVEN = (
    "attaching to network failed, make sure your network options are correct and check manager "
    "logs: {1}"
)
"""Two ways in which an attachment fails (moby, ``daemon/cluster/networks.go``, AttachNetwork)."""
LEFT = "this node left the swarm meanwhile"


class Worker:
    """One host's part in the swarm, and the keeper of its containers.

    Attributes:
        node: the host's node id; empty while it is in no swarm.
        active: whether its part in the swarm is running.
        busy: whether it is joining or leaving a swarm right now.
        manager: underlay address of the manager it talks to.
        managers: those of all managers that it knows of, the leader first.
    """

    def __init__(self, host: Host, rpc: Rpc, identifiers: Identifiers, timing: Timing) -> None:
        self.host = host
        self.rpc = rpc
        self.timing = timing
        self.identifiers = identifiers
        self.node = ""
        self.active = self.busy = False
        self.manager = ""
        self.managers: tuple[str, ...] = ()
        self._ingress: Grant | None = None
        self.local = LocalNetworks(host, identifiers)
        self._simulator: Simulator = host.around.simulator
        self._joining: dict[str, Event] = {}
        self._stays = Stays(self)
        self.runtime = Runtime(host, identifiers, timing, self.detach_all)

    # ---- the swarm ------------------------------------------------------------------------

    @property
    def ingress(self) -> str:
        """Id of the ingress network; empty while the host has no part in it."""
        return "" if self._ingress is None else self._ingress.info.id

    def enter(self, welcome: Welcome, manager: str, seeds: list[str]) -> Steps:
        """Become a node: gossip, docker_gwbridge, the ingress network, heartbeats."""
        self.node, self.manager, self.managers = welcome.node, manager, welcome.managers
        self._ingress = welcome.ingress
        yield from self._begin(self.node, seeds)

    def resume(self) -> Steps:
        """Be the same node again after a restart of the daemon.

        Its gossip node has a new id, and knows the managers (moby, ``daemon/cluster/cluster.go``,
        GetRemoteAddressList: all but itself). The managers hear of the containers that are no more.
        """
        rng = self._simulator.streams("gossip-id", self.host.name)
        seeds = [address for address in self.managers if address != self.host.address]
        self._stays.tell_all()
        yield from self._begin(f"{rng.getrandbits(48):012x}", seeds)

    def _begin(self, gossip_id: str, seeds: list[str]) -> Steps:
        self.active = True
        self.local.ensure_gateway_bridge()
        self.host.start_agent(gossip_id, seeds)
        if self._ingress is not None:
            yield from self._take_part(self._ingress)
        self.host.daemon.spawn(Heartbeats(self).send())

    def power_cut(self) -> None:
        """Whatever the host was doing is over; only what was on its disk is left."""
        self.active = False
        for container in self.host.containers.values():
            for attachment in container.attachments:
                self.local.release(attachment)
        self.host.crash()
        self.forget_work()

    def forget_work(self) -> None:
        """The daemon has gone, with all that was under way; the disk remembers who was attached."""
        self._stays.end_all()
        self._joining.clear()
        self.rpc.forget()
        self.runtime.forget()

    def leave(self, end_tasks: Callable[[], Steps]) -> Steps:
        """Leave the swarm: service containers are removed, gossip says farewell.

        The managers are not told: they notice by the silence.

        Args:
            end_tasks: ends every task of the host at once.
        """
        self.node = ""  # from now on orders are refused, and what is under way gives up
        self.active = False
        self._stays.forget()
        yield from end_tasks()
        self.manager, self.managers, self._ingress = "", (), None
        yield from self.say_farewell()

    def say_farewell(self) -> Steps:
        """Take everybody out of the overlay networks, and leave gossip in good order."""
        for network in [n for n, m in self.host.memberships.items() if m.tables is not None]:
            for container in self.host.containers.values():
                attachment = container.attachment(network)
                if attachment is not None:
                    self.host.unplug(container, attachment)
            self.host.leave_network(network)
        agent = self.host.agent
        if agent is not None:
            agent.leave_cluster()
            while not agent.node.stopped:
                yield self._simulator.sleep(FAREWELL_POLL)
        self.host.stop_agent()

    def ask(self, request: object) -> Steps:
        """Ask the manager, and wait as long as the connection lives.

        Raises:
            RpcFailed: it cannot be reached.
            Refused: it does not grant the request.
        """
        return (yield from self.rpc.call(self.manager, request))

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
        """Give a standalone container a place in an overlay network; returns its attachment.

        Raises:
            Refused: the host is in no swarm, or the manager says no or cannot be reached within
                the attachment limit.
        """
        if not self.active:
            raise Refused("not found", f"network {network} not found")
        request = AttachRequest(self.node, network, container.id, self._simulator.now, address)
        try:
            grant: Grant = yield from self._ask_for(request)
            if not self._is_still(request.node):
                raise Refused("unavailable", LEFT)
            attachment: Attachment = yield from self.plug(container, grant, aliases, mac)
        except Refused:
            # The manager may have granted it nevertheless.
            self._stays.tell(DetachRequest(container.id, request.asked))
            raise
        self._stays.begin(container.id, grant.info.id, request.asked)
        self._name(container, attachment)
        return attachment

    def _ask_for(self, request: AttachRequest) -> Steps:
        """Ask the manager until it answers or the attachment limit is over."""
        deadline, backoff = request.asked + self.timing.attach_limit, 0
        while self._is_still(request.node) and self._simulator.now < deadline:
            try:
                limit = min(deadline - self._simulator.now, CALL_LIMIT)
                return (yield from self.rpc.call(self.manager, request, limit=limit))
            except RpcFailed:
                backoff = next_backoff(backoff)
                left = max(deadline - self._simulator.now, 0)
                yield self._simulator.sleep(min(backoff, left))
            except Refused as error:
                text = NOT_GIVEN if error.message == DEADLINE else NOT_ASKED
                raise Refused(error.kind, text.format(request.network, error.message)) from None
        raise Refused("unavailable", NOT_ASKED.format(request.network, DEADLINE))

    def attach_local(
        self,
        container: Container,
        network: str,
        aliases: tuple[str, ...] = (),
        address: str = "",
        mac: str = "",
    ) -> Attachment:
        """Give a container a place in a bridge network of this host.

        Raises:
            Refused: it cannot have that address, or there is none left.
        """
        attachment = self.local.attach(container, network, aliases, address, mac)
        if attachment.info.name != BRIDGE:
            self._name(container, attachment)
        return attachment

    def detach(self, container: Container, attachment: Attachment) -> None:
        """Take a container out of a network, and the network from the host if it was the last."""
        network = attachment.info.id
        self.host.unplug(container, attachment)
        if attachment.info.vni is None:
            self.local.release(attachment)
        else:
            self._stays.end(container.id, network)
            self._drop_idle(network)

    def disconnect(self, container: Container, attachment: Attachment) -> None:
        """Take a container that goes on running out of a network; its way out may change."""
        self.detach(container, attachment)
        gateway = next((a for a in container.attachments if a.info.name == GATEWAY_BRIDGE), None)
        if gateway is not None and not needs_gateway(container):
            self.detach(container, gateway)
        self._find_way_out(container)

    def detach_all(self, container: Container) -> None:
        """Take a container out of all its networks, the last joined first."""
        for attachment in list(reversed(container.attachments)):
            self.detach(container, attachment)

    def plug(
        self, container: Container, grant: Grant, aliases: tuple[str, ...], mac: str = ""
    ) -> Steps:
        """Give a container the place that a manager granted; its names are not published yet.

        Raises:
            Refused: the host left the swarm meanwhile.
        """
        yield from self._take_part(grant)
        attachment = self.host.plug(
            container, grant.info, grant.address, self.identifiers.local(), mac=mac, aliases=aliases
        )
        self._find_way_out(container)
        return attachment

    def _find_way_out(self, container: Container) -> None:
        """Give a container without a default route one, by docker_gwbridge if need be."""
        self.local.route(container)
        if container.stack.default is None and needs_gateway(container):
            self.local.attach(container, GATEWAY_BRIDGE)

    def _take_part(self, grant: Grant) -> Steps:
        """Set the network up on this host unless it is there already."""
        network, node = grant.info.id, self.node
        while network in self._joining:
            yield self._joining[network]
        if network not in self.host.memberships and self.active:
            self._joining[network] = self._simulator.event()
            yield self._simulator.sleep(self.timing.network_setup)
            if self._is_still(node):
                self.host.join_overlay(grant.info, grant.load_balancer, self.identifiers.local())
            self._joining.pop(network).succeed()
        if not self._is_still(node):
            raise Refused("unavailable", LEFT)

    def _is_still(self, node: str) -> bool:
        """Whether the host takes part in the swarm as this node, as when something began."""
        return self.active and self.node == node

    def _drop_idle(self, network: str) -> None:
        used = any(c.attachment(network) is not None for c in self.host.containers.values())
        if not used and network != self.ingress and network not in self._joining:
            self.host.leave_network(network)

    def _name(self, container: Container, attachment: Attachment) -> None:
        names = container.names(attachment)
        record = EndpointRecord(
            name=names[0], endpoint_ip=attachment.interface.address, task_aliases=names[1:]
        )
        self.host.publish_names(attachment, record)


def needs_gateway(container: Container) -> bool:
    """Whether it is in an overlay from which docker_gwbridge is the way out.

    (moby, ``daemon/libnetwork/default_gateway.go``, needDefaultGW.)
    """
    return any(a.info.vni is not None and not a.info.internal for a in container.attachments)
