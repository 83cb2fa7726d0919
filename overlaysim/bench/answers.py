"""What playing a packet workload gave, as any program can tell it, and as figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from overlaysim.bench.workloads import Workload
from overlaysim.units import US


@dataclass(slots=True)
class Result:
    """What one run of a workload gave, whatever program has played it.

    Attributes:
        created, delivered, dropped: packets, answers of an echo workload included.
        packet_hops: packets fully transmitted, summed over the links.
        latency_sum, latency_least, latency_most: ps, over all packets that were delivered; over
            all packets whose answer was, there and back, in an echo workload.
        measured: how many latencies these are of.
        cpu: CPU seconds of the event loop alone, or of what takes its place.
    """

    created: int = 0
    delivered: int = 0
    dropped: int = 0
    packet_hops: int = 0
    latency_sum: float = 0
    latency_least: float = math.inf
    latency_most: float = -math.inf
    measured: int = 0
    cpu: float = 0.0

    def measure(self, latency: float) -> None:
        """Take in one latency, in ps."""
        self.measured += 1
        self.latency_sum += latency
        # Called for each packet in other programs' time, where min and max would count.
        if latency < self.latency_least:  # noqa: PLR1730
            self.latency_least = latency
        if latency > self.latency_most:  # noqa: PLR1730
            self.latency_most = latency


def answers_of(workload: Workload, result: Result) -> dict[str, float]:
    """The figures by which a run is judged, by name (see :mod:`overlaysim.bench.checks`)."""
    mean = result.latency_sum / result.measured / US if result.measured else math.nan
    if workload.echo:
        return {
            "not answered": workload.packets - result.measured,
            "least us": result.latency_least / US,
            "most us": result.latency_most / US,
        }
    if workload.queue is None:
        return {"lost": result.dropped, "mean us": mean}
    lost = 100 * result.dropped / result.created if result.created else math.nan
    return {"lost %": lost, "hops": result.packet_hops, "mean us": mean}
