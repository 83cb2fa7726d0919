"""What the docker client and the simulated daemon agree on: the Engine API as generator calls.

The genuine client speaks HTTP to one daemon per host. Here the same requests are calls on an
:class:`Engine`, one engine per simulated host, with the request bodies and answers of the Engine
API 1.50 (moby/moby, ``api/docs/v1.50.yaml``) as JSON-shaped dictionaries. A call may take
simulated time, so each one is a generator function to be used with ``yield from``.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from overlaysim.errors import OverlaysimError
from overlaysim.sim import Steps
from overlaysim.units import NS, SECOND

Json = dict[str, Any]
"""A JSON object of the Engine API, with the API's own key names."""

Filters = Mapping[str, Sequence[str]]
"""The ``filters`` query parameter: values of one key are alternatives, keys must all match."""

START = calendar.timegm((2026, 1, 1, 0, 0, 0))
"""Unix time of the simulated instant 0; fixed, so that printed dates are the same in every run."""

ZERO_TIME = "0001-01-01T00:00:00Z"
"""How the Engine API writes "never" (Go's zero time)."""

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


class ApiError(OverlaysimError):
    """The daemon refuses a request.

    Args:
        status: the HTTP status code the Engine API gives (404 not found, 409 conflict, ...).
        message: the text of the ``message`` key, printed after "Error response from daemon: ".
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def not_found(self) -> bool:
        """Whether the thing asked for does not exist."""
        return self.status == HTTPStatus.NOT_FOUND


def epoch_text(instant: int) -> str:
    """Write a simulated instant in picoseconds as the API does: RFC 3339, nanoseconds, UTC.

    Trailing zeros of the fraction are dropped, as Go's RFC3339Nano does.
    """
    seconds, rest = divmod(instant, SECOND)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + seconds))
    fraction = f"{rest // NS:09d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def epoch_ps(text: str) -> int:
    """Read an RFC 3339 instant of the API back as simulated picoseconds (negative before start).

    Raises:
        ValueError: if the text is not of the form :func:`epoch_text` writes.
    """
    match = _RFC3339.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not an RFC 3339 instant in UTC')
    seconds = calendar.timegm(time.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")) - START
    return seconds * SECOND + int((match.group(2) or "0").ljust(9, "0")) * NS


class SwarmEngine(Protocol):
    """The daemon's calls for the host itself, its swarm and the swarm's nodes."""

    def info(self) -> Steps:
        """Answer GET /info -> SystemInfo."""

    def version(self) -> Steps:
        """Answer GET /version -> SystemVersion."""

    def swarm(self) -> Steps:
        """Answer GET /swarm -> Swarm with JoinTokens."""

    def swarm_init(self, body: Json) -> Steps:
        """Answer POST /swarm/init -> node id (str)."""

    def swarm_join(self, body: Json) -> Steps:
        """Answer POST /swarm/join."""

    def swarm_leave(self, force: bool) -> Steps:
        """Answer POST /swarm/leave."""

    def swarm_update(
        self, version: int, spec: Json, rotate_worker: bool = False, rotate_manager: bool = False
    ) -> Steps:
        """Answer POST /swarm/update; the rotations make new join tokens."""

    def nodes(self) -> Steps:
        """Answer GET /nodes -> list of Node."""

    def node(self, ref: str) -> Steps:
        """Answer GET /nodes/{ref} -> Node."""

    def node_update(self, ref: str, version: int, spec: Json) -> Steps:
        """Answer POST /nodes/{ref}/update with the whole spec {Labels, Role, Availability}."""

    def node_remove(self, ref: str, force: bool) -> Steps:
        """Answer DELETE /nodes/{ref}."""


class NetworkEngine(Protocol):
    """The daemon's calls for networks."""

    def networks(self) -> Steps:
        """Answer GET /networks -> list of Network."""

    def network(self, ref: str, verbose: bool = False, scope: str = "") -> Steps:
        """Answer GET /networks/{ref} -> Network."""

    def network_create(self, body: Json) -> Steps:
        """Answer POST /networks/create -> {"Id", "Warning"}."""

    def network_remove(self, ref: str) -> Steps:
        """Answer DELETE /networks/{ref}."""

    def network_connect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/connect {Container, EndpointConfig}."""

    def network_disconnect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/disconnect {Container, Force}."""

    def networks_prune(self) -> Steps:
        """Answer POST /networks/prune -> {"NetworksDeleted": [name, ...]}."""


class ContainerEngine(Protocol):
    """The daemon's calls for containers of its host."""

    def containers(self, all_: bool) -> Steps:
        """Answer GET /containers/json -> list of items; running ones only unless ``all_``."""

    def container(self, ref: str) -> Steps:
        """Answer GET /containers/{ref}/json -> Container."""

    def container_create(self, name: str, body: Json) -> Steps:
        """Answer POST /containers/create -> {"Id", "Warnings"}; an empty name gets one made up."""

    def container_start(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/start."""

    def container_stop(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/stop; ``timeout`` in seconds, None for the default."""

    def container_restart(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/restart."""

    def container_kill(self, ref: str, signal: str) -> Steps:
        """Answer POST /containers/{ref}/kill."""

    def container_remove(self, ref: str, force: bool) -> Steps:
        """Answer DELETE /containers/{ref}."""

    def container_wait(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/wait, when it has ended -> {"StatusCode"}."""

    def container_attach(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/attach plus wait.

        Ends when the container does, with all it wrote since its start:
        {"Output": str, "Errors": str, "StatusCode": int}. Works for a container that removes
        itself at its end (``--rm``), whose logs are gone by then.
        """

    def container_logs(self, ref: str) -> Steps:
        """Answer GET /containers/{ref}/logs -> everything it wrote (str)."""

    def exec(self, ref: str, body: Json) -> Steps:
        """Answer exec create + start + inspect -> {"Output": str, "Errors": str, "ExitCode": int}.

        With ``Detach`` true in the body it returns as soon as the program has started.
        """


class ServiceEngine(Protocol):
    """The daemon's calls for services and their tasks."""

    def services(self) -> Steps:
        """Answer GET /services?status=true -> list of Service, each with ServiceStatus."""

    def service(self, ref: str, defaults: bool = False) -> Steps:
        """Answer GET /services/{ref}?insertDefaults=... -> Service; ``defaults`` fills the spec."""

    def service_create(self, body: Json) -> Steps:
        """Answer POST /services/create -> {"ID", "Warnings"}."""

    def service_update(self, ref: str, version: int, body: Json, rollback: bool = False) -> Steps:
        """Answer POST /services/{ref}/update with the whole spec -> {"Warnings"}.

        With ``rollback`` the daemon puts the previous spec back and ignores the body.
        """

    def service_remove(self, ref: str) -> Steps:
        """Answer DELETE /services/{ref}."""

    def service_logs(self, ref: str) -> Steps:
        """Answer GET /services/{ref}/logs -> lines of all tasks (str)."""

    def tasks(self, filters: Filters) -> Steps:
        """Answer GET /tasks -> list of Task.

        Filter keys: id, name, service, node, label, desired-state, and ``_up-to-date``
        (``["true"]``: only tasks of the service's present spec).
        """


class Engine(SwarmEngine, NetworkEngine, ContainerEngine, ServiceEngine, Protocol):
    """The daemon of one host, as the client sees it.

    ``ref`` is a full id, a unique prefix of one, or a name. Every generator raises
    :class:`ApiError` for what the real daemon refuses. Objects have the fields that the Engine API
    gives them; the client reads missing, ``None`` and empty as the same.
    """

    @property
    def now(self) -> int:
        """The present simulated instant in picoseconds."""

    def sleep(self, duration: int) -> Steps:
        """Let ``duration`` picoseconds pass."""
