from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.report import LinkView, TopologyView
from overlaysim.report.layout import place


def view(hosts: str, switches: str, links: str) -> TopologyView:
    """``links`` such as ``ax bx``: each a pair of one-letter nodes."""
    pairs = tuple(LinkView(a, b, 1, 1) for a, b in links.split())
    return TopologyView(tuple(hosts), tuple(switches), pairs)


def test_layers_stand_above_their_hosts() -> None:
    places = place(view("abcd", "xyS", "ax bx cy dy xS yS"))
    assert {node: y for node, (_, y) in places.items()} == {
        "a": 0, "b": 0, "c": 0, "d": 0, "x": 1, "y": 1, "S": 2,
    }  # fmt: skip
    assert places["S"][0] == 2
    assert places["x"][0] == (places["a"][0] + places["b"][0]) / 2


def test_hosts_stand_by_their_switch_whatever_their_order() -> None:
    places = place(view("abcd", "xy", "ax by cx dy xy"))
    assert sorted("abcd", key=lambda host: places[host]) == ["a", "c", "b", "d"]


def test_a_ring_is_a_circle_with_its_hosts_outside() -> None:
    places = place(view("abcd", "wxyz", "aw bx cy dz wx xy yz zw"))
    radius = {node: round(math.hypot(*places[node]), 4) for node in places}
    assert {radius[s] for s in "wxyz"} == {1.0}
    assert {radius[h] for h in "abcd"} == {2.0}


def test_hosts_linked_to_one_another_need_no_switch() -> None:
    assert len(set(place(view("ab", "", "ab")).values())) == 2
    assert len(set(place(view("abcd", "", "ab bc cd da")).values())) == 4


def test_given_places_are_kept_in_shape() -> None:
    plain = view("ab", "x", "ax bx")
    given_places = {"a": (0.0, 0.0), "b": (4000.0, 0.0), "x": (2000.0, 1000.0)}
    places = place(TopologyView(plain.hosts, plain.switches, plain.links, {}, given_places))
    assert places["b"][0] == 4 * places["x"][1] > 0


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_no_two_nodes_share_a_place(pairs: list[tuple[int, int]]) -> None:
    nodes = [f"n{i}" for i in range(12)]
    links = tuple(LinkView(nodes[a], nodes[b], 1, 1) for a, b in pairs if a != b)
    places = place(TopologyView(tuple(nodes[:6]), tuple(nodes[6:]), links))
    assert set(places) == set(nodes)
    assert len(set(places.values())) == 12
