"""What the scenario tests read with: a fake table of metrics, of durations, of commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from overlaysim.errors import InputError
from overlaysim.measure.metric import Metric
from overlaysim.scenario.model import Scenario
from overlaysim.scenario.read import read_scenario
from overlaysim.units import MS, SECOND


@dataclass(frozen=True)
class FakeTiming:
    container_start: int = field(default=380 * MS, metadata={"about": "start of a process"})
    swarm_join: int = field(default=2 * SECOND, metadata={"about": "docker swarm join"})


def look_up(
    measurements: Any, arguments: tuple[str, ...], keywords: Mapping[str, str], chosen: str
) -> float | None:
    """Measurements of the tests are a dict from arguments, keywords and field to a number."""
    number: float | None = measurements.get((arguments, tuple(keywords.items()), chosen))
    return number


METRICS = {
    metric.name: metric
    for metric in (
        Metric("ping", "", ("from", "to"), ("protocol",),
               {"received": "count", "rtt": "duration", "loss": "share"}, look_up),
        Metric("dropped", "", (), ("reason",), {"": "count"}, look_up),
        Metric("stale", "", ("host", "name"), (), {"time": "duration"}, look_up),
        Metric("overhead", "", (), (), {"share": "share", "size": "size", "": "count"}, look_up),
    )
}  # fmt: skip


def check_command(line: str) -> str | None:
    word = line.partition(" ")[0]
    return None if word == "docker" else f"no command called {word}"


def read(source: Path | str | bytes, name: str = "x.yml") -> Scenario:
    return read_scenario(
        source,
        name="" if isinstance(source, Path) else name,
        metrics=METRICS,
        check_command=check_command,
        timing=FakeTiming,
    )


def problems(source: Path | str | bytes, name: str = "x.yml") -> list[str]:
    """The messages about a text that must not be readable."""
    with pytest.raises(InputError) as caught:
        read(source, name)
    assert caught.value.problems
    return [str(problem) for problem in caught.value.problems]


def problem(source: Path | str | bytes, name: str = "x.yml") -> str:
    """The only message about a text."""
    (only,) = problems(source, name)
    return only
