"""The data planes that can play the packet workloads, and how fast they should be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import Workload

Plane = Callable[[Workload, int], Result]
"""Plays a workload with a seed."""


def _play(plane: Literal["event", "vector"], workload: Workload, seed: int) -> Result:
    from overlaysim.bench.bulk import play  # noqa: PLC0415 (late: numpy)

    return play(plane, workload, seed)


PLANES: dict[str, Plane] = {
    "event": partial(_play, "event"),
    "vector": partial(_play, "vector"),
}


class Target(NamedTuple):
    """Scores: below the floor a user of other simulators loses by switching."""

    floor: float
    goal: float


TARGETS = {
    ("event", "W1"): Target(0.10, 0.20),
    ("event", "W2"): Target(0.09, 0.18),
    ("event", "W3"): Target(0.06, 0.10),
    ("vector", "W1"): Target(5, 20),
    ("vector", "W2"): Target(3, 7),
    ("vector", "W3"): Target(0.5, 2),
    ("gossip", "W4"): Target(0.05, 0.15),
}
"""By what plays a workload, and its name."""
