"""What one host believes about one network: names for its DNS, peers for its VTEP.

Of a local network it knows everything first hand and there are no peers.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.naming.records import EndpointRecord
from overlaysim.naming.view import NameView
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Simulator
from overlaysim.sim.events import (
    BeliefAdded,
    BeliefRemoved,
    HostJoinedNetwork,
    HostLeftNetwork,
)


class NetworkTables:
    """Names and peers of one network on one host, and the trace of each change of belief.

    Attributes:
        label: the network in traces.
        records: endpoint records by key, in the order in which they were learned.
        peers: peer records of other hosts by key; those heard of before the VXLAN device is
            built are entered by :meth:`program`.
        on_names: called after each change of the records.
    """

    def __init__(self, simulator: Simulator, host: str, label: str) -> None:
        self.label = label
        self.names = NameView()
        self.records: dict[str, EndpointRecord] = {}
        self.peers: dict[str, PeerRecord] = {}
        self.on_names: Callable[[], None] | None = None
        self._simulator = simulator
        self._host = host
        self._vtep: Vtep | None = None
        simulator.bus.emit(HostJoinedNetwork(simulator.now, host, label))

    def program(self, vtep: Vtep) -> None:
        """Enter every known peer into a VXLAN device, and all later changes."""
        self._vtep = vtep
        for key, record in self.peers.items():
            vtep.add_peer(key, record, self._simulator.now)

    def add_names(self, key: str, record: EndpointRecord) -> None:
        """Enter an endpoint's names, replacing what was known under its key."""
        self.records[key] = record
        self._trace(self.names.add(key, record))

    def remove_names(self, key: str) -> None:
        """Remove an endpoint's names."""
        if self.records.pop(key, None) is not None:
            self._trace(self.names.remove(key))

    def add_peer(self, key: str, record: PeerRecord) -> None:
        """Enter a remote endpoint's VTEP."""
        self.remove_peer(key)
        self.peers[key] = record
        if self._vtep is not None:
            self._vtep.add_peer(key, record, self._simulator.now)

    def remove_peer(self, key: str) -> None:
        """Remove a remote endpoint."""
        if self.peers.pop(key, None) is not None and self._vtep is not None:
            self._vtep.remove_peer(key, self._simulator.now)

    def close(self) -> None:
        """Forget everything: the host leaves the network."""
        self.on_names = None
        for key in list(self.records):
            self.remove_names(key)
        for key in list(self.peers):
            self.remove_peer(key)
        self._simulator.bus.emit(HostLeftNetwork(self._simulator.now, self._host, self.label))

    def services(self) -> dict[str, dict[str, int]]:
        """What the host's load balancer serves: VIP -> task's address -> weight.

        Tasks come in the order in which they were learned; one about to go has weight 0.
        """
        services: dict[str, dict[str, int]] = {}
        for record in self.records.values():
            if record.virtual_ip:
                tasks = services.setdefault(record.virtual_ip, {})
                tasks[record.endpoint_ip] = 0 if record.disabled else 1
        return services

    def _trace(self, changes: list[tuple[str, str, str]]) -> None:
        emit, now = self._simulator.bus.emit, self._simulator.now
        for kind, name, address in changes:
            event = BeliefAdded if kind == "added" else BeliefRemoved
            emit(event(now, self._host, self.label, name, address))
        if self.on_names is not None:
            self.on_names()
