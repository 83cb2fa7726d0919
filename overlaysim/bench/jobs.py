"""One measurement of overlaysim itself, in the form that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.bench.measurement import Measurement, measure
from overlaysim.bench.memory import peak_memory
from overlaysim.bench.planes import PLANES
from overlaysim.bench.rumour import run_rumour
from overlaysim.bench.workloads import LEAF_SPINE_HOSTS, WORKLOADS, leaf_spine
from overlaysim.version import __version__

GOSSIP = "gossip"
"""What plays W4."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to measure.

    Attributes:
        workload: its name, ``W1`` to ``W4``.
        player: a plane of :data:`~overlaysim.bench.planes.PLANES`, or :data:`GOSSIP`.
        packets: that the flows send; W4 has none.
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
    if job.workload == "W4":
        return _gossip(job)
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


def _program(job: Job) -> str:
    return f"overlaysim, {job.player}"
