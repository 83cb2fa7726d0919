"""Which charts a comparison has, and what they show."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.compare import numbers
from overlaysim.compare.curves import efficiency_curves, goodput_curves, latency_curves
from overlaysim.compare.datagram import ADDED, Way, added_layers
from overlaysim.compare.pair import Pair
from overlaysim.compare.points import Balance, Point
from overlaysim.compare.settings import Settings
from overlaysim.report.charts import Chart, Dot, DotChart, Stack, StackChart
from overlaysim.units import format_rate


def charts_of(
    settings: Settings, points: Sequence[Point], balances: Sequence[Balance]
) -> dict[str, Chart]:
    """All charts, by file name without suffix."""
    charts = {"balance": _balance(settings, balances)}
    for mtu in settings.mtus:
        there = [point for point in points if point.road.mtu == mtu]
        charts[f"bytes-mtu-{mtu}"] = _bytes(settings, there)
        for family in settings.families:
            here = [point for point in there if point.road.family == family]
            for name, chart in _of_place(settings, here).items() if here else ():
                charts[f"{name}-ipv{family}-mtu-{mtu}"] = chart
    return charts


def _of_place(settings: Settings, points: Sequence[Point]) -> dict[str, Chart]:
    """The charts of one underlay: of several mixes each has its own, by number."""
    charts: dict[str, Chart] = {"efficiency": efficiency_curves(points)}
    if any(point.mix.is_single for point in points):
        charts["goodput"] = goodput_curves(settings, points)
    for number, mix in enumerate(settings.mixes, start=1):
        of_mix = [point for point in points if point.mix == mix]
        suffix = f"-{number}" if len(settings.mixes) > 1 else ""
        if not mix.is_single:
            charts[f"goodput{suffix}"] = _goodput(settings, of_mix)
        charts[f"latency{suffix}"] = latency_curves(settings, of_mix)
    return charts


# ---- bars -------------------------------------------------------------------------------------


def _bytes(settings: Settings, points: Sequence[Point]) -> Chart:
    """Bytes added to a packet, as means over the packets of the first mix that go whole."""
    panels = {}
    for family in settings.families:
        here = [p for p in points if p.road.family == family and p.mix == settings.mixes[0]]
        if here:
            panels[f"IPv{family} underlay"] = [_stack(point) for point in here]
    return StackChart(panels, "bytes added to a packet")


def _stack(point: Point) -> Stack:
    load = point.load
    whole = [pair for pair in load.datagrams if pair[0].way is Way.WHOLE] or load.datagrams
    total = sum(count for _, count in whole)
    parts = dict.fromkeys(ADDED, 0.0)
    for known, count in whole:
        for layer, size in added_layers(point.road, known.packet).items():
            if layer in parts:
                parts[layer] += size * count / total
    text = numbers.span(*point.added()["total"])
    if point.left_out:
        text += f": inner headers of {point.left_out} left out"
    return Stack(point.name, parts, text)


def _balance(settings: Settings, balances: Sequence[Balance]) -> Chart:
    panels: dict[str, list[Dot]] = {}
    for balance in balances:
        dots = panels.setdefault(f"IPv{balance.road.family} underlay", [])
        dots.append(_dot(balance.road.encapsulation.name, balance.busiest, 0.01))
    unit = f"share of {settings.flows} flows on the busiest of {settings.paths} paths, %"
    return DotChart(panels, unit, (100 / settings.paths, "even"))


def _dot(name: str, pair: Pair, unit: float) -> Dot:
    measured = None if pair.simulated is None else pair.simulated / unit
    return Dot(name, (pair.analytic or 0.0) / unit, measured, _half(pair) / unit)


def _half(pair: Pair) -> float:
    return 0.0 if pair.interval is None else pair.interval.half


def _goodput(settings: Settings, points: Sequence[Point]) -> Chart:
    """Goodput of one mix, on the line and behind the bottleneck."""
    panels = {}
    for rate, word, quantity in (
        (settings.rate, "line", "line_goodput"),
        (settings.bottleneck, "bottleneck", "slow_goodput"),
    ):  # fmt: skip
        panels[f"{format_rate(rate)} {word}"] = [
            _dot(point.label, getattr(point, quantity), rate / 100)
            for point in points
            if point.fits
        ]
    return DotChart(panels, f"goodput of {points[0].mix.name}, % of the link's rate")
