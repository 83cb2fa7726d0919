"""How long frames of bulk traffic may be.

A frame that is longer than a link behind a switch is dropped there, and that is what a run shows.
One that its own host or a router would have to cut is refused beforehand: bulk traffic is frames,
and nobody puts pieces together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from overlaysim.cluster.faults import DegradeLink
from overlaysim.overlay.encapsulation.choice import TunnelChoice
from overlaysim.scenario.model import Break, BulkSpec, FaultStep, Step
from overlaysim.underlay.topology import Topology

_IP, _UDP = 20, 8


class Room:
    """The links whose senders would cut.

    Args:
        topology: None if it could not be read; then everything fits.
        timeline: faults may make links smaller.
    """

    def __init__(self, topology: Topology | None, timeline: Iterable[Step]) -> None:
        self._hosts: dict[str, tuple[int, str]] = {}
        self._routers: list[tuple[int, str]] = []
        if topology is None:
            return
        for a, b, spec in topology.links:
            for node, other in ((a, b), (b, a)):
                if node in topology.hosts:
                    found = (spec.mtu, f"{node} -> {other}")
                    self._hosts[node] = min(found, self._hosts.get(node, found))
                elif node in topology.routers:
                    self._routers.append((spec.mtu, f"{node} -> {other}"))
        self._routers += (
            (mtu, f"{node} -> {other}")
            for a, b, mtu in _made_smaller(timeline)
            for node, other in ((a, b), (b, a))
            if node in topology.routers
        )

    def wrong_length(self, spec: BulkSpec) -> str:
        """Say why frames of an entry are too long, and what is not; empty if they fit."""
        senders = (*spec.sources, *(spec.targets if spec.echo else ()))
        links = [self._hosts[host] for host in senders if host in self._hosts] + self._routers
        mtu, link = min(links, default=(0, ""))
        payload = max(payload for payload, _ in spec.sizes)
        needed = outer_length(spec.tunnel, payload, mtu)
        if not link or needed <= mtu:
            return ""
        name = spec.tunnel.encapsulation.name
        most = spec.tunnel.encapsulation.inner_mtu(mtu, spec.tunnel.family) - _IP - _UDP
        fits = f"send at most {most} B, or give" if most >= 0 else "give"
        return (
            f"{payload} B in {name} make a packet of {needed} B, too long for the link {link} with "
            f"its mtu of {mtu} B, and bulk traffic is not cut; {fits} the link an mtu of {needed} B"
        )


def outer_length(tunnel: TunnelChoice, payload: int, mtu: int) -> int:
    """Bytes of the IP packet on the underlay around a datagram; VLAN tags do not count."""
    known, packet = tunnel.encapsulation, payload + _IP + _UDP
    return packet + known.added(packet, tunnel.family, mtu) - known.tag


def _made_smaller(timeline: Iterable[Step]) -> Iterator[tuple[str, str, int]]:
    for step in timeline:
        if isinstance(step, FaultStep) and isinstance(step.order, Break):
            for fault in step.order.faults:
                if isinstance(fault, DegradeLink) and "mtu" in fault.changes:
                    yield fault.a, fault.b, fault.changes["mtu"]
