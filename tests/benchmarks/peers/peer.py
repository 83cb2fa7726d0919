"""What all peers have in common: the command line, and the line of JSON that they print.

    python PROGRAM.py W1|W2|W3 [PACKETS [SEED]]

The interpreter needs the package in question, and this checkout on PYTHONPATH for the workloads and
the calibration; nothing of overlaysim's that simulates is loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from random import Random

from overlaysim.bench.answers import Result
from overlaysim.bench.measurement import measure
from overlaysim.bench.memory import peak_memory
from overlaysim.bench.workloads import QUICK, WORKLOADS, Flow, Workload

Play = Callable[[Workload, int], Result]
"""Plays a workload with a seed; measures its own event loop."""


def main(
    program: str,
    version: str,
    play: Play,
    words: Sequence[str] = (),
    peak: Callable[[], int] = peak_memory,
) -> None:
    """Play what the command line (or ``words``) names and print what was measured."""
    name, *numbers = words or sys.argv[1:]
    packets, seed = (*map(int, numbers), *(QUICK[name], 1)[len(numbers) :])
    workload = WORKLOADS[name](packets)
    measured = measure(program, version, workload, seed, lambda: play(workload, seed), peak)
    print(json.dumps(measured.as_json()))


def dice(seed: int, flow: Flow) -> Random:
    """The random stream of a flow's gaps."""
    return Random(f"{seed}/{flow.number}")
