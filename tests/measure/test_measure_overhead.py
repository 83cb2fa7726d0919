from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overlaysim.measure import CATEGORIES, LinkUse, measure_overhead
from overlaysim.sim import KINDS, Composition, composition
from overlaysim.sim.accounts import cut

PING = composition("data", 56, 42, 8, 42)
TABLE = composition("table", 300, 0, 0, 42)


def link(frames: dict[Composition, int], extra: int = 24, name: str = "a->b") -> LinkUse:
    return LinkUse(name, 10**9, frames, {}, 0, 0, extra)


def test_the_bytes_of_a_ping_over_vxlan() -> None:
    """56 bytes; inside ICMP 8, IPv4 20, Ethernet 14; VXLAN 8; UDP 8, IPv4 20, Ethernet 14."""
    found = measure_overhead([link({PING: 10})])
    assert found.total["payload"] == 560
    assert found.total["inner-headers"] == 420
    assert found.total["encapsulation"] == 80
    assert found.total["outer-headers"] == 420
    assert found.total["ethernet-extras"] == 240
    assert found.size == 1720
    assert found.share("payload") == 560 / 1720


def test_control_traffic_is_overhead_as_a_whole() -> None:
    found = measure_overhead([link({TABLE: 2, PING: 1})])
    assert found.total["table"] == 2 * (342 + 24)
    assert found.total["payload"] == 56
    assert found.frames["table"] == 2
    assert found.frames["containers"] == 1


def test_only_the_headers_of_further_fragments_are_what_cutting_costs() -> None:
    """1550 bytes of IP over 1500: 1514 + 84, of which the second repeats 34 and carries 50."""
    whole = composition("data", 1472, 42, 8, 42)
    first, second = cut(whole, [(1514, 0), (84, 34)])
    found = measure_overhead([link({first: 1, second: 1})])
    assert found.total["fragment"] == 34
    assert found.total["payload"] == 1472
    assert found.total["ethernet-extras"] == 48
    assert found.total["outer-headers"] == 42
    control = cut(composition("table", 1472, outer_headers=42), [(1514 - 34, 0), (34 + 34, 34)])
    found = measure_overhead([link(dict.fromkeys(control, 1))])
    assert found.total["fragment"] == 34
    assert found.total["table"] == 1514 + 48


def test_without_framing_nothing_is_extra() -> None:
    assert measure_overhead([link({PING: 1}, extra=0)]).size == 148


def test_every_link_counts_by_itself() -> None:
    found = measure_overhead([link({PING: 1}), link({PING: 2}, name="b->c")])
    assert found.links["b->c"]["payload"] == 2 * found.links["a->b"]["payload"] == 112
    assert found.total["payload"] == 168


def test_no_traffic_has_no_share() -> None:
    assert measure_overhead([]).share("payload") == 0


compositions = st.builds(
    composition, st.sampled_from(KINDS), *[st.integers(0, 1500) for _ in range(5)]
)


@given(st.lists(st.dictionaries(compositions, st.integers(0, 1000), max_size=5), max_size=4),
       st.sampled_from([0, 24]))  # fmt: skip
def test_every_byte_is_in_exactly_one_category(
    loads: list[dict[Composition, int]], extra: int
) -> None:
    links = [link(frames, extra, f"{i}->x") for i, frames in enumerate(loads)]
    found = measure_overhead(links)
    assert tuple(found.total) == CATEGORIES
    assert found.size == sum(use.bytes_on_wire for use in links)
    expected = sum(n * (c.length + extra) for frames in loads for c, n in frames.items())
    assert found.size == expected


def test_bulk_traffic_is_neither_the_containers_nor_the_control_planes() -> None:
    found = measure_overhead([link({composition("bulk", 1000, 42, 8, 42): 3, PING: 1})])
    assert found.total["bulk-payload"] == 3000
    assert found.total["bulk-headers"] == 3 * (92 + 24)
    assert found.total["payload"] == 56
    assert (found.frames["bulk"], found.frames["containers"]) == (3, 1)
