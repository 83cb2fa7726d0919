"""What users may ask a comparison for, and what they are told if it cannot be had."""

from __future__ import annotations

from fractions import Fraction

import pytest

from overlaysim.compare import Settings, read_settings
from overlaysim.errors import InputError
from overlaysim.host.processor import FREE, Work
from overlaysim.overlay.encapsulation import Encapsulation, encapsulation, encapsulations
from overlaysim.units import NS, US


def names(settings: Settings) -> list[str]:
    return [known.name for known in settings.encapsulations]


def test_the_baseline_is_always_there_and_nothing_twice() -> None:
    assert names(read_settings(["vxlan", "gre", "vxlan"])) == ["vxlan", "gre", "none"]
    assert names(read_settings(["none", "gre"])) == ["none", "gre"]
    assert len(read_settings(["gre", "all"]).encapsulations) == len(encapsulations())
    assert names(read_settings(["gre", "all"]))[0] == "gre"


def test_a_declaration_of_ones_own() -> None:
    mine = Encapsulation("mine", lambda tunnel, length: (tunnel.udp(7777),))
    assert names(read_settings([mine])) == ["mine", "none"]


def test_quantities_have_units() -> None:
    found = read_settings(
        ["vxlan"], rate="40 Gbit/s", mtus=["9kB", 1500], loads=["80%", 0.25],
        per_packet=["2us"], per_byte=["0.1ns"],
    )  # fmt: skip
    assert (found.rate, found.bottleneck) == (40 * 10**9, 4 * 10**9)
    assert found.mtus == (9000, 1500)
    assert found.loads == (Fraction(4, 5), Fraction(1, 4))
    assert found.work == {"vxlan": Work(2 * US, NS // 10)}


def test_costs_of_one_encapsulation_count_before_those_of_all() -> None:
    found = read_settings(["vxlan", "gre"], per_packet=["gre=5us", "1us", "none=3us"])
    assert {name: work.packet // US for name, work in found.work.items()} == {
        "vxlan": 1, "gre": 5, "none": 3,
    }  # fmt: skip
    assert found.work_of(encapsulation("ipip")) == FREE


def test_what_is_not_specified_over_an_underlay_is_left_out() -> None:
    found = read_settings(["ipip", "ip-in-ipv6", "vxlan"], underlay="both")
    assert found.left_out == (("ip-in-ipv6", 4), ("ipip", 6))
    roads = [(road.encapsulation.name, road.family) for road in found.roads()]
    assert roads == [("ipip", 4), ("vxlan", 4), ("none", 4),
                     ("ip-in-ipv6", 6), ("vxlan", 6), ("none", 6)]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "options", "expected"),
    [
        ([], {}, "name the encapsulations to compare, or all"),
        (["vxlam"], {}, '"vxlam" is not an encapsulation; did you mean vxlan?'),
        (["vxlan"], {"underlay": "ipv5"},
         '--underlay: "ipv5" is not one of ipv4, ipv6, both; did you mean ipv6?'),
        (["ipip"], {"underlay": "ipv6"}, "--underlay: none of these encapsulations goes over IPv6"),
        (["vxlan"], {"mtus": [575]}, "--mtu: 575 B is not from 576 B (IPv4) to 65535 B"),
        (["vxlan"], {"mtus": [1279], "underlay": "both"},
         "--mtu: 1279 B is not from 1280 B (IPv6) to 65535 B"),
        (["vxlan"], {"mtus": ["big"]}, '--mtu: "big" is not a size; write a number and B'),
        (["vxlan"], {"rate": "10"}, '--rate: "10" is not a rate; write a number and bit/s'),
        (["vxlan"], {"rate": "1Gbit/s", "bottleneck": "2Gbit/s"},
         "--bottleneck: 2 Gbit/s is more than the line's 1 Gbit/s"),
        (["vxlan"], {"loads": [1]}, '--load: "1" is not a share; write for example 0.8 or 80%'),
        (["vxlan"], {"loads": ["nan"]}, '--load: "nan" is not a share'),
        (["vxlan"], {"hash": "key"},
         '--hash: "key" is not one of 5-tuple, keys; did you mean keys?'),
        (["vxlan"], {"oversize": "drop"}, '--oversize: "drop" is not one of outer, inner'),
        (["vxlan"], {"paths": 0}, "--paths: 0 is not from 1 to 64"),
        (["vxlan"], {"flows": 2000}, "--flows: 2000 is not from 1 to 1024"),
        (["vxlan"], {"replications": 1}, "--replications: 1 is not from 2 to 1000"),
        (["vxlan"], {"packets": 1}, "--packets: 1 is not from 10 to 1000000"),
        (["vxlan"], {"per_packet": ["vxlam=1us"]},
         '--per-packet: "vxlam" is not one of the encapsulations compared; did you mean vxlan?'),
        (["vxlan"], {"per_byte": ["1"]}, '--per-byte: "1" is not a duration; write a number and'),
    ],
)  # fmt: skip
def test_mistakes(wanted: list[str], options: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(wanted, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(expected)


def test_all_misspelt_names_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_settings(["vxlam", "gree"])
    assert len(caught.value.problems) == 2
