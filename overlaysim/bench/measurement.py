"""Measurements of programs that play workloads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, median
from typing import Any

from overlaysim.bench.answers import Result, answers_of
from overlaysim.bench.calibrate import cal_ops_per_second
from overlaysim.bench.checks import Check, Verdict, checks_of
from overlaysim.bench.memory import peak_memory
from overlaysim.bench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Measurement:
    """How fast a program was, and what it answered.

    Attributes:
        program, version: what was measured.
        workload: its name.
        n: packets that its flows sent; the nodes of W4, the bytes of W5.
        hosts: of its network.
        seed: of the run.
        packet_hops: packets fully transmitted, summed over the links; in W4 events.
        score: packet-hops per CPU second of the event loop, divided by cal ops per CPU second.
        cpu: CPU seconds of the event loop.
        answers: figures by name, see :mod:`overlaysim.bench.checks`.
        peak_rss: bytes that the process has needed at most.
    """

    program: str
    version: str
    workload: str
    n: int
    hosts: int
    seed: int
    packet_hops: int
    score: float
    cpu: float
    answers: dict[str, float] = field(default_factory=dict)
    peak_rss: int = 0

    def as_json(self) -> dict[str, Any]:
        """The same as JSON has it; an answer that there is not is null."""
        answers = {what: answer if math.isfinite(answer) else None
                   for what, answer in self.answers.items()}  # fmt: skip
        return {**asdict(self), "answers": answers}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Measurement:
        """What :meth:`as_json` has given."""
        answers = {what: math.nan if answer is None else answer
                   for what, answer in fields["answers"].items()}  # fmt: skip
        return cls(**{**fields, "answers": answers})


@dataclass(frozen=True, slots=True)
class Summary:
    """Several measurements of one program with one workload, of different seeds."""

    runs: Sequence[Measurement]

    @property
    def first(self) -> Measurement:
        """For what is the same in all of them."""
        return self.runs[0]

    @property
    def score(self) -> float:
        """The median."""
        return median(run.score for run in self.runs)

    @property
    def scores(self) -> str:
        """Median, least and most, for people."""
        scores = [run.score for run in self.runs]
        return f"{self.score:.3g} [{min(scores):.3g}-{max(scores):.3g}]"

    @property
    def peak(self) -> int:
        """MiB that the greediest run has needed."""
        return max(run.peak_rss for run in self.runs) >> 20

    @property
    def judged(self) -> list[tuple[Check, float, Verdict]]:
        """What the workload must give, the mean of what it has given, and whether that is right."""
        first, found = self.first, []
        for check in checks_of(first.workload, first.n, first.hosts):
            answer = fmean(run.answers[check.what] for run in self.runs)
            found.append((check, answer, check.verdict(answer, len(self.runs))))
        return found

    @property
    def right(self) -> bool:
        """Whether every answer is allowed, or as good as that."""
        return all(verdict != "NO" for _, _, verdict in self.judged)


def measure(
    program: str,
    version: str,
    workload: Workload,
    seed: int,
    play: Callable[[], Result],
    peak: Callable[[], int] = peak_memory,
) -> Measurement:
    """Play a workload once, with a calibration just before and just after.

    Args:
        program, version: what plays it.
        workload: what is played.
        seed: of the run.
        play: plays it.
        peak: tells afterwards how many bytes have been needed, of this process unless given.
    """
    before = cal_ops_per_second()
    result = play()
    calibration = (before + cal_ops_per_second()) / 2
    return Measurement(
        program, version, workload.name, workload.packets, workload.hosts, seed,
        result.packet_hops, result.packet_hops / result.cpu / calibration, result.cpu,
        answers_of(workload, result), peak(),
    )  # fmt: skip
