"""Reading transcripts of the genuine client, and running commands on the engine of the tests."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from docker_client_fake import FakeEngine

from overlaysim.docker.client import CommandResult, DockerClient, split_line
from overlaysim.units import SECOND

DATA = Path(__file__).parents[1] / "data" / "docker"


def drive(steps: Generator[Any, Any, Any]) -> Any:
    """Run a command whose engine never really waits."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def execute(engine: FakeEngine, line: str) -> CommandResult:
    """Run one command line."""
    result = drive(DockerClient(engine).run(split_line(line)))
    assert isinstance(result, CommandResult)
    return result


def world() -> FakeEngine:
    """An engine in the state that ``world.txt`` starts with."""
    engine = FakeEngine()
    for line in (DATA / "world.setup").read_text().splitlines():
        assert execute(engine, line).status == 0
    drive(engine.sleep(185 * SECOND))
    engine.requests.clear()
    return engine


def transcript(name: str) -> Iterator[tuple[str, str]]:
    """The commands of a file, each with what followed."""
    for block in re.split(r"\n\n(?=\$ )", (DATA / name).read_text()):
        command, _, rest = block.removeprefix("$ ").partition("\n")
        yield command, rest.strip("\n")


def written(result: CommandResult) -> str:
    """Write a result as transcripts do, without the simulator's own notes."""
    lines = [f"O|{line}" for line in _lines(result.stdout)]
    lines += [f"E|{line}" for line in _lines(result.stderr) if "in the simulation)" not in line]
    return "\n".join([*lines, f"={result.status}"])


def _lines(text: str) -> list[str]:
    *whole, last = text.split("\n")
    return whole + [f"{last}<no newline>"] * bool(last)
