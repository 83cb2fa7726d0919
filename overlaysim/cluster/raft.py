"""Which of a swarm's managers leads, and whether there is a leader at all.

The managers are one object here (:class:`~overlaysim.cluster.manager.Manager`); what is modelled of
Raft is when it can act: while a majority of the managers runs, one of them leads, and when the
leader has stopped the others elect another. The store survives on the managers' disks. A partition
between managers does not count: they go on as one.
"""

from __future__ import annotations

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.worker import Worker
from overlaysim.sim import Simulator, Timer
from overlaysim.units import SECOND

ELECTION_TICKS = 10
"""Ticks of one second until a follower calls an election, up to twice as many at random
(moby/swarmkit, ``manager/state/raft/raft.go``)."""


class Raft:
    """The managers of one swarm.

    Attributes:
        leader: host of the manager that leads, or led last.

    Args:
        first: on the host of the first manager.
    """

    def __init__(self, simulator: Simulator, manager: Manager, first: Worker) -> None:
        self.leader = first.host.name
        self._simulator = simulator
        self._manager = manager
        self._members = {self.leader: first}
        self._stopped: dict[str, None] = {}
        self._election: Timer | None = None

    def enter(self, worker: Worker) -> None:
        """Another host became a manager."""
        self._members[worker.host.name] = worker

    def leave(self, host: str, leader: str) -> None:
        """A manager has left in good order, and ``leader`` leads; empty if there is none left."""
        self._members.pop(host, None)
        self._stopped.pop(host, None)
        self.leader = leader or self.leader

    def stop(self, host: str) -> None:
        """A manager runs no more."""
        if host in self._members:
            self._stopped[host] = None
            self._review()

    def start(self, host: str) -> None:
        """A manager runs again."""
        if host in self._stopped:
            del self._stopped[host]
            self._review()

    @property
    def _running(self) -> list[str]:
        return [host for host in self._members if host not in self._stopped]

    @property
    def _quorum(self) -> bool:
        return 2 * len(self._running) > len(self._members)

    def _review(self) -> None:
        """Stop acting if that cannot be, and elect a leader if that can be."""
        if self.leader in self._stopped or not self._quorum:
            self._manager.pause()
        if not self._manager.paused or self._election is not None or not self._quorum:
            return
        delay = 0  # a single manager elects itself (``raft.go``, Campaign)
        if len(self._members) > 1:
            rng = self._simulator.streams("raft")
            delay = round(ELECTION_TICKS * rng.uniform(1, 2) * SECOND)
        self._election = self._simulator.timer(self._simulator.now + delay, self._elect)

    def _elect(self, _: object) -> None:
        self._election = None
        if self._quorum and self._manager.paused:
            self.leader = self._simulator.streams("raft").choice(self._running)
            leading = self._members[self.leader]
            self._manager.lead(self.leader, leading.rpc)
            for worker in self._members.values():  # the store, which they share, says who leads
                worker.manager = leading.host.address
                worker.managers = self._manager.nodes.manager_addresses
