"""Carries the managers' orders to the nodes, each node's in their order, until they are heard.

An order for a node that is down waits until the node is back (moby/swarmkit sends assignments
over the session of the node's agent: ``manager/dispatcher/dispatcher.go``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

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
        rpc: the leader's line to the nodes; what is under way on it ends with the leader's daemon.
        paused: whether there is no leader.
    """

    def __init__(self, simulator: Simulator, rpc: Rpc) -> None:
        self.rpc = rpc
        self.paused = False
        self._simulator = simulator
        self._queues: dict[str, deque[Order]] = {}
        self._busy: dict[str, Rpc] = {}  # the line over which a node's orders go at present

    def send(self, node: Node, order: Order) -> None:
        """Let an order go to a node after those before it."""
        self._queues.setdefault(node.id, deque()).append(order)
        self.wake(node)

    def wake(self, node: Node) -> None:
        """Go on with a node's orders: there is a new one, or the node is back."""
        if node.id in self._queues and not self._is_busy(node) and not self.paused:
            self.rpc.daemon.spawn(self._deliver(node, self.rpc))

    def lead(self, rpc: Rpc, nodes: Iterable[Node]) -> None:
        """Send everything over the line of a new leader."""
        self.rpc, self.paused = rpc, False
        for node in nodes:
            self.wake(node)

    def forget(self, node: Node) -> None:
        """The node is no longer a member: nobody is left to take its orders."""
        self._queues.pop(node.id, None)

    def _is_busy(self, node: Node) -> bool:
        return self._busy.get(node.id) is self.rpc

    def _deliver(self, node: Node, rpc: Rpc) -> Steps:
        if self._is_busy(node):
            return
        self._busy[node.id] = rpc
        try:
            while (queue := self._queues.get(node.id)) and self._may_send(node, rpc):
                try:
                    yield from rpc.call(node.address, Assignment(node.id, queue[0]))
                except (RpcFailed, Refused):
                    yield self._simulator.sleep(RETRY)
                    continue
                if rpc is self.rpc:  # else the new leader says it again
                    queue.popleft()
        finally:
            if self._busy.get(node.id) is rpc:
                del self._busy[node.id]

    def _may_send(self, node: Node, rpc: Rpc) -> bool:
        return node.state == "ready" and rpc is self.rpc and not self.paused
