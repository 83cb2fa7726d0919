"""Carrying out a comparison."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from overlaysim.compare.arithmetic import Load, load_of
from overlaysim.compare.balance import expected_busiest, visible_values
from overlaysim.compare.comparison import Comparison
from overlaysim.compare.datagram import Road
from overlaysim.compare.mix import Mix
from overlaysim.compare.pair import Pair, estimated
from overlaysim.compare.points import Balance, Latency, Point
from overlaysim.compare.settings import Settings, read_settings
from overlaysim.compare.simulate import (
    NEAREST,
    Arrivals,
    Throughput,
    busiest_shares,
    mean_latency,
    poisson_arrivals,
    throughput,
    warm_up,
)
from overlaysim.measure.confidence import Interval, interval
from overlaysim.overlay.encapsulation import Encapsulation

Progress = Callable[[int, int], None]
"""Told how many points are done, and how many there are."""

_PROBE_MTU = 9000
"""Bytes: what shows the path of a flow fits into one packet whatever the encapsulation."""


def compare(
    *names: str | Encapsulation, progress: Progress | None = None, **options: Any
) -> Comparison:
    """Compare encapsulations, as in ``compare("vxlan", "wireguard", sizes=["imix"])``.

    Args:
        names: encapsulations by name, ``all``, or declarations of one's own.
        progress: told how far it is.
        options: those of :func:`overlaysim.compare.settings.read_settings`.

    Raises:
        InputError: something cannot be read or is out of range.
    """
    return carry_out(read_settings(names, **options), progress)


def carry_out(settings: Settings, progress: Progress | None = None) -> Comparison:
    """Calculate everything, and simulate it as well unless the settings say otherwise."""
    simulation = _Simulation(settings) if settings.simulate else None
    roads = list(settings.roads())
    points: list[Point] = []
    for road in roads:
        for mix in settings.mixes:
            points.append(_point(settings, road, mix, simulation))
            if progress is not None:
                progress(len(points), len(roads) * len(settings.mixes))
    probes = dict.fromkeys(
        Road(road.encapsulation, road.family, road.wanted, _PROBE_MTU) for road in roads
    )
    balances = tuple(_balance(settings, road, simulation) for road in probes)
    return Comparison(settings, tuple(points), balances)


class _Simulation:
    """The simulations of one comparison.

    All encapsulations meet the same datagrams at the same instants, and the same flows: what they
    differ in is then not chance.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._drawn = lru_cache(maxsize=2 * settings.replications)(self._draw)

    def throughput(self, load: Load, mix: Mix, *rates: int) -> Throughput | None:
        """Send as fast as links of these rates take it."""
        return throughput(load, mix, rates)

    def latency(self, load: Load, mix: Mix, latency: Latency, arrivals: Fraction) -> Interval:
        """Mean latency in seconds when so many datagrams arrive per second."""
        settings = self._settings
        warm = warm_up(float(latency.utilisation), load.variation)
        count = max(settings.packets, 2 * warm)
        return interval(
            [
                mean_latency(
                    load, self._drawn(mix, arrivals, warm, count, replication),
                    settings.rate,
                )
                for replication in range(settings.replications)
            ]
        )  # fmt: skip

    def busiest(self, road: Road) -> list[float]:
        """Per replication, the share of the flows on the busiest path."""
        settings = self._settings
        return busiest_shares(
            road, settings.flows, settings.paths, settings.replications, settings.seed,
            keys=settings.keys,
        )  # fmt: skip

    def _draw(
        self, mix: Mix, arrivals: Fraction, warm: int, count: int, replication: int
    ) -> Arrivals:
        return poisson_arrivals(mix, float(arrivals), warm, count, self._settings.seed, replication)


def _point(settings: Settings, road: Road, mix: Mix, simulation: _Simulation | None) -> Point:
    load = load_of(road, mix, settings.work_of(road.encapsulation))
    baseline = load_of(settings.baseline(road), mix)
    line, slow = (settings.rate,), (settings.rate, settings.bottleneck)
    on_line = simulation.throughput(load, mix, *line) if simulation else None
    behind = simulation.throughput(load, mix, *slow) if simulation else None

    def pair(
        what: str, calculate: Callable[[], Fraction], measured: Throughput | None = on_line,
        rounding: float = 0.0,
    ) -> Pair:  # fmt: skip
        """Nothing is random here; only rates are rounded, as simulated times are whole."""
        known = float(calculate()) if load.count else None
        simulated = None if measured is None else float(getattr(measured, what))
        return Pair(known, simulated, rounding)

    def rates(what: str, calculate: Callable[..., Fraction]) -> tuple[Pair, Pair]:
        return (
            pair(what, lambda: calculate(*line), on_line, on_line.rounding if on_line else 0.0),
            pair(what, lambda: calculate(*slow), behind, behind.rounding if behind else 0.0),
        )

    line_packets, slow_packets = rates("packets", load.packets_per_second)
    line_goodput, slow_goodput = rates("goodput", load.goodput)
    return Point(
        load, mix, baseline,
        pair("wire", lambda: load.per_datagram(load.wire)),
        pair("frames", lambda: load.per_datagram(load.frames)),
        pair("efficiency", lambda: load.efficiency),
        line_packets, line_goodput, slow_packets, slow_goodput,
        tuple(
            _latency(settings, load, baseline, mix, share, simulation) for share in settings.loads
        ),
    )  # fmt: skip


def _latency(
    settings: Settings, load: Load, baseline: Load, mix: Mix, share: Fraction,
    simulation: _Simulation | None,
) -> Latency:  # fmt: skip
    """Latency when datagrams arrive as often as for the baseline, whatever the encapsulation."""
    if not load.count:
        return Latency(share, Fraction(0), Pair(None))
    arrivals = share * baseline.packets_per_second(settings.rate)
    known = Latency(
        share,
        load.utilisation(arrivals, settings.rate),
        Pair(load.latency(arrivals, settings.rate)),
    )
    if simulation is None or known.utilisation > NEAREST:
        return known
    measured = simulation.latency(load, mix, known, arrivals)
    return Latency(share, known.utilisation, estimated(known.mean.analytic, measured))


def _balance(settings: Settings, road: Road, simulation: _Simulation | None) -> Balance:
    values = visible_values(road.encapsulation, road.family, keys=settings.keys)
    expected = expected_busiest(settings.flows, settings.paths, values)
    if simulation is None:
        return Balance(road, values, Pair(expected))
    shares = simulation.busiest(road)
    if values == 1 or settings.paths == 1:  # nothing is random: all flows take one path
        return Balance(road, values, Pair(expected, min(shares)))
    return Balance(road, values, estimated(expected, interval(shares)))
