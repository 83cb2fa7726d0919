"""What happened in a run, in numbers: latency, overhead, names against the truth, conservation."""

from overlaysim.measure.audit import Audit, JudgedLookup, Span, audit
from overlaysim.measure.conservation import Conservation, conserve
from overlaysim.measure.convergence import Change
from overlaysim.measure.latency import Distribution, Flow, Latencies, measure_latencies
from overlaysim.measure.measurements import Measurements, RunMeta
from overlaysim.measure.metric import Metric
from overlaysim.measure.metrics import METRICS
from overlaysim.measure.overhead import (
    CATEGORIES,
    CONTROL_KINDS,
    LinkUse,
    Overhead,
    measure_overhead,
)
from overlaysim.measure.packets import PacketRow, PacketTable
from overlaysim.measure.recorder import Recorder

__all__ = [
    "CATEGORIES", "CONTROL_KINDS", "METRICS", "Audit", "Change", "Conservation", "Distribution",
    "Flow", "JudgedLookup", "Latencies", "LinkUse", "Measurements", "Metric", "Overhead",
    "PacketRow", "PacketTable", "Recorder", "RunMeta", "Span", "audit", "conserve",
    "measure_latencies", "measure_overhead",
]  # fmt: skip
