"""The managers' replicated store: every node, network, service, task and attachment.

Raft keeps real managers' copies equal; here all managers read and write the one copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from overlaysim.cluster.records import Attachment, Network, Node, Service, Task
from overlaysim.cluster.requests import Refused

T = TypeVar("T")


def find(kind: str, ref: str, by_id: Mapping[str, T], names: Mapping[str, str]) -> T:
    """Return the object that ``ref`` names: a full id, a name, or a unique prefix of an id.

    Args:
        kind: for the message, as in ``network``.
        names: name -> id.

    Raises:
        Refused: not found, or an ambiguous prefix.
    """
    if ref in by_id:
        return by_id[ref]
    if ref in names:
        return by_id[names[ref]]
    matches = [key for key in by_id if key.startswith(ref)] if ref else []
    if len(matches) == 1:
        return by_id[matches[0]]
    if matches:
        raise Refused("invalid", f"{kind} {ref} is ambiguous ({len(matches)} matches found)")
    raise Refused("not found", f"{kind} {ref} not found")


class Store:
    """Plain dictionaries by id, in order of creation, and the look-ups everybody needs."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.networks: dict[str, Network] = {}
        self.services: dict[str, Service] = {}
        self.tasks: dict[str, Task] = {}
        self.attachments: list[Attachment] = []

    def node(self, ref: str) -> Node:
        """Find a node by id, host name or prefix."""
        return find("node", ref, self.nodes, {n.hostname: n.id for n in self.nodes.values()})

    def network(self, ref: str) -> Network:
        """Find a network by id, name or prefix."""
        return find(
            "network", ref, self.networks, {n.spec.name: n.id for n in self.networks.values()}
        )

    def service(self, ref: str) -> Service:
        """Find a service by id, name or prefix."""
        return find(
            "service", ref, self.services, {s.spec.name: s.id for s in self.services.values()}
        )

    def tasks_of(self, service: str) -> list[Task]:
        """Every task of a service, old ones included, in order of creation."""
        return [task for task in self.tasks.values() if task.service == service]

    def load(self) -> Counter[str]:
        """Active tasks and attachments by node id, what the scheduler spreads."""
        busy: Iterable[str] = (t.node for t in self.tasks.values() if t.node and not t.ended)
        load = Counter(busy)
        load.update(a.node for a in self.attachments)
        return load

    def uses(self, network: str, node: str) -> bool:
        """Whether a live task or an attachment on the node takes part in the network."""
        return any(a.network == network and a.node == node for a in self.attachments) or any(
            network in task.addresses and task.node == node and not task.ended
            for task in self.tasks.values()
        )
