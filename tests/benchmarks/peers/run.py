"""Run the packet workloads on overlaysim and on other simulators, side by side.

    python tests/benchmarks/peers/run.py [--n N] [--runs K] [--venv DIR] [--without P …] [W1 …]

Other simulators are installed into an environment of their own (``--venv``; in the user's cache if
it is not given). Each run is a process of its own; programs take turns, so that what else the
machine is doing hits all of them. What comes out is a table in Markdown: the median score of the
runs and their range, the most memory, and whether the answers are right: yes, near (no further out
than chance explains), NO, or - where nobody knows. Exit status 1 if one is wrong.

W5 is run only if asked for: in some of its variants ns-3's TCP does not finish.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # measure this checkout, not an installed one

from environment import Environment, default_folder
from ns3_build import NotHereError

from overlaysim.bench.jobs import TCP
from overlaysim.bench.measurement import Measurement, Summary
from overlaysim.bench.planes import PLANES
from overlaysim.bench.table import figure
from overlaysim.bench.workloads import QUICK

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RUNS = 3
PLAYED = (*QUICK, "W5")
PYTHON_PEERS = ("simpy_bare", "simpy_idiomatic", "nspy")
"""Scripts in this folder."""


@dataclass(frozen=True)
class Program:
    """Something that plays workloads and prints lines of JSON, each a :class:`Measurement`.

    Attributes:
        name: to leave it out by.
        command: without what is to be played.
        plays: the workloads that it can play.
        options: that packets and seed are given as; by position if there are none.
    """

    name: str
    command: tuple[str | Path, ...]
    plays: tuple[str, ...] = tuple(QUICK)
    options: tuple[str, str] = ("", "")

    def run(self, workload: str, packets: int, seed: int) -> list[Measurement]:
        """Play once; W5 comes in several variants.

        Raises:
            NotHereError: if the program ends with an error; its last line.
        """
        words = [workload, self.options[0], str(packets), self.options[1], str(seed)]
        said = subprocess.run(
            [*self.command, *filter(None, words)], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        if not said.stdout:
            raise NotHereError(f"{self.name}: {(said.stderr.splitlines() or ['no output'])[-1]}")
        return [Measurement.from_json(json.loads(line)) for line in said.stdout.splitlines()]


def programs(environment: Environment, without: Sequence[str]) -> Iterator[Program]:
    """All that can be run here; says which cannot, and why."""
    ours = (sys.executable, "-m", "overlaysim", "bench", "--json", "--runs", "1")
    options = ("--packets", "--seed")
    for plane in PLANES:
        yield Program(plane, (*ours, "--plane", plane), options=options)
    yield Program(TCP, ours, plays=("W5",), options=options)
    python, ns3 = environment.python, environment.ns3
    if not _made(environment.make):
        return
    if "ns3" not in without and _made(environment.make_ns3):
        yield Program("ns3", (python, HERE / "ns3_udp.py", ns3))
        yield Program("ns3", (python, HERE / "ns3_tcp.py", ns3), plays=("W5",))
    for name in PYTHON_PEERS:
        yield Program(name, (python, HERE / f"{name}.py"))


def _made(make: Callable[[], None]) -> bool:
    """Whether something could be made; says why not."""
    try:
        make()
    except NotHereError as error:
        print(f"left out: {error}", file=sys.stderr)
        return False
    return True


def measured(
    chosen: Sequence[Program], workload: str, packets: int, runs: int
) -> Iterator[Summary]:
    """Run all programs in turn, as often as is wanted; every other time in reverse order."""
    found: dict[tuple[str, str], list[Measurement]] = {}
    able = [program for program in chosen if workload in program.plays]
    for seed in range(1, runs + 1):
        for program in able if seed % 2 else able[::-1]:
            try:
                measurements = program.run(workload, packets, seed)
            except NotHereError as error:
                able = [other for other in able if other is not program]
                print(f"left out: {error}", file=sys.stderr)
                continue
            for measurement in measurements:
                key = measurement.workload, measurement.program
                found.setdefault(key, []).append(measurement)
    return (Summary(found[key]) for key in sorted(found, key=lambda key: key[0]))


HEAD = (
    f"| {'':<13} | {'program':<35} | {'n':>11} | {'score':<22} | {'MiB':>4} | "
    f"{'answers':<56} | {'right':<5} |\n"
    f"|{'-' * 15}|{'-' * 37}|{'-' * 12}:|{'-' * 24}|{'-' * 5}:|{'-' * 58}|{'-' * 7}|"
)


def row(summary: Summary) -> str:
    """A row of the table."""
    first = summary.first
    program = f"{first.program} {first.version}"
    answers = ", ".join(f"{check.what} {figure(answer)}" for check, answer, _ in summary.judged)
    verdicts = {verdict for _, _, verdict in summary.judged}
    right = next(verdict for verdict in ("NO", "near", "yes", "-") if verdict in verdicts)
    return (
        f"| {first.workload:<13} | {program:<35} | {first.n:>11,} | {summary.scores:<22} | "
        f"{summary.peak:>4} | {answers:<56} | {right:<5} |"
    )


def main() -> int:
    """Parse the command line, run what it asks for, print the table."""
    names = (*PLANES, TCP, "ns3", *PYTHON_PEERS)
    parser = argparse.ArgumentParser(description="Packet workloads on several simulators.")
    parser.add_argument("--n", type=int, metavar="N", help="packets (200000, W3: 24500)")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="K", help="of each program (3)")
    parser.add_argument("--venv", type=Path, default=default_folder(), metavar="DIR")
    parser.add_argument(
        "--without", nargs="+", default=[], choices=names, metavar="P",
        help=f"programs to leave out: {', '.join(names)}",
    )  # fmt: skip
    parser.add_argument(
        "workloads", nargs="*", metavar="W", help="W1, W2, W3 (all three if none is given), W5"
    )
    options = parser.parse_args()
    for name in options.workloads:
        if name not in PLAYED:
            parser.error(f"there is no workload {name}; there are {', '.join(PLAYED)}")
    for name, number in (("--n", options.n), ("--runs", options.runs)):
        if number is not None and number < 1:
            parser.error(f"{name}: {number} is not a number of at least 1")
    everything = programs(Environment(options.venv), options.without)
    chosen = [program for program in everything if program.name not in options.without]
    right = True
    print(HEAD)
    for name in options.workloads or QUICK:
        for summary in measured(chosen, name, options.n or QUICK.get(name, 1), options.runs):
            print(row(summary), flush=True)
            right = right and summary.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
