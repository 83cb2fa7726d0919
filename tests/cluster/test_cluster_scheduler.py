"""Constraints and the choice of a node, without a clock."""

from __future__ import annotations

import pytest

from overlaysim.cluster.records import Node
from overlaysim.cluster.scheduler import (
    ConstraintError,
    Load,
    Wish,
    choose,
    parse_constraint,
    satisfies,
    why_not,
)


def node(name: str, **fields: object) -> Node:
    made = Node(f"id-{name}", name, f"10.77.0.{len(name)}", "worker", 0)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


A, B, C = node("a", role="manager", labels={"Rack": "R1"}), node("bb"), node("ccc")


@pytest.mark.parametrize(
    ("constraint", "holds"),
    [
        ("node.id==id-a", True),
        ("node.id != id-a", False),
        ("node.hostname==A", True),
        ("node.hostname==aa", False),
        ("node.role==manager", True),
        ("NODE.ROLE!=worker", True),
        ("node.ip==10.77.0.1", True),
        ("node.ip==10.77.0.0/24", True),
        ("node.ip!=10.77.0.0/24", False),
        ("node.ip==nonsense", False),
        ("node.platform.os==linux", True),
        ("node.platform.arch==x86_64", True),
        ("node.labels.Rack==r1", True),
        ("node.labels.Row!=3", True),
        ("engine.labels.gpu==yes", False),
    ],
)
def test_constraints(constraint: str, holds: bool) -> None:
    assert satisfies(A, [constraint]) is holds


@pytest.mark.parametrize("text", ["node.role", "node.role=manager", "node.colour==red", "==x", ""])
def test_constraints_that_are_none(text: str) -> None:
    with pytest.raises(ConstraintError):
        parse_constraint(text)


def test_the_fewest_tasks_of_the_service_count_first_then_the_fewest_at_all() -> None:
    load = Load(of_service={"id-a": 1}, in_total={"id-a": 1, "id-bb": 9, "id-ccc": 3})
    assert choose([A, B, C], Wish(), load) is C
    assert choose([A, B, C], Wish(), Load()) is A  # as they joined
    assert choose([A, B, C], Wish(), Load(failing=["id-a", "id-bb"])) is C
    assert choose([A], Wish(), Load(failing=["id-a"])) is A  # better than nowhere


def test_nodes_that_take_no_tasks() -> None:
    nodes = [
        node("a", availability="drain"),
        node("bb", availability="pause"),
        node("c", state="down"),
    ]
    assert choose(nodes, Wish(), Load()) is None
    assert (
        why_not(nodes, Wish(), Load()) == "no suitable node (3 nodes not available for new tasks)"
    )


def test_the_commonest_obstacle_is_told_first() -> None:
    nodes = [node("a", state="down"), B, C, node("dddd")]
    wish = Wish(["node.hostname!=bb", "node.hostname!=ccc"], max_per_node=1)
    load = Load(of_service={"id-dddd": 1})
    assert choose(nodes, wish, load) is None
    assert why_not(nodes, wish, load) == (
        "no suitable node (scheduling constraints not satisfied on 2 nodes; "
        "1 node not available for new tasks; max replicas per node limit exceed)"
    )
    assert why_not([], wish, load) == "no suitable node"
