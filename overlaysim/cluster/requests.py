"""What managers and workers say to each other over TCP 2377.

A heartbeat's length (payload bytes inside TLS) is such that, with the TCP segments around it, a
worker shows the traffic observed on a swarm of three: some 94 B/s sent and 65 B/s received.
"""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.cluster.records import Grant, ServiceSpec
from overlaysim.errors import OverlaysimError

MANAGER_PORT = 2377
HEARTBEAT_LENGTH, HEARTBEAT_REPLY_LENGTH = 130, 53


class Refused(OverlaysimError):
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
    """The answer to a join: the new node's id and role, and its place in the ingress network."""

    node: str
    role: str
    ingress: Grant | None


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """A standalone container wants a place in an overlay network (by name or id)."""

    node: str
    network: str
    container: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class DetachRequest:
    """A standalone container left an overlay network."""

    node: str
    network: str
    container: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker is alive."""

    node: str


@dataclass(frozen=True, slots=True)
class TaskNetwork:
    """A task's place in one network."""

    grant: Grant
    vip: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """Manager to worker: run this task."""

    task: str
    service: str
    slot: int
    spec: ServiceSpec
    networks: tuple[TaskNetwork, ...]
    not_before: int = 0


@dataclass(frozen=True, slots=True)
class TaskStop:
    """Manager to worker: end this task."""

    task: str


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """Worker to manager: how far a task has come."""

    task: str
    state: str
    message: str
    error: str = ""
    container: str = ""
    exit_code: int = 0
