"""What the charts with curves show: calculated everywhere, with marks where it was simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import log2

from overlaysim.compare import numbers
from overlaysim.compare.arithmetic import Load, load_of
from overlaysim.compare.datagram import Road
from overlaysim.compare.mix import LARGEST_PAYLOAD, single
from overlaysim.compare.pair import Pair
from overlaysim.compare.points import Point
from overlaysim.compare.settings import BASELINE, Settings
from overlaysim.report.charts import Curve, CurveChart, Mark, Scale

_SMALLEST = 16
"""Bytes of payload where the curves over the payload begin."""
_STEPS = 12
"""Points of such a curve for each doubling."""
_BEYOND = 1.5
"""Times the MTU, up to which curves go on, so that one sees what cutting costs."""

_LOADS = tuple(Fraction(step, 50) for step in range(1, 50))
"""Where latency is calculated."""
_HIGHEST = 12
"""Times the baseline's latency on an idle line: what is above is not shown."""


def efficiency_curves(points: Sequence[Point]) -> CurveChart:
    """Efficiency over the payload."""

    def calculate(load: Load) -> float:
        return 100 * float(load.efficiency)

    curves = _over_payload(points, calculate, lambda point: point.efficiency, 0.01)
    scale = _payload_scale(curves, "payload / bytes on the wire, %", (0, 100))
    return CurveChart(curves, BASELINE, scale)


def goodput_curves(settings: Settings, points: Sequence[Point]) -> CurveChart:
    """Goodput on the line over the payload."""
    unit, prefix = numbers.prefix_for(settings.rate)

    def calculate(load: Load) -> float:
        return float(load.goodput(settings.rate)) / unit

    curves = _over_payload(points, calculate, lambda point: point.line_goodput, unit)
    scale = _payload_scale(curves, f"goodput, {prefix}bit/s", (0, settings.rate / unit))
    return CurveChart(curves, BASELINE, scale)


def latency_curves(settings: Settings, points: Sequence[Point]) -> CurveChart:
    """Mean latency on the line over the load."""
    baseline = points[0].baseline
    idle = float(baseline.time(settings.rate)) / baseline.count
    unit, name = numbers.time_unit_for(idle / 1e12)
    curves = [_latency_curve(settings, point, unit) for point in points if point.fits]
    scale = Scale(
        f"load: {points[0].mix.name} offered, % of what plain packets fill",
        f"mean latency, {name}",
        limits=(0, _HIGHEST * idle / 1e12 / unit), lowest_first=True,
    )  # fmt: skip
    return CurveChart(curves, BASELINE, scale)


# ---- over the payload -------------------------------------------------------------------------


def _over_payload(
    points: Sequence[Point], calculate: Callable[[Load], float],
    quantity: Callable[[Point], Pair], unit: float,
) -> list[Curve]:  # fmt: skip
    largest = _largest_payload(points)
    return [
        _payload_curve(of_road, largest, calculate, quantity, unit) for of_road in _by_road(points)
    ]


def _payload_curve(
    points: Sequence[Point], largest: int, calculate: Callable[[Load], float],
    quantity: Callable[[Point], Pair], unit: float,
) -> Curve:  # fmt: skip
    road, work = points[0].road, points[0].load.work
    loads = {size: load_of(road, single(size), work) for size in _payloads(road, largest)}
    shown = {float(size): round(calculate(load), 9) for size, load in loads.items() if load.count}
    marks = tuple(
        Mark(point.mix.payload, quantity(point).simulated or 0.0)
        for point in points
        if point.mix.is_single and quantity(point).simulated is not None
    )
    scaled = tuple(Mark(mark.x, mark.y / unit) for mark in marks)
    return Curve(road.encapsulation.name, tuple(shown), tuple(shown.values()), scaled)


def _by_road(points: Sequence[Point]) -> Iterable[list[Point]]:
    groups: dict[Road, list[Point]] = {}
    for point in points:
        groups.setdefault(point.road, []).append(point)
    return groups.values()


def _largest_payload(points: Sequence[Point]) -> int:
    singles = [int(point.mix.payload) for point in points if point.mix.is_single]
    return min(LARGEST_PAYLOAD, max([int(_BEYOND * points[0].road.mtu), *singles]))


def _payloads(road: Road, largest: int) -> list[int]:
    """Even steps on a logarithmic axis, and both sides of where packets begin to be cut."""
    count = int(_STEPS * log2(largest / _SMALLEST))
    even = {round(_SMALLEST * 2 ** (step / _STEPS)) for step in range(count + 1)}
    limit = road.inner_mtu - road.packet(0)
    edges = {size for size in (limit, limit + 1) if _SMALLEST <= size <= largest}
    return sorted(even | edges | {largest})


def _payload_scale(curves: Sequence[Curve], what: str, limits: tuple[float, float]) -> Scale:
    largest = max(x for curve in curves for x in curve.xs)
    ticks = tuple(float(_SMALLEST * 2**n) for n in range(int(log2(largest / _SMALLEST)) + 1))
    return Scale("UDP payload, bytes", what, ticks=ticks, limits=limits)


# ---- over the load ----------------------------------------------------------------------------


def _latency_curve(settings: Settings, point: Point, unit: float) -> Curve:
    full = point.baseline.packets_per_second(settings.rate)
    found = {
        float(100 * share): round(latency / unit, 9)
        for share in _LOADS
        if (latency := point.load.latency(share * full, settings.rate)) is not None
    }
    marks = tuple(
        Mark(float(100 * latency.share), mean.mean / unit, mean.half / unit)
        for latency in point.latencies
        if (mean := latency.mean.interval) is not None
    )
    return Curve(point.label, tuple(found), tuple(found.values()), marks)
