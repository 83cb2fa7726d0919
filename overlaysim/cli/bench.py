"""``overlaysim bench``: how fast the simulator is, and how much its gossip can carry."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from overlaysim.bench.changes import Load, LoadResult, run_load
from overlaysim.bench.jobs import Job, perform
from overlaysim.bench.measurement import Summary
from overlaysim.bench.plan import NAMES, Wishes
from overlaysim.bench.planes import PLANES, TARGETS
from overlaysim.bench.runs import apart, capacity, load_lines
from overlaysim.bench.table import HEAD, agreement_line, summary_lines
from overlaysim.cli.losscurve import run_losscurve
from overlaysim.cli.progress import ProgressLine
from overlaysim.errors import InputError, nearest, quote
from overlaysim.report.run_folder import MANIFEST, PROGRAM, appearing_folder, check_run_folder
from overlaysim.units import SECOND
from overlaysim.version import __version__

MOST_HOSTS = 20_000
RUNS = 3
"""Of each workload; one for a point of a curve."""
LOADS = ("scale", "saturation", "losscurve")
LOAD_HOSTS = (100, 300, 1000)
"""Of these."""
TABLE_NAMES = 1000
"""In the table of the gossip, whatever the number of hosts."""
ALL_PLANES = "both"


def run_bench(options: argparse.Namespace) -> int:
    """Run what the options ask for and print a table, row by row.

    Returns:
        1 if a workload gave an answer that it must not give, else 0.

    Raises:
        InputError: a word or a number is not one that there is.
    """
    _check(options)
    if len(options.what) == 1 and options.what[0] in LOADS:
        _check_load(options)
        return _LOADS[options.what[0]](options)
    wishes = _wishes(options)
    wishes.check()
    return 0 if _run_workloads(wishes, options) else 1


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
    if options.runs is not None and not 1 <= options.runs <= 100:
        raise InputError(f"--runs: {options.runs} is not from 1 to 100")
    if options.out is not None and options.what not in (["saturation"], ["losscurve"]):
        raise InputError("--out: only bench saturation and bench losscurve draw a figure")
    if options.out is not None:
        check_run_folder(options.out)


def _check_load(options: argparse.Namespace) -> None:
    for name in ("packets", "full", "curve", "json", "plane"):
        if getattr(options, name):
            raise InputError(f"--{name}: only {', '.join(NAMES)} take it")


def _wishes(options: argparse.Namespace) -> Wishes:
    """What to play, and by what; the words and the plane are looked up here."""
    for word in options.what:
        if word in LOADS:
            raise InputError(f"bench {word} is run alone")
        _look_up("", word, "a benchmark", (*NAMES, *LOADS))
    plane = options.plane or ALL_PLANES
    _look_up("--plane: ", plane, "a data plane", (*PLANES, ALL_PLANES))
    return Wishes(
        [name for name in NAMES if name in options.what or not options.what],
        tuple(PLANES) if plane == ALL_PLANES else (plane,),
        options.packets, options.full, options.curve, options.hosts,
    )  # fmt: skip


def _look_up(option: str, word: str, what: str, known: Sequence[str]) -> None:
    if word not in known:
        raise InputError(
            f"{option}{quote(word)} is not {what}; there are {', '.join(known)}"
            + nearest(word, known)
        )


def _run_workloads(wishes: Wishes, options: argparse.Namespace) -> bool:
    """Run them, print a table (or JSON, a line per run); return whether all answers are right."""
    runs = options.runs or (1 if options.curve else RUNS)
    right = True
    if not options.json:
        _show([HEAD])
    for group in wishes.groups():
        summaries = []
        for job in group:
            seeds = range(options.seed, options.seed + runs)
            summary = Summary(list(apart(perform, [replace(job, seed=seed) for seed in seeds])))
            summaries.append(summary)
            right = right and summary.right
            _show(_json_lines(summary) if options.json else _rows(summary, job))
        if len(group) > 1:
            line, same = agreement_line(summaries, [job.player for job in group])
            right = right and same
            _show([] if options.json else [line])
    return right


def _rows(summary: Summary, job: Job) -> Iterator[str]:
    return summary_lines(summary, job.player, TARGETS.get((job.player, job.workload)))


def _json_lines(summary: Summary) -> Iterator[str]:
    return (json.dumps(run.as_json()) for run in summary.runs)


def _scale(options: argparse.Namespace) -> int:
    wanted = [
        Load(hosts, TABLE_NAMES, options.seconds, rate, options.loss / 100, options.seed)
        for hosts in options.hosts or LOAD_HOSTS
        for rate in options.rates[:1]
    ]
    _show(load_lines(apart(_run_load, wanted)))
    return 0


def _saturation(options: argparse.Namespace) -> int:
    hosts = (options.hosts or LOAD_HOSTS)[0]
    wanted = [
        Load(hosts, TABLE_NAMES, options.seconds, rate, options.loss / 100, options.seed)
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
    return 0


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


_LOADS = {"scale": _scale, "saturation": _saturation, "losscurve": run_losscurve}
