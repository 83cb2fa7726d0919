"""NetworkDB over memberlist: the gossip that spreads Docker's names and peers.

A :class:`GossipNode` is two layers on one set of ticks. The membership layer (memberlist) keeps
the list of nodes; NetworkDB on top keeps who is in which network, and the tables of those joined.

Sources are cited as paths of moby/moby at commit b985e2313a, where ``NDB/`` stands for
``daemon/libnetwork/networkdb/`` and ``ML/`` for ``vendor/github.com/hashicorp/memberlist/``.
"""

from overlaysim.gossip.errors import (
    EntryAbsentError,
    EntryDeletedError,
    EntryError,
    EntryExistsError,
    GossipError,
    NetworkError,
    NodeUnknownError,
)
from overlaysim.gossip.interface import (
    Datagram,
    DatagramIn,
    EntryRecord,
    Incoming,
    NodeState,
    Outgoing,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.gossip.member_messages import PORT, MemberState
from overlaysim.gossip.node import GossipNode
from overlaysim.gossip.settings import LAN, LOCAL, WAN, GossipSettings

__all__ = [
    "LAN", "LOCAL", "PORT", "WAN", "Datagram", "DatagramIn", "EntryAbsentError",
    "EntryDeletedError", "EntryError", "EntryExistsError", "EntryRecord", "GossipError",
    "GossipNode", "GossipSettings", "Incoming", "MemberState", "NetworkError", "NodeState",
    "NodeUnknownError", "Outgoing", "StreamFailed", "StreamIn", "StreamReply", "StreamRequest",
    "TableChange",
]  # fmt: skip
