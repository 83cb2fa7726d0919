"""Which node gets a task: filters, then the emptiest node (a pure function).

Order of preference as in moby/swarmkit, ``manager/scheduler``: fewest tasks of this service, then
fewest active tasks in total, then arbitrary. Here "arbitrary" is the order in which nodes joined,
so that runs repeat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from overlaysim.cluster.records import Node

_CONSTRAINT = re.compile(r"\s*([\w.\-]+)\s*(==|!=)\s*(.+?)\s*")


class ConstraintError(ValueError):
    """A placement constraint that cannot be read."""


def choose(
    nodes: Sequence[Node],
    constraints: Sequence[str],
    of_service: Mapping[str, int],
    in_total: Mapping[str, int],
    max_per_node: int = 0,
) -> Node | None:
    """Return the node for one more task, or None when no node fits.

    Args:
        nodes: in order of joining.
        constraints: as in ``--constraint``; all must hold.
        of_service: tasks of this service by node id.
        in_total: active tasks and attachments by node id.
        max_per_node: 0 for no limit.
    """
    fitting = [
        node for node in eligible(nodes, constraints)
        if not max_per_node or of_service.get(node.id, 0) < max_per_node
    ]  # fmt: skip
    if not fitting:
        return None
    return min(fitting, key=lambda node: (of_service.get(node.id, 0), in_total.get(node.id, 0)))


def eligible(nodes: Sequence[Node], constraints: Sequence[str]) -> list[Node]:
    """Return the nodes that are ready, active and satisfy every constraint, in order."""
    tests = [parse_constraint(text) for text in constraints]
    return [
        node for node in nodes
        if node.state == "ready" and node.availability == "active"
        and all(test(node) for test in tests)
    ]  # fmt: skip


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
