"""Carries the managers' orders to the nodes, each node's in their order, until they are heard.

An order for a node that is down waits until the node is back (moby/swarmkit sends assignments
over the session of the node's agent: ``manager/dispatcher/dispatcher.go``).
"""

from __future__ import annotations

from collections import deque

from overlaysim.cluster.records import Node
from overlaysim.cluster.requests import Assignment, Order, Refused
from overlaysim.host.rpc import Rpc, RpcFailed
from overlaysim.sim import Simulator, Steps
from overlaysim.units import SECOND

RETRY = SECOND
"""Pause after an order that did not get through."""


class Dispatcher:
    """One queue of orders per node.

    Attributes:
        rpc: the leader's line to the nodes.
    """

    def __init__(self, simulator: Simulator, rpc: Rpc) -> None:
        self.rpc = rpc
        self._simulator = simulator
        self._queues: dict[str, deque[Order]] = {}
        self._busy: set[str] = set()

    def send(self, node: Node, order: Order) -> None:
        """Let an order go to a node after those before it."""
        self._queues.setdefault(node.id, deque()).append(order)
        self.wake(node)

    def wake(self, node: Node) -> None:
        """Go on with a node's orders: there is a new one, or the node is back."""
        if node.id in self._queues and node.id not in self._busy:
            self._busy.add(node.id)
            self._simulator.spawn(self._deliver(node))

    def forget(self, node: Node) -> None:
        """The node is no longer a member: nobody is left to take its orders."""
        self._queues.pop(node.id, None)

    def _deliver(self, node: Node) -> Steps:
        while (queue := self._queues.get(node.id)) and node.state == "ready":
            try:
                yield from self.rpc.call(node.address, Assignment(node.id, queue[0]))
                queue.popleft()
            except (RpcFailed, Refused):
                yield self._simulator.sleep(RETRY)
        self._busy.discard(node.id)
