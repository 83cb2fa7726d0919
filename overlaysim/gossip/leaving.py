"""How a node leaves the cluster of its own will."""

from __future__ import annotations

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import NodeEventKind


class ClusterLeave:
    """Two farewells, each sent as often as any event, then silence.

    ``NDB/cluster.go`` clusterLeave: a node event, waited for at most five seconds, then the
    membership layer's own message, waited for at most one. The node goes on gossiping meanwhile.
    """

    __slots__ = (
        "_context", "_directory", "_membership", "_stage",
    )  # fmt: skip

    def __init__(self, context: Context, directory: Directory, membership: Membership) -> None:
        self._context = context
        self._directory = directory
        self._membership = membership
        self._stage = 0

    def leave(self, now: int) -> None:
        """Begin to leave; a second call changes nothing."""
        if self._stage:
            return
        self._stage = 1
        limit = self._context.settings.node_event_timeout
        self._directory.announce_node(NodeEventKind.LEAVE, self._node_event_out)
        self._context.alarms.set(now + limit, self._last_words)
        if not self._membership.has_others():
            self._last_words(now)

    def _node_event_out(self) -> None:
        # Not within the drain of the very queue: the farewell goes out with the next packet.
        self._context.alarms.set(self._context.now, self._last_words)

    def _last_words(self, now: int) -> None:
        if self._stage > 1:
            return
        self._stage = 2
        self._membership.leave(now, self._stop)
        self._context.alarms.set(now + self._context.settings.leave_timeout, lambda _: self._stop())
        if not self._membership.has_others():
            self._stop()

    def _stop(self) -> None:
        self._context.stopped = True
