"""What managers and workers say to each other over TCP 2377.

A heartbeat's length (payload bytes inside TLS) is such that, with the handshake and the ACKs of
its short connection, a worker shows the traffic observed on a swarm of three: per heartbeat of 5 s
470 bytes of frames sent (94 B/s) and 325 received (65 B/s).
"""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.cluster.records import Grant, ServiceSpec
from overlaysim.errors import OverlaysimError

MANAGER_PORT = 2377
HEARTBEAT_LENGTH, HEARTBEAT_REPLY_LENGTH = 198, 53


DEADLINE = "context deadline exceeded"


class Refused(OverlaysimError):  # noqa: N818 - what a manager or a daemon does to a request
    """A manager or a daemon refuses a request.

    ``kind`` is one of: not found, invalid, exists, denied, unavailable, internal.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A host wants to become a node; the token decides its role."""

    token: str
    hostname: str
    address: str
    availability: str = "active"


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to a join: the new node's id and role, and its place in the ingress network.

    ``managers`` are the addresses of all managers, the leader first.
    """

    node: str
    role: str
    ingress: Grant | None
    managers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """A standalone container wants a place in an overlay network (by name or id).

    ``asked``, the instant of the first try, tells one stay of a container from the next.
    """

    node: str
    network: str
    container: str
    asked: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class DetachRequest:
    """The stay of a standalone container that began with the request of ``asked`` is over."""

    container: str
    asked: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker is alive."""

    node: str


@dataclass(frozen=True, slots=True)
class HeartbeatReply:
    """When the next heartbeat is due (picoseconds from now), and who the managers are now."""

    pause: int
    managers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskNetwork:
    """A task's place in one network."""

    grant: Grant
    vip: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """Manager to worker: prepare this task, and run it if ``start`` says so already."""

    task: str
    service: str
    slot: int
    spec: ServiceSpec
    networks: tuple[TaskNetwork, ...]
    start: bool


@dataclass(frozen=True, slots=True)
class TaskStart:
    """Manager to worker: the time of a task that is ready has come."""

    task: str


@dataclass(frozen=True, slots=True)
class TaskStop:
    """Manager to worker: end this task and, with ``remove``, leave nothing of it."""

    task: str
    remove: bool


Order = TaskOrder | TaskStart | TaskStop
"""What a manager asks of a node about one task."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An order on its way to a node; one that has left and joined anew is another node."""

    node: str
    order: Order


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """Worker to manager: how far a task has come."""

    task: str
    state: str
    message: str
    error: str = ""
    container: str = ""
    exit_code: int = 0
