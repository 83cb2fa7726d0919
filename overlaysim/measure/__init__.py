"""What happened in a run, in numbers: latency, overhead, names against the truth, conservation."""

from overlaysim.measure.audit import Audit, JudgedLookup, Span, audit
from overlaysim.measure.bulk import BulkUse
from overlaysim.measure.conservation import Conservation, conserve
from overlaysim.measure.convergence import Change
from overlaysim.measure.failures import FailedVerdict, Failures, Fault, faults_of, find_failures
from overlaysim.measure.fates import Fate, Fates, FlowFates, judge_packets
from overlaysim.measure.latency import Distribution, Flow, Latencies, measure_latencies
from overlaysim.measure.log import read_events
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
from overlaysim.measure.packet_log import read_packets
from overlaysim.measure.packets import PacketRow, PacketTable
from overlaysim.measure.recorder import Recorder
from overlaysim.measure.snapshot import Snapshot, snapshot

__all__ = [
    "CATEGORIES", "CONTROL_KINDS", "METRICS", "Audit", "BulkUse", "Change", "Conservation",
    "Distribution", "FailedVerdict", "Failures", "Fate", "Fates", "Fault", "Flow", "FlowFates",
    "JudgedLookup", "Latencies", "LinkUse", "Measurements", "Metric", "Overhead", "PacketRow",
    "PacketTable", "Recorder", "RunMeta", "Snapshot", "Span", "audit", "conserve", "faults_of",
    "find_failures", "judge_packets", "measure_latencies", "measure_overhead", "read_events",
    "read_packets", "snapshot",
]  # fmt: skip
