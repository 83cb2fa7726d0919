"""A node's heartbeats to its manager, and its way to another one when that falls silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlaysim.cluster.requests import (
    HEARTBEAT_LENGTH,
    HEARTBEAT_REPLY_LENGTH,
    Heartbeat,
    HeartbeatReply,
    Refused,
)
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Steps
from overlaysim.units import MS, SECOND

if TYPE_CHECKING:
    from overlaysim.cluster.worker import Worker

FIRST_BACKOFF, LONGEST_BACKOFF = 100 * MS, 8 * SECOND
CALL_LIMIT = 5 * SECOND
"""How long a call waits for its answer (``agent/session.go``, dispatcherRPCTimeout)."""


class Heartbeats:
    """The heartbeats of one membership, from the start of the daemon to its end."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def send(self) -> Steps:
        """Send them; the manager says when the next one is due. The leader needs none."""
        worker = self._worker
        node, backoff = worker.node, 0
        while worker.active and worker.node == node:
            pause = worker.timing.heartbeat
            if worker.manager != worker.host.address:
                try:
                    pause = yield from self._beat()
                    backoff = 0
                except (RpcFailed, Refused):  # the manager counts the silence
                    backoff = pause = next_backoff(backoff)
                    self._turn_to_another()
            yield worker.host.around.simulator.sleep(pause)

    def _beat(self) -> Steps:
        worker = self._worker
        reply: HeartbeatReply = yield from worker.rpc.call(
            worker.manager, Heartbeat(worker.node), kind="heartbeat", limit=CALL_LIMIT,
            length=HEARTBEAT_LENGTH, reply_length=HEARTBEAT_REPLY_LENGTH,
        )  # fmt: skip
        worker.managers = reply.managers
        return reply.pause

    def _turn_to_another(self) -> None:
        """Try the next of the managers that the node knows of."""
        worker = self._worker
        known = [address for address in worker.managers if address != worker.host.address]
        if known:
            place = known.index(worker.manager) + 1 if worker.manager in known else 0
            worker.manager = known[place % len(known)]


def next_backoff(previous: int) -> int:
    """The pause before the next try to reach a manager (moby/swarmkit, ``agent/agent.go``)."""
    return min(FIRST_BACKOFF + 2 * previous, LONGEST_BACKOFF)
