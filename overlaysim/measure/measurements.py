"""What one run measured, as one value: reports, files and ``expect`` lines read only this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from overlaysim.measure.audit import Audit
from overlaysim.measure.bulk import BulkUse
from overlaysim.measure.conservation import Conservation
from overlaysim.measure.failures import Failures, find_failures
from overlaysim.measure.fates import Fates, judge_packets
from overlaysim.measure.latency import Latencies
from overlaysim.measure.overhead import LinkUse, Overhead
from overlaysim.measure.packets import PacketTable
from overlaysim.measure.shadows import Shadow, find_shadows
from overlaysim.measure.transfers import Transfer, find_transfers
from overlaysim.sim.events import CommandEnded, EndpointAdded


@dataclass(frozen=True)
class RunMeta:
    """Where the numbers come from.

    Attributes:
        name: of the scenario.
        version: of overlaysim.
        seed: the seed of the run.
        simulated: length of the run, picoseconds.
        packets: packets created.
        plane: the data plane that carried them.
        plane_reason: why that one, in words; empty if there was no choice.
        complete: False if the run was interrupted.
        scenario_sha256: hex digest of the scenario file; empty if there was none.
        settings: what else the run depends on; JSON values only.
        addresses: host or router -> its address in the underlay.
        warnings: what could be foretold of the run that its author may not have meant.
    """

    name: str
    version: str
    seed: int
    simulated: int
    packets: int
    plane: str = "event"
    plane_reason: str = ""
    complete: bool = True
    scenario_sha256: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurements:
    """Everything measured in one run.

    Attributes:
        meta: where it comes from.
        packets: a row per packet that ended.
        latencies: latency per flow and of pings, decomposed.
        overhead: bytes on the wire by category.
        audit: look-ups judged, states and convergence of names.
        conservation: created, delivered, dropped, in flight.
        links: what each direction of each link did.
        bulk: bulk traffic between hosts, flow by flow.
        events: all trace events in time order.
    """

    meta: RunMeta
    packets: PacketTable
    latencies: Latencies
    overhead: Overhead
    audit: Audit
    conservation: Conservation
    links: tuple[LinkUse, ...]
    events: tuple[Any, ...]
    bulk: tuple[BulkUse, ...] = ()

    @property
    def commands(self) -> tuple[CommandEnded, ...]:
        """The docker commands that ended, in time order."""
        return tuple(event for event in self.events if isinstance(event, CommandEnded))

    @cached_property
    def owners(self) -> Mapping[str, frozenset[str]]:
        """Address -> whoever had it in the run: endpoints of networks, hosts of the underlay."""
        owners = {address: {host} for host, address in self.meta.addresses.items()}
        for event in self.events:
            if isinstance(event, EndpointAdded):
                owners.setdefault(event.address, set()).add(event.endpoint)
        return {address: frozenset(labels) for address, labels in owners.items()}

    @cached_property
    def failures(self) -> Failures:
        """The faults, and the verdicts of gossip about hosts."""
        return find_failures(self.events)

    @cached_property
    def fates(self) -> Fates:
        """What became of the containers' packets: right, mis-delivered, black-holed."""
        return judge_packets(self.packets, self.events)

    @cached_property
    def transfers(self) -> tuple[Transfer, ...]:
        """Both ends of every TCP connection of a container."""
        return find_transfers(self.events)

    @cached_property
    def shadows(self) -> tuple[Shadow, ...]:
        """The hosts that containers do not reach, because a network has their addresses."""
        return find_shadows(self.events, self.fates)
