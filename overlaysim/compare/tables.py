"""A comparison as tables, one per topic, narrow enough for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from overlaysim.compare import numbers
from overlaysim.compare.datagram import (
    HEADER,
    INNER_ETHERNET,
    OUTER_IP,
    OUTER_TRANSPORT,
    TRAILER,
    Way,
)
from overlaysim.compare.pair import Pair
from overlaysim.compare.points import Balance, Latency, Point
from overlaysim.compare.settings import BASELINE, Settings
from overlaysim.report.table import Table
from overlaysim.units import format_rate

_COLUMNS = 8
"""Mixes that stand side by side in one table."""

_ADDED = {
    OUTER_IP: "outer IP", OUTER_TRANSPORT: "UDP/TCP", HEADER: "header", INNER_ETHERNET: "Ethernet",
    TRAILER: "padding, tag", "total": "added",
}  # fmt: skip
OVERLOADED = "overload"
_LEAVES = {
    Way.OUTER: "goes as outer fragments", Way.INNER: "is fragmented before it is encapsulated",
    Way.SEGMENTS: "goes as segments that the network card cuts", Way.NOT: "is dropped",
}  # fmt: skip


def tables_of(
    settings: Settings, points: Sequence[Point], balances: Sequence[Balance]
) -> list[Table]:
    """All tables of a comparison, in the order in which they are read."""
    tables: list[Table] = []
    for place, there in _grouped(points, _place):
        of_mixes = [of_mix for _, of_mix in _grouped(there, lambda point: point.mix.name)]
        tables.append(_added_table(place, of_mixes[0]))
        if len(of_mixes) > 1:
            tables += _overviews(settings, place, of_mixes)
        if len(of_mixes) > 1 and not settings.simulate:
            continue
        for of_mix in of_mixes:
            where = f"{of_mix[0].mix.name}, {place}"
            tables.append(_wire_table(where, of_mix, settings.simulate))
            tables += _throughput_tables(settings, where, of_mix)
            tables += _latency_tables(settings, where, of_mix)
    return [*tables, _balance_table(settings, balances)]


def _grouped(
    points: Iterable[Point], key: Callable[[Point], str]
) -> Iterator[tuple[str, list[Point]]]:
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(key(point), []).append(point)
    yield from groups.items()


def _place(point: Point) -> str:
    return f"IPv{point.road.family}, MTU {point.road.mtu}"


# ---- several mixes side by side ---------------------------------------------------------------


def _overviews(settings: Settings, place: str, of_mixes: Sequence[Sequence[Point]]) -> list[Table]:
    """One number per encapsulation and mix, for each topic."""
    points = [point for of_mix in of_mixes for point in of_mix]
    per_bit, bit_unit = _common_unit(point.line_goodput for point in points)
    seconds = [_mean(latency) for point in points for latency in point.latencies]
    per_second, time_unit = numbers.time_unit_for(min(filter(None, seconds), default=0.0))

    def goodput(point: Point) -> str:
        return _scaled(point.line_goodput.analytic, per_bit)

    found = _side_by_side(f"efficiency, {place}", of_mixes, _efficiency)
    found += _side_by_side(f"{bit_unit}bit/s at {format_rate(settings.rate)}", of_mixes, goodput)
    if any(point.frames.analytic != 1 for point in points):
        found += _side_by_side("frames per packet", of_mixes, _frames)
    for number, share in enumerate(settings.loads):
        found += _side_by_side(
            f"latency in {time_unit}, load {numbers.percent(share, 0)}", of_mixes,
            lambda point, number=number: _latency_cell(point.latencies[number], per_second),
        )  # fmt: skip
    return found


def _side_by_side(
    title: str, of_mixes: Sequence[Sequence[Point]], cell: Callable[..., str]
) -> list[Table]:
    """A row per encapsulation, a column per mix; more mixes than fit make more tables."""
    tables = []
    for first in range(0, len(of_mixes), _COLUMNS):
        shown = of_mixes[first : first + _COLUMNS]
        head = (title, *(of_mix[0].mix.name for of_mix in shown))
        rows = tuple((points[0].name, *map(cell, points)) for points in zip(*shown, strict=True))
        tables.append(Table(head, rows))
    return tables


def _mean(latency: Latency) -> float:
    return latency.mean.analytic or latency.mean.simulated or 0.0


def _latency_cell(latency: Latency, unit: float) -> str:
    return OVERLOADED if latency.utilisation >= 1 else _scaled(latency.mean.analytic, unit)


def _frames(point: Point) -> str:
    return numbers.significant(point.frames.analytic, 4)


def _scaled(value: float | None, unit: float) -> str:
    return numbers.significant(None if value is None else value / unit)


# ---- bytes ------------------------------------------------------------------------------------


def _added_table(place: str, points: Sequence[Point]) -> Table:
    rows = []
    for point in points:
        added = point.added()
        sizes = [numbers.span(*added[layer]) for layer in _ADDED]
        rows.append((point.name, *sizes, str(point.road.inner_mtu)))
    head = (f"bytes added, {place}", *_ADDED.values(), "inner MTU")
    notes = tuple(
        f"{point.name} leaves the inner IP and UDP headers out: {point.left_out} less"
        for point in points
        if point.left_out
    )
    return Table(head, tuple(rows), notes=notes)


def _wire_table(where: str, points: Sequence[Point], simulate: bool) -> Table:
    simulated = ("simulated", "differs") if simulate else ()
    head = (f"per packet, {where}", "frames", "wire B", *simulated, "efficiency", f"of {BASELINE}")
    rows = []
    for point in points:
        found = (
            (numbers.significant(point.wire.simulated), numbers.exact_difference(point.wire))
            if simulate
            else ()
        )
        rows.append(
            (
                point.name, _frames(point),
                numbers.significant(point.wire.analytic), *found, _efficiency(point),
                numbers.percent(point.relative, 1),
            )
        )  # fmt: skip
    return Table(head, tuple(rows), notes=tuple(_what_does_not_fit(points)))


def _efficiency(point: Point) -> str:
    return numbers.percent(point.efficiency.analytic)


def _what_does_not_fit(points: Sequence[Point]) -> Iterator[str]:
    """Say by which encapsulations what is too long goes in which way."""
    if points[0].mix.is_single:
        what = f"the packet of {points[0].load.datagrams[0][0].packet} B"
    else:
        what = "what does not fit"
    for way, words in _LEAVES.items():
        names = [point.name for point in points if way in point.load.ways]
        if names:
            yield f"{what} {words}: {', '.join(names)}"


# ---- rates ------------------------------------------------------------------------------------


def _throughput_tables(settings: Settings, where: str, points: Sequence[Point]) -> Iterator[Table]:
    links = (
        (f"{format_rate(settings.rate)} line", "line"),
        (f"{format_rate(settings.bottleneck)} bottleneck", "slow"),
    )
    for title, link in links:
        packets = [getattr(point, f"{link}_packets") for point in points]
        goodputs = [getattr(point, f"{link}_goodput") for point in points]
        per_packet, packet_unit = _common_unit(packets)
        per_bit, bit_unit = _common_unit(goodputs)
        simulated = ("simulated",) if settings.simulate else ()
        head = (
            f"{title}, {where}", f"{packet_unit}packet/s", *simulated, f"{bit_unit}bit/s",
            *simulated, *(("differs",) if settings.simulate else ()),
        )  # fmt: skip
        rows = tuple(
            (
                point.name, *_exact_cells(settings, packet, per_packet),
                *_exact_cells(settings, goodput, per_bit), *_differs(settings, packet, goodput),
            )
            for point, packet, goodput in zip(points, packets, goodputs, strict=True)
        )  # fmt: skip
        yield Table(head, rows)


def _common_unit(pairs: Iterable[Pair]) -> tuple[int, str]:
    return numbers.prefix_for(max((pair.analytic or 0) for pair in pairs))


def _exact_cells(settings: Settings, pair: Pair, unit: float) -> tuple[str, ...]:
    analytic = _scaled(pair.analytic, unit)
    return (analytic, _scaled(pair.simulated, unit)) if settings.simulate else (analytic,)


def _differs(settings: Settings, *pairs: Pair) -> tuple[str, ...]:
    """How far the pair is apart that is so most."""
    if not settings.simulate:
        return ()
    worst = max(pairs, key=lambda pair: (pair.agrees is False, abs(pair.difference or 0)))
    return (numbers.exact_difference(worst),)


# ---- what is random ---------------------------------------------------------------------------


def _latency_tables(settings: Settings, where: str, points: Sequence[Point]) -> Iterator[Table]:
    """Mean latency on the line, one table per load."""
    for number, share in enumerate(settings.loads):
        latencies = [point.latencies[number] for point in points]
        unit, name = numbers.time_unit_for(min(filter(None, map(_mean, latencies)), default=0.0))
        head = (
            f"latency at {numbers.percent(share, 0)} load, {where}", "line busy", f"mean, {name}",
            *(("simulated", "differs", "interval") if settings.simulate else ()),
        )  # fmt: skip
        rows = tuple(
            (
                point.name, numbers.percent(latency.utilisation if point.fits else None, 1),
                _latency_cell(latency, unit),
                *(_random_cells(latency.mean, unit) if settings.simulate else ()),
            )
            for point, latency in zip(points, latencies, strict=True)
        )  # fmt: skip
        yield Table(head, rows)


def _random_cells(pair: Pair, unit: float) -> tuple[str, ...]:
    difference = (
        numbers.random_difference(pair) if pair.is_random else numbers.exact_difference(pair)
    )
    return numbers.estimate(pair, unit), difference, numbers.verdict(pair)


def _balance_table(settings: Settings, balances: Sequence[Balance]) -> Table:
    head = (
        f"{settings.flows} flows on {settings.paths} paths", "over", "switches see",
        "busiest path, %", *(("simulated", "differs", "interval") if settings.simulate else ()),
    )  # fmt: skip
    rows = tuple(
        (
            balance.road.encapsulation.name, f"IPv{balance.road.family}", _seen(balance.values),
            numbers.significant(100 * (balance.busiest.analytic or 0), 4),
            *(_random_cells(balance.busiest, 0.01) if settings.simulate else ()),
        )
        for balance in balances
    )  # fmt: skip
    return Table(head, rows, left=(0, 1, 2))


def _seen(values: int | None) -> str:
    if values is None:
        return "every flow"
    return "one flow" if values == 1 else f"{values} values"
