"""The managers' own failure detector: heartbeats (gossip's is another, and they stay apart).

A node is down three periods after its last heartbeat; the period is drawn anew for each by the
manager, 10 % either way (moby/swarmkit, ``manager/dispatcher/{dispatcher,period,nodes}.go``).
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.records import Node
from overlaysim.sim import Simulator, Timer

GRACE_PERIODS = 3
JITTER = 0.1


class Liveness:
    """Watches the nodes' heartbeats and reports the ones that fell silent.

    Attributes:
        period: mean time between two heartbeats of a node, picoseconds.
    """

    def __init__(self, simulator: Simulator, period: int, down: Callable[[Node], None]) -> None:
        self.period = period
        self._simulator = simulator
        self._down = down
        self._rng = simulator.streams("heartbeat")
        self._timers: dict[str, Timer] = {}

    def heard(self, node: Node) -> int:
        """Note a heartbeat and return the time until the next one is due, in picoseconds."""
        pause = round(self.period * self._rng.uniform(1 - JITTER, 1 + JITTER))
        self.forget(node)
        deadline = self._simulator.now + GRACE_PERIODS * pause
        self._timers[node.id] = self._simulator.timer(deadline, self._down, node)
        return pause

    def allow(self, node: Node) -> None:
        """Give a node twice the usual time: a new leader has not heard it yet.

        (``dispatcher.go``, markNodesUnknown.)
        """
        self.forget(node)
        deadline = self._simulator.now + 2 * GRACE_PERIODS * self.period
        self._timers[node.id] = self._simulator.timer(deadline, self._down, node)

    def pause(self) -> None:
        """Nobody listens: no node can fall silent."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def forget(self, node: Node) -> None:
        """Watch this node no longer."""
        timer = self._timers.pop(node.id, None)
        if timer is not None:
            timer.cancel()
