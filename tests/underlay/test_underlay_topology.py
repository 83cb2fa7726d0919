"""The usual shapes, and what is refused."""

from __future__ import annotations

import networkx
import pytest

from overlaysim.errors import InputError
from overlaysim.underlay import (
    LinkSpec,
    Topology,
    dumbbell,
    fat_tree,
    leaf_spine,
    line,
    listed,
    ring,
    star,
)

SPEC = LinkSpec(rate=123)
FOUR = ["host-a", "host-b", "host-c", "host-d"]


def joined(topology: Topology) -> list[str]:
    """Links as text."""
    return [f"{a} {b}" for a, b, _ in topology.links]


def test_star() -> None:
    topology = star(["host-a", "host-b"], SPEC)
    assert topology.switches == ("switch",)
    assert topology.links == (("host-a", "switch", SPEC), ("host-b", "switch", SPEC))
    assert topology.neighbours() == {
        "host-a": ("switch",), "host-b": ("switch",), "switch": ("host-a", "host-b"),
    }  # fmt: skip


def test_line_has_a_switch_per_host_or_as_many_as_asked_for() -> None:
    assert joined(line(["a", "b", "c"])) == [
        "a switch-1", "b switch-2", "c switch-3", "switch-1 switch-2", "switch-2 switch-3",
    ]  # fmt: skip
    assert joined(line(["a", "b"], switches=3))[:2] == ["a switch-1", "b switch-3"]
    assert joined(line(FOUR, switches=2))[:4] == [
        "host-a switch-1", "host-b switch-1", "host-c switch-2", "host-d switch-2",
    ]  # fmt: skip


def test_routers_are_nodes_like_others() -> None:
    links = [("a", "r", SPEC), ("r", "b", SPEC)]
    topology = listed(["a", "b"], [], links, ["r"])
    assert topology.nodes == ("a", "b", "r")
    assert topology.neighbours()["r"] == ("a", "b")
    with pytest.raises(InputError, match="names 2 nodes; names of nodes are unique"):
        listed(["a", "b"], ["r"], links, ["r"])


def test_ring() -> None:
    assert joined(ring(["a", "b", "c"]))[3:] == [
        "switch-1 switch-2", "switch-2 switch-3", "switch-3 switch-1",
    ]  # fmt: skip
    assert len(ring(["a", "b"]).switches) == 3
    with pytest.raises(InputError, match="a ring has at least 3 switches, not 2"):
        ring(["a", "b"], switches=2)


def test_leaf_spine() -> None:
    topology = leaf_spine(FOUR, spines=3, leaves=2)
    assert topology.switches == ("leaf-1", "leaf-2", "spine-1", "spine-2", "spine-3")
    assert joined(topology)[:4] == [
        "host-a leaf-1", "host-b leaf-1", "host-c leaf-2", "host-d leaf-2",
    ]  # fmt: skip
    assert joined(topology)[4:] == [
        f"leaf-{leaf} spine-{spine}" for leaf in (1, 2) for spine in (1, 2, 3)
    ]


@pytest.mark.parametrize("k", [2, 4, 6])
def test_a_full_fat_tree_has_k_links_at_every_switch(k: int) -> None:
    hosts = [f"h{number}" for number in range(k**3 // 4)]
    topology = fat_tree(hosts, k=k)
    assert len(topology.switches) == 5 * k * k // 4
    neighbours = topology.neighbours()
    assert {len(neighbours[switch]) for switch in topology.switches} == {k}
    graph = networkx.Graph((a, b) for a, b, _ in topology.links)
    assert networkx.diameter(graph) == 6
    assert neighbours["edge-1-1"][:1] == ("agg-1-1",)
    if k == 4:
        paths = networkx.all_shortest_paths(graph, hosts[0], hosts[-1])
        assert len(list(paths)) == 4


def test_a_fat_tree_spreads_few_hosts_over_its_pods() -> None:
    assert joined(fat_tree(FOUR))[:4] == [
        "host-a edge-1-1", "host-b edge-2-1", "host-c edge-3-1", "host-d edge-4-1",
    ]  # fmt: skip


def test_dumbbell_has_a_bottleneck_of_its_own() -> None:
    slow = LinkSpec(rate=5)
    topology = dumbbell(FOUR, SPEC, bottleneck=slow)
    assert joined(topology) == [
        "host-a left", "host-b left", "host-c right", "host-d right", "left right",
    ]  # fmt: skip
    assert topology.link_between("right", "left") == slow
    assert topology.link_between("left", "host-a") == SPEC


def test_one_link_can_be_different() -> None:
    topology = star(["a", "b"]).with_links({("switch", "b"): {"mtu": 1400}})
    assert topology.link_between("b", "switch").mtu == 1400
    assert topology.link_between("a", "switch").mtu == 1500
    with pytest.raises(InputError, match="no link between a and b; a is linked to switch"):
        topology.with_links({("a", "b"): {"mtu": 1400}})


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: fat_tree(["a"], k=3), "k is an even number from 2 to 64, not 3"),
        (lambda: fat_tree(["a"], k=66), "k is an even number from 2 to 64, not 66"),
        (lambda: fat_tree(FOUR, k=2), "with k = 2 holds 2 hosts, not 4"),
        (lambda: leaf_spine(FOUR, spines=0), "number of spine switches is 1 or more, not 0"),
        (lambda: star([]), "at least one host"),
        (lambda: star(["a", "a"]), '"a" names 2 nodes'),
        (lambda: star(["a", "switch"]), '"switch" names 2 nodes'),
        (lambda: star(["a b"]), '"a b" is not a name for a node'),
        (lambda: star(["a->b"]), '"a->b" is not a name for a node'),
        (lambda: listed(["a"], [], [("a", "a", SPEC)]), '"a" has a link to itself'),
        (
            lambda: listed(["a", "b"], [], [("a", "b", SPEC), ("b", "a", SPEC)]),
            '"b" and "a" are linked twice',
        ),
        (
            lambda: listed(["a"], ["switch"], [("a", "swich", SPEC)]),
            r'"a" and "swich": there is no node "swich"; did you mean switch\?',
        ),
        (
            lambda: listed(["a", "b", "c"], [], [("a", "b", SPEC)]),
            'host "c" has no link',
        ),
        (
            lambda: listed(["a", "b"], ["s", "t"], [("a", "s", SPEC), ("b", "t", SPEC)]),
            'no path between the hosts "a" and "b"',
        ),
        (
            lambda: listed(["a", "b", "c"], [], [("a", "b", SPEC), ("b", "c", SPEC)]),
            'no path between the hosts "a" and "c"',  # hosts do not forward
        ),
    ],
)  # fmt: skip
def test_mistakes_are_named(build: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()  # type: ignore[operator]


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        listed(["a", "b"], [], [("a", "x", SPEC), ("b", "b", SPEC)])
    assert len(str(caught.value).split("\n")) == 2


def test_a_single_host_needs_no_link() -> None:
    assert listed(["a"], [], []).neighbours() == {"a": ()}
