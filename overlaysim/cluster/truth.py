"""The truth about names: which endpoints really live under which name, at every instant.

Hosts report their own endpoints here the moment they publish or withdraw them; nothing of the model
reads it back. The audit compares hosts' beliefs with it.
"""

from __future__ import annotations

from overlaysim.naming.records import EndpointRecord
from overlaysim.naming.view import NameView
from overlaysim.sim import Simulator
from overlaysim.sim.events import NameAdded, NameRemoved


class Truth:
    """One name view per network, fed by every host's own endpoints alone."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._views: dict[str, NameView] = {}

    def endpoint(self, network: str, key: str, record: EndpointRecord | None, host: str) -> None:
        """An endpoint of ``host`` has these names from now on; None: it is gone."""
        view = self._views.setdefault(network, NameView())
        changes = view.remove(key) if record is None else view.add(key, record)
        for kind, name, address in changes:
            event = NameAdded if kind == "added" else NameRemoved
            self._simulator.bus.emit(event(self._simulator.now, network, name, address, host))
