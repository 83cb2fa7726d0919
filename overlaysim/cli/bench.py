"""``overlaysim bench``: how fast the gossip is simulated, and how much it can carry."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from overlaysim.bench.changes import Load, LoadResult, run_load
from overlaysim.bench.rumour import RumourResult, run_rumour
from overlaysim.bench.runs import apart, capacity, load_lines, rumour_lines
from overlaysim.cli.progress import ProgressLine
from overlaysim.errors import InputError
from overlaysim.report.run_folder import MANIFEST, PROGRAM, appearing_folder, check_run_folder
from overlaysim.units import SECOND
from overlaysim.version import __version__

MOST_HOSTS = 20_000
NAMES = 1000
"""In the table, whatever the number of hosts."""


def run_bench(options: argparse.Namespace) -> int:
    """Run what the options ask for and print a table, row by row.

    Raises:
        InputError: a number is out of range.
    """
    _check(options)
    {"W4": _w4, "scale": _scale, "saturation": _saturation}[options.what](options)
    return 0


def _check(options: argparse.Namespace) -> None:
    for hosts in options.hosts:
        if not 2 <= hosts <= MOST_HOSTS:
            raise InputError(f"--hosts: {hosts} is not a number of hosts from 2 to {MOST_HOSTS}")
    if not 0 <= options.loss < 100:
        raise InputError(f"--loss: {options.loss:g} is not a percentage from 0 to less than 100")
    if any(not 0 < rate <= 1000 for rate in options.rates):
        raise InputError("--rates: changes a second are numbers above 0, at most 1000")
    if not 1 <= options.seconds <= 86_400:
        raise InputError(f"--seconds: {options.seconds} is not from 1 to 86400")
    if not 1 <= options.runs <= 100:
        raise InputError(f"--runs: {options.runs} is not from 1 to 100")
    if options.out is not None and options.what != "saturation":
        raise InputError("--out: only bench saturation draws a figure")
    if options.out is not None:
        check_run_folder(options.out)


def _w4(options: argparse.Namespace) -> None:
    def results() -> Iterator[list[RumourResult]]:
        for nodes in options.hosts:
            yield [run_rumour(nodes, seed) for seed in range(1, options.runs + 1)]

    _show(rumour_lines(results()))


def _scale(options: argparse.Namespace) -> None:
    wanted = [
        Load(hosts, NAMES, options.seconds, rate, options.loss / 100, options.seed)
        for hosts in options.hosts
        for rate in options.rates[:1]
    ]
    _show(load_lines(apart(_run_load, wanted)))


def _saturation(options: argparse.Namespace) -> None:
    hosts = options.hosts[0]
    wanted = [
        Load(hosts, NAMES, options.seconds, rate, options.loss / 100, options.seed)
        for rate in sorted(options.rates)
    ]
    done: list[LoadResult] = []

    def results() -> Iterator[LoadResult]:
        for result in apart(_run_load, wanted):
            done.append(result)
            yield result

    _show(load_lines(results()))
    if options.out is not None:
        _draw(done, options.out)


def _draw(results: list[LoadResult], folder: Path) -> None:
    from overlaysim.report.figures.saturation import (  # noqa: PLC0415 (late: matplotlib)
        SaturationPoint,
        saturation_figure,
    )
    from overlaysim.report.figures.style import save  # noqa: PLC0415 (late)

    load = results[0].load
    points = [
        SaturationPoint(
            result.load.rate, result.samples[-1].queued, result.samples[-1].longest,
            result.stale_seconds / (load.hosts - 1), result.slow,
        )
        for result in results
        if result.changes
    ]  # fmt: skip
    figure = saturation_figure(
        points, hosts=load.hosts, seconds=load.seconds, capacity=capacity(load.hosts)
    )
    with appearing_folder(folder) as partial:
        save(figure, partial / "saturation")
        manifest = {"program": PROGRAM, "version": __version__, "bench": asdict(load)}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"figure: {folder / 'saturation.png'}")


def _run_load(load: Load) -> LoadResult:
    """Run a load, with a progress line if somebody watches."""
    if not sys.stderr.isatty():
        return run_load(load)
    line = ProgressLine(sys.stderr, load.seconds * SECOND)
    result = run_load(load, line)
    line.clear()
    return result


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)
