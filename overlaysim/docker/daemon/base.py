"""What the parts of the simulated daemon share."""

from __future__ import annotations

from overlaysim.cluster.local import LocalNetwork
from overlaysim.cluster.manager import Manager
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.store import find
from overlaysim.cluster.worker import Worker
from overlaysim.cluster.world import World
from overlaysim.docker.api import ApiError
from overlaysim.docker.daemon.wishes import Wish
from overlaysim.host.container import Container
from overlaysim.sim import Steps

STATUS = {
    "not found": 404, "invalid": 400, "exists": 409, "denied": 403, "unavailable": 503,
    "internal": 500,
}  # fmt: skip
"""HTTP status of each kind of refusal (moby, ``daemon/server/httpstatus/status.go``)."""

NOT_A_MANAGER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. "
    "Please run this command on a manager node or promote the current node to a manager."
)
NO_LEADER = (
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few "
    "managers are online. Make sure more than half of the managers are online."
)
NOT_IN_A_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)


def refusal(error: Refused) -> ApiError:
    """The Engine API's form of a refusal."""
    return ApiError(STATUS[error.kind], error.message)


class DaemonPart:
    """One host's daemon: the world it lives in, and look-ups that every part needs."""

    def __init__(self, world: World, host: str) -> None:
        self._world = world
        self._name = host
        self._worker: Worker = world.workers[host]
        self._host = self._worker.host
        self._wishes: dict[str, Wish] = {}
        """What each standalone container was made for, by id."""

    @property
    def now(self) -> int:
        """The present simulated instant in picoseconds."""
        return self._world.simulator.now

    def sleep(self, duration: int) -> Steps:
        """Let time pass."""
        yield self._world.simulator.sleep(duration)

    def _pause(self) -> Steps:
        """A read takes no simulated time, but is a generator like every call."""
        yield self._world.simulator.sleep(0)

    def _manager(self) -> Manager:
        """The manager that this host is.

        Raises:
            ApiError: 503, it is none; 500, the managers have no leader.
        """
        manager = self._world.managers.get(self._name)
        if manager is None:
            raise ApiError(503, NOT_A_MANAGER if self._worker.node else NOT_IN_A_SWARM)
        if manager.paused:
            raise ApiError(500, NO_LEADER)
        return manager

    def _container(self, ref: str) -> Container:
        """Find a container of this host by id, name or prefix.

        Raises:
            ApiError: 404, there is none.
        """
        try:
            return find("container", ref.removeprefix("/"), self._host.containers, lambda c: c.name)
        except Refused as error:
            if error.kind == "not found":
                raise ApiError(404, f"No such container: {ref}") from None
            raise ApiError(400, error.message) from None

    def _wish(self, container: Container) -> Wish:
        """What a container was made for; nothing of that kind for a task's container."""
        return self._wishes.get(container.id, Wish())

    def _connect(self, container: Container, network: str) -> Steps:
        """Let a container join a network that it was made for.

        Raises:
            Refused: it cannot.
        """
        wish = self._wish(container)
        endpoint = wish.endpoints[network]
        local = self._local(network)
        if local is not None:
            attachment = self._worker.attach_local(
                container, local.name, endpoint.aliases, endpoint.address, endpoint.mac
            )
        else:
            attachment = yield from self._worker.attach(
                container, network, address=endpoint.address or None, aliases=endpoint.aliases,
                mac=endpoint.mac,
            )  # fmt: skip
        wish.rename(network, attachment.info.name)

    def _local(self, ref: str) -> LocalNetwork | None:
        """A network of this host alone, by name, id or prefix."""
        try:
            return find("network", ref, self._worker.local.networks, lambda network: network.name)
        except Refused:
            return None

    def _check_exists(self, container: Container) -> None:
        """Raise ApiError 404 if the container has been removed meanwhile."""
        if not self._worker.runtime.exists(container):
            raise ApiError(404, f"No such container: {container.id}")
