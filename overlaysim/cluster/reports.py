"""How a host tells its manager what became of the tasks: the latest word on each, until heard.

(moby/swarmkit, ``agent/reporter.go``.)
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.requests import Refused, TaskStatus
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Simulator, Steps
from overlaysim.units import SECOND

RETRY = SECOND
"""Pause after a word that the manager did not hear."""


class StatusReports:
    """A host's task states on their way to the manager.

    Args:
        ask: a call to the manager, as in ``Worker.ask``.
    """

    def __init__(self, simulator: Simulator, ask: Callable[[object], Steps]) -> None:
        self._simulator = simulator
        self._ask = ask
        self._latest: dict[str, TaskStatus] = {}
        self._busy = False

    def put(self, status: TaskStatus) -> None:
        """Let this be the word on its task; it goes out when the manager can be reached."""
        self._latest.pop(status.task, None)
        self._latest[status.task] = status
        if not self._busy:
            self._busy = True
            self._simulator.spawn(self._send())

    def clear(self) -> None:
        """The host is in no swarm any more: nobody asks."""
        self._latest.clear()

    def _send(self) -> Steps:
        while self._latest:
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
        self._busy = False
