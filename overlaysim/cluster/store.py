"""The managers' replicated store: every node, network, service, task and attachment.

Raft keeps real managers' copies equal; here all managers read and write the one copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from overlaysim.cluster.records import Attachment, Network, Node, Service, Task
from overlaysim.cluster.requests import Refused

T = TypeVar("T")


def find(kind: str, ref: str, by_id: Mapping[str, T], name_of: Callable[[T], str]) -> T:
    """Return the object that ``ref`` names: a full id, a name, or a unique prefix of an id.

    Args:
        kind: for the message, as in ``network``.
        name_of: gives an object's name; several may have the same.

    Raises:
        Refused: not found, or ambiguous.
    """
    if ref in by_id:
        return by_id[ref]
    matches = [item for item in by_id.values() if name_of(item) == ref]
    if not matches and ref:
        matches = [item for key, item in by_id.items() if key.startswith(ref)]
    if len(matches) == 1:
        return matches[0]
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
        return find("node", ref, self.nodes, lambda node: node.hostname)

    def network(self, ref: str) -> Network:
        """Find a network by id, name or prefix."""
        return find("network", ref, self.networks, lambda network: network.spec.name)

    def service(self, ref: str) -> Service:
        """Find a service by id, name or prefix."""
        return find("service", ref, self.services, lambda service: service.spec.name)

    def tasks_of(self, service: str) -> list[Task]:
        """Every task of a service, old ones included, in order of creation."""
        return [task for task in self.tasks.values() if task.service == service]

    def load(self) -> Counter[str]:
        """Tasks and attachments that are meant to be on each node, what the scheduler spreads."""
        load = Counter(task.node for task in self.tasks.values() if task.wanted)
        load.update(attachment.node for attachment in self.attachments)
        return load

    def uses(self, network: str, node: str) -> bool:
        """Whether a live task or an attachment on the node takes part in the network."""
        return any(a.network == network and a.node == node for a in self.attachments) or any(
            network in task.addresses and task.node == node for task in self.tasks.values()
        )
