"""What one host believes about one network: names for its DNS, peers for its VTEP."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.naming.records import EndpointRecord
from overlaysim.naming.view import NameView
from overlaysim.overlay.peers import PeerRecord
from overlaysim.overlay.vtep import Vtep
from overlaysim.sim import Simulator
from overlaysim.sim.events import BeliefAdded, BeliefRemoved


class NetworkTables:
    """Names and peers of one network on one host, and the trace of each change of belief.

    ``vtep`` is set when the VXLAN device is built; peers heard of before are entered then.
    """

    def __init__(self, simulator: Simulator, host: str, label: str) -> None:
        self.label = label
        self.names = NameView()
        self.records: dict[str, EndpointRecord] = {}
        self.peers: dict[str, PeerRecord] = {}
        self.on_names: list[Callable[[], None]] = []
        self._simulator = simulator
        self._host = host
        self._vtep: Vtep | None = None

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

    def clear(self) -> None:
        """Forget everything: the host leaves the network."""
        for key in list(self.records):
            self.remove_names(key)
        for key in list(self.peers):
            self.remove_peer(key)

    def virtual_addresses(self) -> list[str]:
        """The VIPs that the host's load balancer answers for, sorted."""
        return sorted({r.virtual_ip for r in self.records.values() if r.virtual_ip})

    def _trace(self, changes: list[tuple[str, str, str]]) -> None:
        emit, now = self._simulator.bus.emit, self._simulator.now
        for kind, name, address in changes:
            event = BeliefAdded if kind == "added" else BeliefRemoved
            emit(event(now, self._host, self.label, name, address))
        for listener in self.on_names:
            listener()
