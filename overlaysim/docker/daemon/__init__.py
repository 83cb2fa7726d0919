"""The simulated daemon of one host: the Engine API over a simulated cluster."""

from __future__ import annotations

from overlaysim.docker.daemon.containers import ContainerPart
from overlaysim.docker.daemon.networks import NetworkPart
from overlaysim.docker.daemon.services import ServicePart
from overlaysim.docker.daemon.swarm import SwarmPart


class Daemon(SwarmPart, NetworkPart, ContainerPart, ServicePart):
    """What a docker client talks to on one host; see :class:`overlaysim.docker.api.Engine`."""


__all__ = ["Daemon"]
