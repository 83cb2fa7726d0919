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
    PeerAdded,
    PeerRemoved,
)


class NetworkTables:
    """Names and peers of one network on one host, and the trace of each change of belief.

    Attributes:
        label: the network in traces.
        records: endpoint records by key, in the order in which they were learned.
        peers: peer records of other hosts by key; those heard of before the VXLAN device is
            built are entered by :meth:`program`.
        on_names: called after each change of the records.

    Args:
        name_of: gives the host with an underlay address, for traces.
    """

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        label: str,
        name_of: Callable[[str], str] = str,
    ) -> None:
        self.label = label
        self.names = NameView()
        self.records: dict[str, EndpointRecord] = {}
        self.peers: dict[str, PeerRecord] = {}
        self.on_names: Callable[[], None] | None = None
        self._simulator = simulator
        self._host = host
        self._name_of = name_of
        self._vtep: Vtep | None = None
        self._ways: dict[str, str] = {}  # where frames for an address go, as traced last
        self._watched: dict[str, None] = {}  # addresses whose learned entry may age
        simulator.bus.emit(HostJoinedNetwork(simulator.now, host, label))

    def program(self, vtep: Vtep) -> None:
        """Enter every known peer into a VXLAN device, and all later changes."""
        self._vtep = vtep
        vtep.on_learned = self._trace_way
        for key, record in self.peers.items():
            vtep.add_peer(key, record, self._simulator.now)
            self._trace_way(record.endpoint_ip)

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
            self._trace_way(record.endpoint_ip)

    def remove_peer(self, key: str) -> None:
        """Remove a remote endpoint."""
        record = self.peers.pop(key, None)
        if record is not None and self._vtep is not None:
            self._vtep.remove_peer(key, self._simulator.now)
            self._trace_way(record.endpoint_ip)

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

    def _trace_way(self, address: str) -> None:
        """Trace where frames for an address go, if that has changed."""
        assert self._vtep is not None
        self._watch(address)
        before = self._ways.pop(address, "")
        way = self._vtep.way(address, self._simulator.now) or ""
        if way:
            self._ways[address] = way
        if way == before:
            return
        now, emit = self._simulator.now, self._simulator.bus.emit
        if before:
            emit(PeerRemoved(now, self._host, self.label, address, self._name_of(before)))
        if way:
            emit(PeerAdded(now, self._host, self.label, address, self._name_of(way)))

    def _watch(self, address: str) -> None:
        """Look at the way to an address again when its learned entry, if any, may have aged."""
        assert self._vtep is not None
        ends = self._vtep.way_ends(address, self._simulator.now)
        if ends is not None and address not in self._watched:
            self._watched[address] = None
            self._simulator.call_at(ends, self._look_again, address)

    def _look_again(self, address: str) -> None:
        del self._watched[address]
        self._trace_way(address)

    def _trace(self, changes: list[tuple[str, str, str]]) -> None:
        emit, now = self._simulator.bus.emit, self._simulator.now
        for kind, name, address in changes:
            event = BeliefAdded if kind == "added" else BeliefRemoved
            emit(event(now, self._host, self.label, name, address))
        if self.on_names is not None:
            self.on_names()
