"""Hosts of the underlay that containers do not reach, because a network has their addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from overlaysim.measure.fates import Fates
from overlaysim.sim.events import HostsShadowed


@dataclass
class Shadow:
    """One host in the shadow of one network.

    Attributes:
        host, address: who is not reached, and by which address.
        network, subnet: where what is sent to the address goes instead.
        hosts: those whose containers are attached to the network.
        sent: packets of these containers that were meant for the host, whatever became of them.
        arrived: those that reached it nevertheless, by another network or before.
        reached: endpoints that got the others -> packets.
    """

    host: str
    address: str
    network: str
    subnet: str
    hosts: dict[str, None] = field(default_factory=dict)
    sent: int = 0
    arrived: int = 0
    reached: Counter[str] = field(default_factory=Counter)


def find_shadows(events: Iterable[Any], fates: Fates) -> tuple[Shadow, ...]:
    """Find who was in whose shadow, in the order in which that came about.

    Args:
        events: trace events in time order.
        fates: what became of the containers' packets.
    """
    shadows: dict[tuple[str, str], Shadow] = {}
    sources: dict[tuple[str, str], set[str]] = {}
    for event in events:
        if not isinstance(event, HostsShadowed):
            continue
        for host, address in zip(event.hosts, event.addresses, strict=True):
            key = (event.network, host)
            shadow = shadows.setdefault(key, Shadow(host, address, event.network, event.subnet))
            shadow.hosts[event.host] = None
            sources.setdefault(key, set()).add(event.endpoint)
    for flow, flow_fates in fates.flows.items() if shadows else ():
        for key, shadow in shadows.items():
            if flow.intended == shadow.host and flow.source in sources[key]:
                shadow.sent += flow_fates.total
                shadow.arrived += flow_fates.right
                shadow.reached.update(flow_fates.misdelivered)
    return tuple(shadows.values())
