"""Traces which hosts tunnel frames of which others would reach, whenever that changes."""

from __future__ import annotations

from overlaysim.sim import Simulator
from overlaysim.sim.events import PathChanged
from overlaysim.underlay.network import Underlay
from overlaysim.underlay.paths import Paths
from overlaysim.underlay.ports import TUNNEL

MOST_HOSTS = 100
"""In a larger world nothing is traced: the pairs of hosts would be too many."""


class PathTrace:
    """Looks at every ordered pair of hosts once per instant at which the underlay has changed.

    Attributes:
        port: what packet filters see of a tunnel's frames.
    """

    def __init__(self, simulator: Simulator, underlay: Underlay) -> None:
        self.port = TUNNEL
        self._simulator = simulator
        self._underlay = underlay
        self._obstacles: dict[tuple[str, str], str] = {}
        self._pending = False
        if len(underlay.topology.hosts) <= MOST_HOSTS:
            underlay.on_change.append(self._changed)

    def _changed(self) -> None:
        if not self._pending:
            self._pending = True
            self._simulator.call_in(0, self._look)

    def _look(self, _: object) -> None:
        self._pending = False
        paths, hosts = Paths(self._underlay, self.port), self._underlay.topology.hosts
        for source in hosts:
            for target in hosts:
                if source != target:
                    self._compare(source, target, paths.obstacle(source, target))

    def _compare(self, source: str, target: str, obstacle: str) -> None:
        if obstacle != self._obstacles.get((source, target), ""):
            self._obstacles[source, target] = obstacle
            now = self._simulator.now
            self._simulator.bus.emit(PathChanged(now, source, target, obstacle))
