"""How a host tells its manager what became of the tasks: the latest word on each, until heard.

(moby/swarmkit, ``agent/reporter.go``.)
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.requests import Refused, TaskStatus
from overlaysim.host.daemon import Daemon
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Simulator, Steps
from overlaysim.units import SECOND

RETRY = SECOND
"""Pause after a word that the manager did not hear."""


class StatusReports:
    """A host's task states on their way to the manager.

    Attributes:
        muted: whether nothing is taken: the swarm's agent has stopped.

    Args:
        daemon: whose work it is.
        ask: a call to the manager, as in ``Worker.ask``.
    """

    def __init__(
        self, simulator: Simulator, daemon: Daemon, ask: Callable[[object], Steps]
    ) -> None:
        self.muted = False
        self._simulator = simulator
        self._daemon = daemon
        self._ask = ask
        self._latest: dict[str, TaskStatus] = {}
        self._busy = False

    def put(self, status: TaskStatus) -> None:
        """Let this be the word on its task; it goes out when the manager can be reached."""
        if self.muted:
            return
        self._latest.pop(status.task, None)
        self._latest[status.task] = status
        if not self._busy:
            self._daemon.spawn(self._send())

    def resume(self) -> None:
        """The daemon has started again: what was on its way goes out anew."""
        self.muted = False
        if self._latest:
            self._daemon.spawn(self._send())

    def clear(self) -> None:
        """The host is in no swarm any more: nobody asks."""
        self._latest.clear()

    def _send(self) -> Steps:
        if self._busy:
            return
        self._busy = True
        try:
            while self._latest and not self.muted:
                status = next(iter(self._latest.values()))
                try:
                    yield from self._ask(status)
                except RpcFailed:
                    yield self._simulator.sleep(RETRY)
                    continue
                except Refused:
                    pass  # the manager does not want to know
                if self._latest.get(status.task) is status:
                    del self._latest[status.task]
        finally:
            self._busy = False
