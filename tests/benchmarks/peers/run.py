"""Run the packet workloads on overlaysim and on other simulators, side by side.

    python tests/benchmarks/peers/run.py [--n N] [--runs K] [--venv DIR] [--without P …] [W1 …]

The others are installed into an environment of their own (``--venv``; in the user's cache if it is
not given). Each run is a process of its own; programs take turns, so that what else the machine is
doing hits all of them. What comes out is a table in Markdown: the median score of the runs and
their range, the most memory, and whether the answers are right. Exit status 1 if one is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # measure this checkout, not an installed one

from environment import Environment, default_folder
from ns3_build import NotHereError

from overlaysim.bench.measurement import Measurement, Summary
from overlaysim.bench.planes import PLANES
from overlaysim.bench.table import figure
from overlaysim.bench.workloads import QUICK

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RUNS = 3


@dataclass(frozen=True)
class Program:
    """Something that plays workloads and prints a :class:`Measurement` as JSON.

    Attributes:
        name: to leave it out by.
        command: without the workload, the number of packets and the seed.
        options: that these three are given as; by position if there are none.
    """

    name: str
    command: tuple[str | Path, ...]
    options: tuple[str, ...] = ()

    def run(self, workload: str, packets: int, seed: int) -> Measurement:
        """Measure once.

        Raises:
            NotHereError: if the program ends with an error; its last line.
        """
        words = [workload]
        for option, value in zip(self.options or ("", ""), (packets, seed), strict=True):
            words += [word for word in (option, str(value)) if word]
        said = subprocess.run(
            [*self.command, *words], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        if not said.stdout:
            raise NotHereError(f"{self.name}: {(said.stderr.splitlines() or ['no output'])[-1]}")
        return Measurement(**json.loads(said.stdout))


def programs(environment: Environment, without: Sequence[str]) -> Iterator[Program]:
    """All that can be run here; says which cannot, and why."""
    for plane in PLANES:
        ours = (sys.executable, "-m", "overlaysim", "bench", "--json", "--runs", "1")
        if plane not in without:
            yield Program(plane, (*ours, "--plane", plane), ("--packets", "--seed"))
    try:
        environment.make()
        if "ns3" not in without:
            environment.make_ns3()
            yield Program("ns3", (environment.python, HERE / "ns3_udp.py", environment.ns3))
    except NotHereError as error:
        print(f"left out: {error}", file=sys.stderr)
    for name in ("simpy_bare", "simpy_idiomatic", "nspy"):
        if name not in without and environment.python.exists():
            yield Program(name, (environment.python, HERE / f"{name}.py"))


def measured(
    chosen: Sequence[Program], workload: str, packets: int, runs: int
) -> Iterator[Summary]:
    """Run all programs in turn, as often as is wanted; every other time in reverse order."""
    found: dict[str, list[Measurement]] = {program.name: [] for program in chosen}
    for run in range(runs):
        for program in chosen if run % 2 == 0 else chosen[::-1]:
            try:
                found[program.name].append(program.run(workload, packets, seed=run + 1))
            except NotHereError as error:
                print(f"left out: {error}", file=sys.stderr)
    return (Summary(measurements) for measurements in found.values() if measurements)


HEAD = (
    f"| {'':<4} | {'program':<40} | {'packets':>9} | {'score':<22} | {'MiB':>4} | "
    f"{'answers':<56} | {'right':<5} |\n"
    f"|{'-' * 6}|{'-' * 42}|{'-' * 10}:|{'-' * 24}|{'-' * 5}:|{'-' * 58}|{'-' * 7}|"
)


def row(summary: Summary) -> str:
    """A row of the table."""
    first = summary.first
    program = f"{first.program} {first.version}"
    answers = ", ".join(f"{check.what} {figure(answer)}" for check, answer, _ in summary.judged)
    verdicts = {verdict for _, _, verdict in summary.judged}
    right = next(verdict for verdict in ("NO", "near", "yes", "-") if verdict in verdicts)
    return (
        f"| {first.workload:<4} | {program:<40} | {first.n:>9,} | {summary.scores:<22} | "
        f"{summary.peak:>4} | {answers:<56} | {right:<5} |"
    )


def main() -> int:
    """Parse the command line, run what it asks for, print the table."""
    parser = argparse.ArgumentParser(description="Packet workloads on several simulators.")
    parser.add_argument("--n", type=int, metavar="N", help="packets (200000, W3: 24500)")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="K", help="of each program (3)")
    parser.add_argument("--venv", type=Path, default=default_folder(), metavar="DIR")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="P",
        help="programs to leave out: event, ns3, simpy_bare, simpy_idiomatic, nspy",
    )  # fmt: skip
    parser.add_argument(
        "workloads", nargs="*", metavar="W", help="W1, W2, W3; all if none is given"
    )
    options = parser.parse_args()
    for name in options.workloads:
        if name not in QUICK:
            parser.error(f"there is no workload {name}; there are {', '.join(QUICK)}")
    for name, number in (("--n", options.n), ("--runs", options.runs)):
        if number is not None and number < 1:
            parser.error(f"{name}: {number} is not a number of at least 1")
    chosen = list(programs(Environment(options.venv), options.without))
    right = True
    print(HEAD)
    for name in options.workloads or QUICK:
        for summary in measured(chosen, name, options.n or QUICK[name], options.runs):
            print(row(summary), flush=True)
            right = right and summary.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
