"""One comparison point: an encapsulation on a road, with a mix of datagrams."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from overlaysim.compare.arithmetic import Load
from overlaysim.compare.datagram import ADDED, INNER, Road, Way, added_layers
from overlaysim.compare.mix import Mix
from overlaysim.compare.pair import Pair


@dataclass(frozen=True)
class Latency:
    """Mean latency under one load.

    Attributes:
        share: of what the baseline could send, that is offered.
        utilisation: of the slowest part, from 0; the queue grows without end from 1 on.
        mean: seconds.
    """

    share: Fraction
    utilisation: Fraction
    mean: Pair


@dataclass(frozen=True)
class Point:
    """Everything known about one point.

    Attributes:
        load: one round of the mix on the road.
        baseline: the same mix without a tunnel.
        wire: bytes on the wire per datagram.
        frames: frames per datagram.
        efficiency: delivered payload as a share of the bytes on the wire.
        line_packets, line_goodput: datagrams and bits of payload per second on the line.
        slow_packets, slow_goodput: the same behind the bottleneck.
        latencies: by load.
    """

    load: Load
    mix: Mix
    baseline: Load
    wire: Pair
    frames: Pair
    efficiency: Pair
    line_packets: Pair
    line_goodput: Pair
    slow_packets: Pair
    slow_goodput: Pair
    latencies: tuple[Latency, ...]

    @property
    def road(self) -> Road:
        """Encapsulation, families and MTU."""
        return self.load.road

    @property
    def name(self) -> str:
        """Of the encapsulation."""
        return self.road.encapsulation.name

    @property
    def label(self) -> str:
        """The name for a chart, with what is dropped if anything is."""
        dropped = 1 - self.load.count / self.load.offered
        return f"{self.name} ({100 * dropped:.0f} % dropped)" if dropped else self.name

    @property
    def relative(self) -> float | None:
        """Efficiency as a share of the baseline's; None if nothing fits."""
        if self.efficiency.analytic is None:
            return None
        return self.efficiency.analytic / float(self.baseline.efficiency)

    @property
    def fits(self) -> bool:
        """Whether anything of the mix gets through."""
        return self.load.count > 0

    @property
    def left_out(self) -> int:
        """Bytes of inner headers that the encapsulation does not carry."""
        return -added_layers(self.road, self.load.datagrams[0][0].packet)[INNER]

    def added(self) -> dict[str, tuple[int, int]]:
        """Least and most bytes that are added to an inner packet, by layer and as ``total``.

        Over the sizes of the mix that go into one packet, over all of them if none does.
        """
        whole = [known.packet for known, _ in self.load.datagrams if known.way is Way.WHOLE]
        packets = whole or [known.packet for known, _ in self.load.datagrams]
        each = [added_layers(self.road, packet) for packet in packets]
        found = {}
        for layer in ADDED:
            sizes = [layers[layer] for layers in each]
            found[layer] = min(sizes), max(sizes)
        totals = [sum(layers.values()) for layers in each]
        return found | {"total": (min(totals), max(totals))}

    def pairs(self) -> tuple[Pair, ...]:
        """All quantities that are both calculated and simulated."""
        return (
            self.wire, self.frames, self.efficiency, self.line_packets, self.line_goodput,
            self.slow_packets, self.slow_goodput, *(latency.mean for latency in self.latencies),
        )  # fmt: skip


@dataclass(frozen=True)
class Balance:
    """How evenly the flows of an encapsulation spread over equal paths.

    Attributes:
        values: that switches can see in the flows; None for one per flow.
        busiest: share of the flows on the busiest path.
    """

    road: Road
    values: int | None
    busiest: Pair
