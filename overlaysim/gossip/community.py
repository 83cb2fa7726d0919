"""A cluster that has been together for long, without the time it takes to form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overlaysim.gossip.entries import Key
from overlaysim.gossip.member_messages import Alive
from overlaysim.gossip.messages import NetworkEvent, NetworkEventKind, TableEvent
from overlaysim.gossip.node import GossipNode
from overlaysim.gossip.roster import Roster


def acquaint(
    nodes: Sequence[GossipNode], network: str, entries: Mapping[Key, TableEvent] | None = None
) -> None:
    """Let new nodes know one another, be in one network, and hold the same live entries.

    Nothing of it is gossiped any more. What all of them know is one set of objects, which they
    share until they hear different things.

    Args:
        nodes: just made; they have talked to nobody.
        network: id of the network.
        entries: by table and key; their owners are among the nodes.
    """
    members = {node.name: Alive(1, node.name, node.address).member for node in nodes}
    addresses = {node.name: node.address for node in nodes}
    joins = {
        node.name: NetworkEvent(NetworkEventKind.JOIN, 1, node.name, network) for node in nodes
    }
    roster = Roster()
    for node in nodes:
        roster.add(node.name)
    for node in nodes:
        node.acquaint(members, addresses)
        node.acquaint_network(network, joins, roster, dict(entries or {}))
