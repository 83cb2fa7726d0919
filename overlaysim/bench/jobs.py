"""One measurement of overlaysim itself, in the form that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.bench.calibrate import cal_ops_per_second
from overlaysim.bench.incast import Incast, run_incast
from overlaysim.bench.measurement import Measurement, measure
from overlaysim.bench.memory import peak_memory
from overlaysim.bench.planes import PLANES
from overlaysim.bench.rumour import run_rumour
from overlaysim.bench.workloads import (
    INCAST_BYTES,
    INCAST_SENDERS,
    INCASTS,
    LEAF_SPINE_HOSTS,
    WORKLOADS,
    leaf_spine,
)
from overlaysim.traffic.tcp import TcpSettings
from overlaysim.version import __version__

GOSSIP, TCP = "gossip", "tcp"
"""What plays W4 and W5."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to measure.

    Attributes:
        workload: its name, ``W1`` to ``W4``, or of a variant of W5.
        player: a plane of :data:`~overlaysim.bench.planes.PLANES`, :data:`GOSSIP` or :data:`TCP`.
        packets: that the flows of W1 to W3 send.
        hosts: of W2 and W4; the others have theirs.
        seed: of the run.
    """

    workload: str
    player: str
    packets: int = 0
    hosts: int = LEAF_SPINE_HOSTS
    seed: int = 1


def perform(job: Job) -> Measurement:
    """Measure once, in this process."""
    if job.player == GOSSIP:
        return _gossip(job)
    if job.player == TCP:
        return _incast(job)
    if job.workload == "W2":
        workload = leaf_spine(job.packets, job.hosts)
    else:
        workload = WORKLOADS[job.workload](job.packets)
    plane, seed = PLANES[job.player], job.seed
    return measure(_program(job), __version__, workload, seed, lambda: plane(workload, seed))


def _gossip(job: Job) -> Measurement:
    result = run_rumour(job.hosts, job.seed)
    knows = result.everyone_knows
    answers = {
        "false verdicts": float(result.false_verdicts),
        "messages": float(result.messages),
        "all know s": float("nan") if knows is None else knows,
    }
    return Measurement(
        _program(job), __version__, "W4", job.hosts, job.hosts, job.seed, result.events,
        result.score, result.cpu, answers, peak_memory(),
    )  # fmt: skip


def _incast(job: Job) -> Measurement:
    control, loss = INCASTS[job.workload]
    incast = Incast(
        TcpSettings(congestion_control=control), INCAST_SENDERS, INCAST_BYTES, loss, seed=job.seed
    )
    before = cal_ops_per_second()
    result = run_incast(incast)
    calibration = (before + cal_ops_per_second()) / 2
    answers = {"bytes": float(result.delivered), "last byte s": result.last_byte}
    return Measurement(
        _program(job), __version__, job.workload, INCAST_SENDERS * INCAST_BYTES,
        INCAST_SENDERS + 1, job.seed, result.packet_hops,
        result.packet_hops / result.cpu / calibration, result.cpu, answers, peak_memory(),
    )  # fmt: skip


def _program(job: Job) -> str:
    return f"overlaysim, {job.player}"
