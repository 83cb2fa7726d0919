"""What was measured through the Linux kernel, and how ours compares with it."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from overlaysim.validate.goodput import Outcome, Point
from overlaysim.validate.goodput_path import read_path

TOLERANCE = 0.003
"""Ours agrees if it is no farther from the median of the kernel's runs than this share of it."""

_MBIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Reference:
    """The kernel's runs at one point.

    Attributes:
        runs: goodput of each run, bit/s, in the order in which they were made.
    """

    point: Point
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the runs, bit/s."""
        return statistics.median(self.runs)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours, and the kernel's where it was measured at the same point."""

    ours: Outcome
    reference: Reference | None

    @property
    def off(self) -> float | None:
        """By which share of the kernel's median ours differs; None without one."""
        if self.reference is None:
            return None
        return self.ours.goodput / self.reference.median - 1

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to disagree with, or no more than the tolerance."""
        return self.off is None or abs(self.off) <= TOLERANCE


@cache
def references() -> tuple[Reference, ...]:
    """All points that were measured."""
    text = (resources.files(__package__) / "data" / "goodput.csv").read_text("utf-8")
    return tuple(map(_reference, csv.DictReader(text.splitlines())))


def _reference(row: dict[str, str]) -> Reference:
    point = Point(
        row["protocol"], int(row["rate_mbit_s"]) * _MBIT, int(row["counted"]),
        int(row["payload"]), read_path(row["path"]),
    )  # fmt: skip
    return Reference(point, tuple(float(run) * _MBIT for run in row["runs_mbit_s"].split()))


def compare(outcomes: Sequence[Outcome]) -> list[Comparison]:
    """Put the kernel's runs beside each outcome, where there are any."""
    return [Comparison(ours, _find(ours.point)) for ours in outcomes]


def _find(point: Point) -> Reference | None:
    for reference in references():
        known = reference.point
        numbers = (known.protocol, known.rate, known.counted, known.payload)
        if numbers == (point.protocol, point.rate, point.counted, point.payload) and (
            known.path.same(point.path)
        ):
            return reference
    return None
