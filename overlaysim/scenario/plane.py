"""Which data plane carries the bulk traffic of a scenario, and why.

The vector plane knows bulk frames and links, nothing else. It gives what the event plane gives as
long as nothing else crosses links or keeps frames from crossing them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from overlaysim.cluster.faults import BlockPort, Churn, DegradeLink, Fault, LinkState, Partition
from overlaysim.errors import InputError, Problem
from overlaysim.scenario.model import Break, FaultStep, RunStep, Scenario, Step

ALONE = "bulk traffic alone"
ASKED_FOR = "as asked"
CAPTURE = "a capture shows frames one by one"
NOTHING_TO_CARRY = "there is no bulk traffic that the vector plane could carry"

_FAULTS: Mapping[type[Fault], str] = {
    Partition: "a partition keeps hosts apart, whatever links there are",
    BlockPort: "a packet filter looks into frames",
    Churn: "hosts and containers that come and go put control traffic on the same links",
}
_HOST_FAULT = "a fault of a host is more than links that change"


@dataclass(frozen=True, slots=True)
class PlaneChoice:
    """The plane that a run takes, ``event`` or ``vector``, and why; empty without a choice."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the vector plane would not be exact, and where that stands in the file."""

    line: int
    column: int
    reason: str

    @property
    def message(self) -> str:
        """What to say to somebody who asked for the vector plane."""
        return f"the vector plane carries bulk traffic alone, but {self.reason}; write plane: auto"


def choose_plane(
    scenario: Scenario, wanted: str, *, capture: bool = False, file: str = "scenario"
) -> PlaneChoice:
    """Choose the plane of a run.

    Args:
        wanted: ``auto``, ``event`` or ``vector``.
        capture: whether frames are captured.
        file: what messages call the scenario.

    Raises:
        InputError: the vector plane is asked for and would not be exact.
    """
    if not scenario.bulk:
        if wanted == "vector":
            raise InputError([Problem(file, 0, 0, "plane", NOTHING_TO_CARRY)])
        return PlaneChoice("event", "")
    if wanted == "event":
        return PlaneChoice("event", ASKED_FOR)
    found = find_obstacle(scenario) or (Obstacle(0, 0, CAPTURE) if capture else None)
    if found is None:
        return PlaneChoice("vector", ALONE)
    if wanted == "vector":
        raise InputError([Problem(file, found.line, found.column, "plane", found.message)])
    return PlaneChoice("event", found.reason)


def find_obstacle(scenario: Scenario) -> Obstacle | None:
    """Return the first thing in a scenario that the vector plane does not know."""
    return next(_obstacles(scenario), None)


def _obstacles(scenario: Scenario) -> Iterator[Obstacle]:
    for step in scenario.timeline:
        if reason := _reason(step):
            yield Obstacle(step.line, step.column, reason)
    for flow in scenario.traffic:
        yield Obstacle(flow.line, flow.column, "containers send packets over the same links")


def _reason(step: Step) -> str:
    if isinstance(step, RunStep):
        return "docker commands put control traffic on the same links"
    if isinstance(step, FaultStep) and isinstance(step.order, Break):
        for fault in step.order.faults:
            if not isinstance(fault, LinkState | DegradeLink):
                return _FAULTS.get(type(fault), _HOST_FAULT)
    return ""
