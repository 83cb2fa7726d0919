"""The ``traffic`` section: flows of packets between containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlaysim.host.container import Container
from overlaysim.host.host import Host
from overlaysim.host.stack import DISCARD_PORT
from overlaysim.scenario.model import Flow, PingFlow, UdpFlow
from overlaysim.scenario.session import Session
from overlaysim.sim import Steps
from overlaysim.traffic.ping import Ping
from overlaysim.traffic.program import Program
from overlaysim.traffic.udp import UdpSource
from overlaysim.units import SECOND

if TYPE_CHECKING:
    from overlaysim.traffic.schedule import Schedule

FIRST_PORT = 40_000


def run_flow(session: Session, flow: Flow) -> Steps:
    """Run one flow from its start to its end; return what kept it from running, or nothing."""
    yield session.simulator.sleep(max(flow.start - session.simulator.now, 0))
    found = find_container(session, flow.source)
    if found is None:
        return f"no running container {flow.source} at the start of the flow"
    host, container = found
    execution = host.execute(container, _program(session, flow, container))
    yield execution.done
    return ""


def find_container(session: Session, name: str) -> tuple[Host, Container] | None:
    """Find a running container by its name, or by ``name@host``."""
    for host in session.world.hosts.values():
        for container in host.containers.values():
            if container.state == "running" and name in (container.name, container.label):
                return host, container
    return None


def _program(session: Session, flow: Flow, container: Container) -> Program:
    streams = session.simulator.streams
    number = session.scenario.traffic.index(flow)
    if isinstance(flow, UdpFlow):
        return UdpSource(
            flow.target, _schedule(flow, session.simulator.now), streams, str(number),
            source_port=FIRST_PORT + number, destination_port=DISCARD_PORT,
        )  # fmt: skip
    assert isinstance(flow, PingFlow)
    arguments = ["-q", "-s", str(flow.size), "-i", f"{flow.interval / SECOND:.12f}"]
    if flow.count is not None:
        arguments += ["-c", str(flow.count)]
    if flow.stop is not None:
        seconds = -(-(flow.stop - session.simulator.now) // SECOND)
        arguments += ["-w", str(max(seconds, 1))]
    ident = streams("ping", container.label).randrange(0x10000)
    return Ping([*arguments, flow.target], ident)


def _schedule(flow: UdpFlow, start: int) -> Schedule:
    from overlaysim.traffic.schedule import (  # noqa: PLC0415 (late: it loads numpy)
        Constant,
        Fixed,
        Poisson,
        Schedule,
        spacing,
    )

    gap = spacing(flow.rate, flow.size)
    gaps = Poisson(gap) if flow.poisson else Constant(gap)
    return Schedule(start=start, stop=flow.stop, gaps=gaps, sizes=Fixed(flow.size))
