"""Which rounds are to be run, and running them on several processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from overlaysim.units import SECOND
from overlaysim.validate.conditions import Conditions
from overlaysim.validate.rounds import Round, Row, changes_per_round

Progress = Callable[[int, int], None]
"""Takes how many rounds are done, and of how many."""

_KINDS = {
    "create": ("changes",),
    "delete": ("changes",),
    "burst": ("burst",),
    "crash": ("members",),
    "join": ("members",),
    "partition": ("partition",),
    "late_join": ("late_join",),
    "idle": ("idle", "idle_empty"),
}
"""The rounds that an experiment needs."""


@dataclass(frozen=True, slots=True)
class Request:
    """One experiment at one point.

    Attributes:
        experiment: one of :data:`overlaysim.validate.names.EXPERIMENTS`.
        conditions: where.
        runs: how often.
        seed: of everything random.
        burst: entries of a burst.
        duration: of a partition, picoseconds.
    """

    experiment: str
    conditions: Conditions
    runs: int
    seed: int = 1
    burst: int = 100
    duration: int = 60 * SECOND

    def rounds(self) -> list[Round]:
        """What is to be run."""
        per_round = 1
        if self.experiment in ("create", "delete"):
            per_round = changes_per_round(self.conditions.nodes)
        count = -(-self.runs // per_round)
        return [
            Round(kind, self.conditions, number, self.seed, self.burst, self.duration)
            for kind in _KINDS[self.experiment]
            for number in range(1, count + 1)
        ]

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that were asked for: a round makes other experiments as well, or more runs."""
        names = self._names()
        wanted = [row for row in rows if row.experiment in names]
        last = sorted({row.seed for row in wanted})[: self.runs]
        return [row for row in wanted if row.seed in last]

    def _names(self) -> tuple[str, ...]:
        if self.experiment == "idle":
            return "idle_100_entries", "idle_empty_table"
        if self.experiment in ("crash", "join"):
            return (f"ml_{self.conditions.profile}_{self.experiment}",)
        return (self.experiment,)


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds the comparison makes.

    Attributes:
        changes: clusters with a late joiner, idle traffic, creates and deletes.
        idle_empty: clusters without entries.
        members: clusters of memberlist alone.
    """

    changes: int
    idle_empty: int
    members: int


FULL = {3: Effort(200, 20, 0), 10: Effort(200, 20, 400), 50: Effort(30, 6, 200)}
"""By number of nodes: at least twice the reference's runs, so that its errors are the larger."""

QUICK = {3: Effort(30, 5, 0), 10: Effort(30, 5, 60)}
"""A minute's worth."""

LOSSES = (0.0, 5.0)


def comparison(efforts: dict[int, Effort], seed: int = 1) -> list[Round]:
    """The rounds behind the tables, largest clusters first."""
    rounds = []
    for nodes in sorted(efforts, reverse=True):
        effort = efforts[nodes]
        for loss in LOSSES:
            where = Conditions(nodes, loss)
            for kind, count in (
                ("changes", effort.changes), ("idle_empty", effort.idle_empty),
                ("members", effort.members),
            ):  # fmt: skip
                rounds += [Round(kind, where, number, seed) for number in range(1, count + 1)]
    return rounds


class Runnable(Protocol):
    """What one process does at a time; it can be sent to another process."""

    def run(self) -> list[Row]:
        """Do it."""


def run_rounds(
    rounds: Sequence[Runnable], jobs: int, progress: Progress | None = None
) -> list[Row]:
    """Run rounds on so many processes; the rows are sorted and do not depend on their number."""
    rows: list[Row] = []
    with _mapping(jobs) as mapped:
        for done, of_round in enumerate(mapped(rounds), start=1):
            rows += of_round
            if progress is not None:
                progress(done, len(rounds))
    return sorted(rows)


@contextmanager
def _mapping(jobs: int) -> Iterator[Callable[[Sequence[Runnable]], Iterator[list[Row]]]]:
    if jobs == 1:
        yield lambda rounds: map(_run, rounds)
        return
    with multiprocessing.Pool(jobs, _leave_interrupts) as pool:
        yield lambda rounds: pool.imap_unordered(_run, rounds)


def _run(runnable: Runnable) -> list[Row]:
    return runnable.run()


def _leave_interrupts() -> None:
    """Ctrl-C is for the parent alone, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
