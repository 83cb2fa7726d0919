"""A comparison as one long table: a line per quantity, with its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from overlaysim.compare.datagram import LAYERS, Road
from overlaysim.compare.pair import Pair
from overlaysim.compare.points import Balance, Point
from overlaysim.compare.settings import Settings
from overlaysim.report.safe import csv_line

HEAD = (
    "encapsulation", "underlay", "mtu_bytes", "inner", "traffic", "load", "quantity", "unit",
    "analytic", "simulated", "interval_half_width", "difference", "agrees",
)  # fmt: skip


class Row(NamedTuple):
    """One quantity at one point.

    Attributes:
        mtu: of the underlay in bytes; None where it does not matter.
        traffic: name of the mix; empty where it does not matter.
        load: share of what the baseline could send; None where it does not matter.
    """

    road: Road
    mtu: int | None
    traffic: str
    load: Fraction | None
    quantity: str
    unit: str
    pair: Pair


def csv_lines(
    settings: Settings, points: Sequence[Point], balances: Sequence[Balance]
) -> Iterator[str]:
    """Every quantity as a line of CSV, a head first."""
    yield csv_line(HEAD)
    for point in points:
        for row in _rows(point):
            yield _line(row)
    for balance in balances:
        name = f"busiest_of_{settings.paths}_paths_of_{settings.flows}_flows"
        yield _line(Row(balance.road, None, "", None, name, "share", balance.busiest))


def _rows(point: Point) -> Iterator[Row]:
    def row(quantity: str, unit: str, pair: Pair, load: Fraction | None = None) -> Row:
        return Row(point.road, point.road.mtu, point.mix.name, load, quantity, unit, pair)

    least, most = point.added()["total"]
    yield row("added_least", "bytes", Pair(least))
    yield row("added_most", "bytes", Pair(most))
    yield row("inner_mtu", "bytes", Pair(point.road.inner_mtu))
    for way, count in point.load.ways.items():
        name = way.value.replace(" ", "_")
        yield row(f"packets_{name}", "share", Pair(count / point.load.offered))
    for layer in LAYERS if point.fits else ():
        mean = point.load.layers[layer] / point.load.count
        yield row(f"layer_{_identifier(layer)}", "bytes/packet", Pair(mean))
    yield row("frames", "frames/packet", point.frames)
    frame_bytes = point.load.frame_bytes / point.load.count if point.fits else None
    yield row("frame_bytes", "bytes/packet", Pair(frame_bytes))
    yield row("wire_bytes", "bytes/packet", point.wire)
    yield row("efficiency", "share", point.efficiency)
    yield row("relative_efficiency", "share", Pair(point.relative))
    yield row("line_packets", "packet/s", point.line_packets)
    yield row("line_goodput", "bit/s", point.line_goodput)
    yield row("bottleneck_packets", "packet/s", point.slow_packets)
    yield row("bottleneck_goodput", "bit/s", point.slow_goodput)
    for latency in point.latencies:
        yield row("utilisation", "share", Pair(float(latency.utilisation)), latency.share)
        yield row("latency", "s", latency.mean, latency.share)


def _identifier(words: str) -> str:
    return "_".join(words.replace(",", "").split()).lower()


def _line(row: Row) -> str:
    pair = row.pair
    return csv_line(
        (
            row.road.encapsulation.name, f"IPv{row.road.family}", row.mtu, f"IPv{row.road.inner}",
            row.traffic, None if row.load is None else float(row.load), row.quantity, row.unit,
            pair.analytic, pair.simulated,
            None if pair.interval is None else pair.interval.half, pair.difference,
            None if pair.agrees is None else "yes" if pair.agrees else "no",
        )
    )  # fmt: skip
