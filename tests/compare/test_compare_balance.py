"""How flows spread over paths: exactly, and by hashing real packets."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from overlaysim.compare.balance import FLOW_IDS, MANY, expected_busiest, visible_values
from overlaysim.compare.datagram import Road
from overlaysim.compare.simulate import busiest_shares
from overlaysim.measure.confidence import interval
from overlaysim.overlay.encapsulation import encapsulation, encapsulations


def all_outcomes(flows: int, paths: int) -> float:
    total = sum(
        max(Counter(outcome).values()) for outcome in itertools.product(range(paths), repeat=flows)
    )
    return total / paths**flows / flows


def all_outcomes_of_values(flows: int, paths: int, values: int) -> float:
    total = sum(
        max(Counter(path[value] for value in taken).values())
        for taken in itertools.product(range(values), repeat=flows)
        for path in itertools.product(range(paths), repeat=values)
    )
    return total / values**flows / paths**values / flows


@pytest.mark.parametrize(
    ("flows", "paths"), [(1, 3), (2, 2), (3, 2), (5, 3), (8, 2), (6, 4), (5, 5), (4, 7)]
)
def test_the_largest_of_a_multinomial_is_what_all_outcomes_give(flows: int, paths: int) -> None:
    assert expected_busiest(flows, paths) == pytest.approx(all_outcomes(flows, paths), abs=1e-12)


@pytest.mark.parametrize(("flows", "paths", "values"), [(3, 2, 3), (4, 3, 3), (5, 2, 4), (4, 4, 2)])
def test_few_values_keep_flows_together(flows: int, paths: int, values: int) -> None:
    expected = all_outcomes_of_values(flows, paths, values)
    assert expected_busiest(flows, paths, values) == pytest.approx(expected, abs=1e-12)


def test_the_ends_of_the_scale() -> None:
    assert expected_busiest(64, 1) == 1
    assert expected_busiest(64, 4, 1) == 1
    assert expected_busiest(64, 4) < expected_busiest(64, 4, FLOW_IDS) < expected_busiest(64, 4, 8)
    assert expected_busiest(16, 4, 1 << 9) == pytest.approx(expected_busiest(16, 4), abs=3e-3)
    many = [expected_busiest(flows, 4) for flows in (4, 16, 64, 256, 1024)]
    assert many == sorted(many, reverse=True)
    assert many[-1] == pytest.approx(0.25 + 1.03 * (0.25 * 0.75 / 1024) ** 0.5, abs=0.004)


@pytest.mark.parametrize("known", encapsulations(), ids=lambda known: known.name)
def test_what_switches_see_is_what_the_declaration_says(known: object) -> None:
    """The words of the declaration's entropy and its headers say the same."""
    assert hasattr(known, "entropy")
    words, families = known.entropy, known.families  # type: ignore[attr-defined]
    for family in families:
        seen = visible_values(known, family, keys=False)  # type: ignore[arg-type]
        if words.startswith(("inner 5-tuple", "TCP source port")) or words == "UDP source port":
            assert seen is MANY
        elif words == "IPv6 flow label":
            assert seen is (MANY if family == 6 else 1)
        else:
            assert seen == 1
        with_keys = visible_values(known, family, keys=True)  # type: ignore[arg-type]
        assert with_keys == (FLOW_IDS if "FlowID" in words else seen)


@pytest.mark.parametrize(
    ("name", "family", "keys"),
    [("vxlan", 4, False), ("none", 4, False), ("802.1ad-qinq", 4, False),
     ("mpls-1-label", 6, False), ("ip-in-ipv6", 6, False), ("stt-single-segment", 4, True),
     ("nvgre", 4, True)],
)  # fmt: skip
def test_real_packets_spread_as_expected(name: str, family: int, keys: bool) -> None:
    there = Road(encapsulation(name), family, mtu=9000)
    shares = busiest_shares(there, 48, 4, 30, seed=2, keys=keys)
    values = visible_values(there.encapsulation, family, keys=keys)
    assert interval(shares, 0.99).holds(expected_busiest(48, 4, values))


@pytest.mark.parametrize(
    ("name", "keys"),
    [("nvgre", False), ("gre-key", True), ("wireguard", False), ("vxlan-esp-docker", True),
     ("gtp-u", True), ("l2tpv3-udp", False), ("esp-transport-aes-gcm16", True)],
)  # fmt: skip
def test_without_entropy_all_flows_take_one_path(name: str, keys: bool) -> None:
    there = Road(encapsulation(name), mtu=9000)
    assert busiest_shares(there, 32, 4, 5, seed=3, keys=keys) == [1.0] * 5
