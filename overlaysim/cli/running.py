"""Running a scenario file from the command line."""

from __future__ import annotations

import argparse
import sys
from importlib import resources
from pathlib import Path

from overlaysim.cli.progress import ProgressLine
from overlaysim.cli.status import INTERRUPTED
from overlaysim.errors import InputError
from overlaysim.scenario.model import Scenario
from overlaysim.scenario.overlaps import find_overlaps
from overlaysim.scenario.result import Result
from overlaysim.scenario.run import load, run_scenario

DEMO = "tutorial.overlay.yml"


def demo_file() -> Path:
    """The shipped tutorial scenario: in the package when installed, else in the checkout."""
    packaged = Path(str(resources.files("overlaysim"))) / "scenarios" / DEMO
    return packaged if packaged.exists() else Path(__file__).parents[2] / "scenarios" / DEMO


def run_file(path: Path, options: argparse.Namespace) -> int:
    """Run a scenario file, print its report, write its folder; return the exit status.

    Raises:
        InputError: the file is wrong, or the folder cannot be written.
    """
    scenario, digest = load(path)
    print_warnings(scenario, path)
    terminal = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
    progress = ProgressLine(terminal, scenario.duration) if terminal else None
    result = run_scenario(
        scenario, seed=options.seed, capture=options.capture, digest=digest, progress=progress,
        plane=options.plane, file=str(path),
    )  # fmt: skip
    if progress:
        progress.clear()
    return finish(result, options)


def print_warnings(scenario: Scenario, path: Path) -> int:
    """Print what a scenario will run into by itself, and return how many warnings that were."""
    overlaps = find_overlaps(scenario)
    for overlap in overlaps:
        print(overlap.at(str(path)), file=sys.stderr)
    return len(overlaps)


def finish(result: Result, options: argparse.Namespace) -> int:
    """Print a result, write its folder if one was asked for, and return the exit status.

    Raises:
        InputError: the folder cannot be written; the report has been printed all the same.
    """
    folder = None
    if options.seal and result.capture is not None:
        from overlaysim.scenario.sealed import Sealer  # noqa: PLC0415 (late: keys, ciphers)

        result.capture.sealing = Sealer(result.measurements.meta.seed)
    if options.out is not None:
        try:
            result.write(options.out, figures=not options.no_figures)
        except InputError:
            print(result.report(), end="")
            raise
        folder = f"{options.out}/"
    print(result.report(folder), end="")
    return result.status if result.measurements.meta.complete else INTERRUPTED
