"""The stays of a host's standalone containers in overlay networks, and telling the managers of it.

A stay begins when a manager grants an address, and until a manager has heard of its end the address
is taken. What has to be told survives a crash of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlaysim.cluster.heartbeats import next_backoff
from overlaysim.cluster.requests import DetachRequest, Refused
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Steps

if TYPE_CHECKING:
    from overlaysim.cluster.worker import Worker


class Stays:
    """The stays on one host."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._present: dict[tuple[str, str], int] = {}  # container, network -> when it was asked
        self._untold: dict[DetachRequest, None] = {}

    def begin(self, container: str, network: str, asked: int) -> None:
        """A container has the place that it asked for at the instant ``asked``."""
        self._present[container, network] = asked

    def end(self, container: str, network: str) -> None:
        """A container has left a network: tell the manager, if it knows of it."""
        asked = self._present.pop((container, network), None)
        if asked is not None:
            self.tell(DetachRequest(container, asked))

    def end_all(self) -> None:
        """The daemon has gone: every stay is over, to be told by :meth:`tell_all`."""
        for (container, _), asked in self._present.items():
            self._untold[DetachRequest(container, asked)] = None
        self._present.clear()

    def forget(self) -> None:
        """The host leaves the swarm: nobody asks."""
        self._present.clear()
        self._untold.clear()

    def tell_all(self) -> None:
        """Tell the manager whatever it has not heard yet."""
        for request in list(self._untold):
            self.tell(request)

    def tell(self, request: DetachRequest) -> None:
        """Tell the manager of the end of a stay, unless the host is in no swarm any more."""
        if self._worker.node:
            self._untold[request] = None
        self._worker.host.daemon.spawn(self._tell(request))

    def _tell(self, request: DetachRequest) -> Steps:
        """Again and again, until it hears it or the host leaves the swarm."""
        worker, backoff = self._worker, 0
        node = worker.node
        while node and worker.node == node:
            try:
                yield from worker.ask(request)
            except Refused:
                pass
            except RpcFailed:
                backoff = next_backoff(backoff)
                yield worker.host.around.simulator.sleep(backoff)
                continue
            self._untold.pop(request, None)
            return
