"""Tells which hosts of the underlay a container can no longer reach by their own addresses.

A container's own subnets come before its default route, so an address that lies in one of them is
looked for there, whoever has it outside.
"""

from __future__ import annotations

from overlaysim.host.container import Container
from overlaysim.host.directory import Directory
from overlaysim.host.segment import NetworkInfo
from overlaysim.sim import Simulator
from overlaysim.sim.events import HostsShadowed


def tell_shadowed(
    simulator: Simulator, directory: Directory, container: Container, info: NetworkInfo
) -> None:
    """Trace which hosts a network hides from a container that has just been attached to it."""
    if info.internal and container.stack.default is None:
        return  # it has no way to any host
    hidden = directory.hosts_within(info.subnet)
    if hidden:
        event = HostsShadowed(
            simulator.now, info.label, container.label, info.subnet, container.host,
            tuple(host.name for host in hidden), tuple(host.address for host in hidden),
        )  # fmt: skip
        simulator.bus.emit(event)
