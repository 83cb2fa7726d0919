"""Which node gets a task: filters, then the emptiest node (a pure function).

Order of preference as in moby/swarmkit, ``manager/scheduler``: not a node where the service keeps
failing, fewest tasks of this service, fewest tasks in total, then arbitrary. Here "arbitrary" is
the order in which nodes joined, so that runs repeat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from overlaysim.cluster.records import Node

_CONSTRAINT = re.compile(r"\s*([\w.\-]+)\s*(==|!=)\s*(.+?)\s*")


class ConstraintError(ValueError):
    """A placement constraint that cannot be read."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one more task of a service asks of a node.

    Attributes:
        constraints: as in ``--constraint``; all must hold.
        max_per_node: most tasks of the service on one node; 0 for no limit.
    """

    constraints: Sequence[str] = ()
    max_per_node: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What is on the nodes already, by node id.

    Attributes:
        of_service: tasks of this service.
        in_total: tasks and attachments.
        failing: nodes on which this service failed too often of late.
    """

    of_service: Mapping[str, int] = field(default_factory=dict)
    in_total: Mapping[str, int] = field(default_factory=dict)
    failing: Collection[str] = ()


def choose(nodes: Sequence[Node], wish: Wish, load: Load) -> Node | None:
    """Return the node for one more task, or None when no node fits; ``nodes`` as they joined."""
    fitting = [node for node in nodes if _obstacle(node, wish, load) is None]
    return min(
        fitting,
        key=lambda node: (
            node.id in load.failing, load.of_service.get(node.id, 0), load.in_total.get(node.id, 0)
        ),
        default=None,
    )  # fmt: skip


def why_not(nodes: Sequence[Node], wish: Wish, load: Load) -> str:
    """Say why no node fits, the commonest obstacle first.

    (moby/swarmkit, ``manager/scheduler/pipeline.go``, Explain, and the texts of ``filter.go``.)
    """
    obstacles = Counter(_obstacle(node, wish, load) for node in nodes)
    texts = [_EXPLAIN[kind](count) for kind, count in obstacles.most_common() if kind]
    return f"no suitable node ({'; '.join(texts)})" if texts else "no suitable node"


def _obstacle(node: Node, wish: Wish, load: Load) -> str | None:
    """The first filter that the node does not pass."""
    if node.state != "ready" or node.availability != "active":
        return "ready"
    if not satisfies(node, wish.constraints):
        return "constraints"
    if 0 < wish.max_per_node <= load.of_service.get(node.id, 0):
        return "replicas"
    return None


_EXPLAIN: dict[str, Callable[[int], str]] = {
    "ready": lambda count: f"{count} {_nodes(count)} not available for new tasks",
    "constraints": lambda count: f"scheduling constraints not satisfied on {count} {_nodes(count)}",
    "replicas": lambda count: "max replicas per node limit exceed",
}


def _nodes(count: int) -> str:
    return "node" if count == 1 else "nodes"


def satisfies(node: Node, constraints: Sequence[str]) -> bool:
    """Whether a node meets every constraint."""
    return all(parse_constraint(text)(node) for text in constraints)


def parse_constraint(text: str) -> Callable[[Node], bool]:
    """Read ``key==value`` or ``key!=value`` as a test on a node; full match, any case.

    Raises:
        ConstraintError: if it is not of that form or the key is unknown
            (moby/swarmkit, ``manager/constraint/constraint.go``).
    """
    match = _CONSTRAINT.fullmatch(text)
    if not match:
        raise ConstraintError(f"constraint expected one operator from ==, !=: {text}")
    key, operator, value = match.groups()
    reader = _reader(key)
    return lambda node: reader(node, value.lower()) == (operator == "==")


def _reader(key: str) -> Callable[[Node, str], bool]:
    plain: dict[str, Callable[[Node], str]] = {
        "node.id": lambda node: node.id,
        "node.hostname": lambda node: node.hostname,
        "node.role": lambda node: node.role,
        "node.platform.os": lambda node: "linux",
        "node.platform.arch": lambda node: "x86_64",
    }
    lowered = key.lower()
    if lowered in plain:
        return lambda node, value: plain[lowered](node).lower() == value
    if lowered == "node.ip":
        return _matches_address
    if lowered.startswith("node.labels."):
        label = key[len("node.labels.") :]
        return lambda node, value: node.labels.get(label, "").lower() == value
    if lowered.startswith("engine.labels."):
        return lambda node, value: False  # simulated engines carry no labels
    raise ConstraintError(f"invalid constraint key: {key}")


def _matches_address(node: Node, value: str) -> bool:
    try:
        return ip_address(node.address) in ip_network(value, strict=False)
    except ValueError:
        return False
