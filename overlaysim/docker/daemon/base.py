"""What the parts of the simulated daemon share."""

from __future__ import annotations

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.store import find
from overlaysim.cluster.worker import Worker
from overlaysim.cluster.world import World
from overlaysim.docker.api import ApiError, Json
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
        self._wishes: dict[str, Json] = {}
        """What each container was created with, by id: its networks are joined at each start."""

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
            ApiError: 503, it is none.
        """
        manager = self._world.managers.get(self._name)
        if manager is None:
            raise ApiError(503, NOT_A_MANAGER if self._worker.node else NOT_IN_A_SWARM)
        return manager

    def _container(self, ref: str) -> Container:
        """Find a container of this host by id, name or prefix.

        Raises:
            ApiError: 404, there is none.
        """
        containers = self._host.containers
        names = {container.name: container.id for container in containers.values()}
        try:
            return find("container", ref.removeprefix("/"), containers, names)
        except Refused as error:
            if error.kind == "not found":
                raise ApiError(404, f"No such container: {ref}") from None
            raise ApiError(400, error.message) from None
