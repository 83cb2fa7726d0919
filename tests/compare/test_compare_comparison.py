"""A whole comparison: what it says, in all its forms, and that it notices disagreement."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from overlaysim.compare import Comparison, compare
from overlaysim.compare.pair import Pair
from overlaysim.measure.confidence import Interval
from overlaysim.overlay.encapsulation import Encapsulation
from overlaysim.wire import Header

SIX = ("vxlan", "geneve-opt8", "nvgre", "wireguard", "vxlan-esp-docker", "none")


class Tiny(Header, udp_port=7777):
    WIRE = "version=1:8 tenant:24"
    tenant: int

    def inner_binding(self) -> tuple[str, int]:
        return "ethertype", 0x6558


MINE = Encapsulation(
    "a_b&c<i>", lambda tunnel, length: (tunnel.udp(7777), Tiny(tunnel.network)),
    entropy="UDP source port", network=(Tiny, "tenant", 24),
)  # fmt: skip


@pytest.fixture(scope="module")
def imix() -> Comparison:
    return compare(*SIX, replications=4, packets=300)


@pytest.fixture(scope="module")
def mine() -> Comparison:
    return compare(
        MINE, "masque-connect-udp", "802.1q", sizes=[64, 1472], underlay="both", mtus=[1500, 9000],
        loads=[0.3], replications=3, packets=50,
    )  # fmt: skip


def rows(result: Comparison) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.csv())))


def value(result: Comparison, name: str, quantity: str) -> float:
    (row,) = [r for r in rows(result) if (r["encapsulation"], r["quantity"]) == (name, quantity)]
    return float(row["analytic"])


def blocks(result: Comparison) -> Iterator[list[str]]:
    for block in result.text().split("\n\n"):
        yield block.splitlines()


def test_imix_by_hand(imix: Comparison) -> None:
    """VXLAN: outer packets of 90 and 626 B, and one of 1550 B in fragments of 1500 and 70 B."""
    wire = (7 * (90 + 38) + 4 * (626 + 38) + (1500 + 38) + (70 + 38)) / 12
    payload = (7 * 12 + 4 * 548 + 1472) / 12
    assert value(imix, "vxlan", "wire_bytes") == pytest.approx(wire)
    assert value(imix, "vxlan", "efficiency") == pytest.approx(payload / wire)
    assert value(imix, "vxlan", "line_goodput") == pytest.approx(1e10 * payload / wire)
    assert value(imix, "vxlan", "bottleneck_goodput") == pytest.approx(1e9 * payload / wire)
    assert value(imix, "vxlan", "frames") == pytest.approx(13 / 12)
    assert value(imix, "none", "relative_efficiency") == 1
    assert value(imix, "vxlan", "utilisation") == pytest.approx(0.6 * wire / (4582 / 12))


def test_every_deterministic_pair_agrees_to_the_bit(imix: Comparison, mine: Comparison) -> None:
    for result in (imix, mine):
        exact = [pair for pair in result.pairs if not pair.is_random]
        assert len(exact) > 20
        assert {pair.difference for pair in exact} == {0}
        assert result.agrees


def test_the_text_is_no_wider_than_a_terminal(imix: Comparison, mine: Comparison) -> None:
    for result in (imix, mine):
        assert max(map(len, result.text().splitlines())) <= 100


def test_the_text_has_a_table_per_topic(imix: Comparison) -> None:
    titles = [block[0] for block in blocks(imix)]
    starts = [
        "6 encapsulations", "bytes added", "per packet", "10 Gbit/s line", "1 Gbit/s bottleneck",
        "latency at 60 % load", "64 flows on 4 paths", "IMIX: inner IPv4 packets of 40",
    ]  # fmt: skip
    assert len(titles) == len(starts)
    assert all(map(str.startswith, titles, starts))
    assert re.search(r"bytes, rates: (\d+) of \1 simulated values equal .* exactly", imix.text())


def test_layers_add_up_to_the_wire(mine: Comparison) -> None:
    groups: dict[tuple[str, ...], float] = {}
    wires = {}
    for row in rows(mine):
        key = (row["encapsulation"], row["underlay"], row["mtu_bytes"], row["traffic"])
        if row["quantity"].startswith("layer_"):
            groups[key] = groups.get(key, 0) + float(row["analytic"])
        elif row["quantity"] == "wire_bytes" and row["analytic"]:
            wires[key] = float(row["analytic"])
    assert groups == pytest.approx(wires)
    assert len(wires) == 4 * 2 * 2 * 2 - 2  # 1472 B do not fit CONNECT-UDP over IPv4 and IPv6


def test_csv_is_tidy(imix: Comparison) -> None:
    found = rows(imix)
    keys = [(r["encapsulation"], r["underlay"], r["mtu_bytes"], r["traffic"], r["load"],
             r["quantity"]) for r in found]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert all(row["unit"] and row["analytic"] for row in found)
    latency = [row for row in found if row["quantity"] == "latency"]
    assert {row["load"] for row in latency} == {"0.6"}
    assert all(float(row["interval_half_width"]) > 0 for row in latency)


def test_a_user_s_name_is_harmless_everywhere(mine: Comparison) -> None:
    assert r"a\_b\&c\textless{}i\textgreater{}" in mine.latex()
    assert "a_b&c" not in mine.latex()
    page = mine._repr_html_()
    assert "a_b&amp;c&lt;i&gt;" in page
    assert "<i>" not in page
    assert "a_b&c<i>" in mine.text()


def test_what_does_not_fit_is_told(mine: Comparison) -> None:
    text = mine.text()
    assert "the packet of 1500 B is dropped: masque-connect-udp" in text
    assert "masque-connect-udp leaves the inner IP and UDP headers out: 28 less" in text
    assert "the packet of 1500 B goes as outer fragments: a_b&c<i>" in text


def test_charts_have_a_mark_for_each_simulated_size(mine: Comparison) -> None:
    charts = mine.charts()
    assert set(charts) == {
        "balance", "bytes-mtu-1500", "bytes-mtu-9000",
        *(f"{topic}-ipv{family}-mtu-{mtu}" for family in (4, 6) for mtu in (1500, 9000)
          for topic in ("efficiency", "goodput", "latency-1", "latency-2")),
    }  # fmt: skip
    efficiency = charts["efficiency-ipv4-mtu-9000"]
    curves = {curve.name: curve for curve in efficiency.curves}  # type: ignore[union-attr]
    for curve in curves.values():
        assert [mark.x for mark in curve.marks] == [64, 1472]
        at = dict(zip(curve.xs, curve.ys, strict=True))
        assert at[64.0] == pytest.approx(curve.marks[0].y)
    dropped = charts["latency-2-ipv4-mtu-1500"].curves  # type: ignore[union-attr]
    assert "masque-connect-udp" not in {curve.name for curve in dropped}


def test_calculation_alone_simulates_nothing() -> None:
    result = compare("vxlan", sizes=[64, 128], simulate=False)
    assert result.pairs == ()
    assert result.agrees
    assert "simulated" not in result.text()
    (vxlan,) = [
        line for line in result.text().splitlines() if line.startswith("vxlan   ") and "%" in line
    ]
    assert vxlan.split() == ["vxlan", "35.56", "%", "52.46", "%"]


def test_an_overload_is_called_one() -> None:
    result = compare("geneve-opt252", sizes=[64], loads=[0.9], replications=2, packets=20)
    (row,) = [
        line for line in result.text().splitlines()
        if line.startswith("geneve-opt252") and "overload" in line
    ]  # fmt: skip
    assert row.split()[-3:] == ["-", "-", "-"]


def test_a_wrong_simulation_is_noticed(imix: Comparison) -> None:
    first = imix.points[0]
    wrong = replace(first, wire=Pair(first.wire.analytic, (first.wire.analytic or 0) + 1))
    result = replace(imix, points=(wrong, *imix.points[1:]))
    assert not result.agrees
    assert "WRONG" in result.text()
    assert re.search(r"bytes, rates: 4\d of 4\d simulated values equal .* to rounding, within", (
        result.text()
    ))  # fmt: skip


def test_an_estimate_beside_the_mark_is_marked_but_not_wrong(imix: Comparison) -> None:
    first = imix.points[0]
    (latency,) = first.latencies
    off = replace(latency, mean=Pair(1.0, 2.0, interval=Interval(2.0, 0.5)))
    result = replace(imix, points=(replace(first, latencies=(off,)), *imix.points[1:]))
    assert result.agrees
    assert "OUTSIDE" in result.text()


def test_pairs_by_hand() -> None:
    assert Pair(2.0, 3.0).difference == 0.5
    assert Pair(2.0, 2.0 + 1e-9).agrees is False
    assert Pair(2.0, 2.0 + 1e-9, rounding=1e-9).agrees is True
    assert Pair(2.0).agrees is None
    assert Pair(2.0, 2.4, interval=Interval(2.4, 0.5)).agrees is True


def test_the_same_seed_gives_the_same_numbers(imix: Comparison) -> None:
    again = compare("wireguard", replications=4, packets=300)
    other = compare("wireguard", replications=4, packets=300, seed=2)

    def latency(result: Comparison) -> float | None:
        (point,) = [point for point in result.points if point.name == "wireguard"]
        return point.latencies[0].mean.simulated

    assert latency(again) == latency(imix)  # whoever else is compared
    assert latency(other) != latency(imix)
