"""How a node leaves the cluster of its own will."""

from __future__ import annotations

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import NodeEvent, NodeEventKind


class ClusterLeave:
    """Two farewells, each sent as often as any event, then silence.

    ``NDB/cluster.go`` clusterLeave: a node event, waited for at most five seconds, then the
    membership layer's own message, waited for at most one. The node goes on gossiping meanwhile.

    Attributes:
        stopped: whether the node has fallen silent.
    """

    def __init__(self, context: Context, directory: Directory, membership: Membership) -> None:
        self._context = context
        self._directory = directory
        self._membership = membership
        self._event: NodeEvent | None = None
        self._deadline = 0
        self._last_words = False
        self.stopped = False

    def leave(self, now: int) -> None:
        """Begin to leave; a second call changes nothing."""
        if self._event is None:
            self._event = self._directory.announce_node(NodeEventKind.LEAVE)
            self._deadline = now + self._context.settings.node_event_timeout
            self.on_timer(now)

    def next_timer(self) -> int | None:
        """When the present wait is over at the latest."""
        return self._deadline if self._event is not None else None

    def on_timer(self, now: int) -> None:
        """Go on if what was to be sent is out, or it is too late."""
        if self._event is None:
            return
        if not self._last_words:
            if self._directory.announcing(self._event) and self._may_wait(now):
                return
            self._last_words = True
            self._membership.leave(now)
            self._deadline = now + self._context.settings.leave_timeout
        self.stopped = not (self._context.name in self._membership.messages and self._may_wait(now))

    def _may_wait(self, now: int) -> bool:
        return self._membership.has_others() and now < self._deadline
