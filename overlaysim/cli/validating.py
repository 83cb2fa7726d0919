"""``overlaysim validate``: the simulator beside measurements of the real thing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from overlaysim.cli.failover import add_failover_command
from overlaysim.cli.goodput import add_goodput_command
from overlaysim.cli.rounds import add_effort, number, show_rounds
from overlaysim.cli.whole_file import check_place, write_whole
from overlaysim.errors import InputError
from overlaysim.validate.names import (
    EXPERIMENTS,
    LARGEST_BURST,
    LONGEST_DURATION,
    LONGEST_LATENCY,
    MOST_LOSS,
    MOST_NODES,
    MOST_RUNS,
    PROFILES,
)

_POINT = ("profile", "nodes", "loss", "runs", "latency", "burst", "duration")
"""Options that say where a single experiment is made: the comparison has its own points."""


def add_validate_command(commands: Any) -> None:
    """Declare ``validate`` with its subjects and their options.

    Args:
        commands: the subparsers of the program.
    """
    validate = commands.add_parser("validate", help="compare with measurements of the real code")
    subjects = validate.add_subparsers(title="subjects", metavar="SUBJECT", required=True)
    gossip = subjects.add_parser(
        "gossip",
        help="our gossip cluster beside the measured NetworkDB and memberlist",
        description="Without --experiment: every cell of the reference tables, ours beside theirs."
        " Exit status 1 if one does not agree.",
    )
    gossip.add_argument("--quick", action="store_true", help="only 3 and 10 nodes: a minute")
    gossip.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the tables as Markdown too"
    )
    add_effort(gossip)
    _add_point(gossip.add_argument_group("one experiment at any point"))
    gossip.set_defaults(run=_gossip)
    add_failover_command(subjects)
    add_goodput_command(subjects)


def _add_point(group: Any) -> None:
    group.add_argument("--experiment", choices=EXPERIMENTS, metavar="NAME",
                       help=", ".join(EXPERIMENTS))  # fmt: skip
    group.add_argument("--profile", choices=PROFILES, metavar="NAME",
                       help="memberlist's lan (default, Docker's), wan or local")  # fmt: skip
    group.add_argument("--nodes", type=number(2, MOST_NODES), metavar="N",
                       help="size of the cluster (default: 10)")  # fmt: skip
    group.add_argument("--loss", type=number(0.0, MOST_LOSS), metavar="P",
                       help="percent of the packets lost (default: 0)")  # fmt: skip
    group.add_argument("--runs", type=number(1, MOST_RUNS), metavar="R",
                       help="how often (default: 10)")  # fmt: skip
    group.add_argument("--latency", type=number(0.0, LONGEST_LATENCY), metavar="MS",
                       help="one way, in milliseconds (default: 0.5)")  # fmt: skip
    group.add_argument("--burst", type=number(1, LARGEST_BURST), metavar="K",
                       help="entries of a burst (default: 100)")  # fmt: skip
    group.add_argument("--duration", type=number(0.0, LONGEST_DURATION), metavar="S",
                       help="of a partition, in seconds (default: 60)")  # fmt: skip


def _gossip(options: argparse.Namespace) -> int:
    if options.experiment is None:
        _refuse([f"--{name}" for name in _POINT if getattr(options, name) is not None],
                "needs --experiment")  # fmt: skip
    else:
        given = {"--quick": options.quick, "--markdown": options.markdown}
        _refuse([name for name, value in given.items() if value],
                "belongs to the comparison, not to one --experiment")  # fmt: skip
        _refuse_foreign(options)
    for path in (options.csv, options.markdown):
        if path is not None:
            check_place(path)
    return _compare(options) if options.experiment is None else _experiment(options)


def _refuse(given: list[str], why: str) -> None:
    if given:
        raise InputError(f"{given[0]} {why}")


def _refuse_foreign(options: argparse.Namespace) -> None:
    if options.burst is not None and options.experiment != "burst":
        raise InputError("--burst belongs to --experiment burst")
    if options.duration is not None and options.experiment != "partition":
        raise InputError("--duration belongs to --experiment partition")


def _experiment(options: argparse.Namespace) -> int:
    from overlaysim.units import MS, SECOND  # noqa: PLC0415 (late)
    from overlaysim.validate.conditions import Conditions  # noqa: PLC0415 (late)
    from overlaysim.validate.plan import Request, run_rounds  # noqa: PLC0415 (late)
    from overlaysim.validate.render import summary_text  # noqa: PLC0415 (late)
    from overlaysim.validate.rowfile import csv_text  # noqa: PLC0415 (late)

    conditions = Conditions(
        nodes=options.nodes or 10,
        loss=options.loss or 0.0,
        profile=options.profile or "lan",
        latency=round(_given(options.latency, 0.5) * MS),
    )
    request = Request(
        options.experiment, conditions, options.runs or 10, options.seed, options.burst or 100,
        round(_given(options.duration, 60.0) * SECOND),
    )  # fmt: skip
    rows = request.select(run_rounds(request.rounds(), options.jobs, show_rounds()))
    if options.csv is not None:
        write_whole(options.csv, csv_text(rows))
    print(summary_text(rows), end="")
    return 0


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _compare(options: argparse.Namespace) -> int:
    from overlaysim.validate import render  # noqa: PLC0415 (late)
    from overlaysim.validate.compare import compare  # noqa: PLC0415 (late)
    from overlaysim.validate.plan import FULL, QUICK, comparison, run_rounds  # noqa: PLC0415 (late)
    from overlaysim.validate.rowfile import csv_text, reference_rows  # noqa: PLC0415 (late)

    efforts = QUICK if options.quick else FULL
    rows = run_rounds(comparison(efforts, options.seed), options.jobs, show_rounds())
    comparisons = compare(rows, reference_rows(), sorted(efforts))
    if options.csv is not None:
        write_whole(options.csv, csv_text(rows))
    if options.markdown is not None:
        write_whole(options.markdown, render.comparison_markdown(comparisons))
    print(render.comparison_text(comparisons))
    print(render.verdict_text(comparisons), end="")
    return int(not all(cell.passes for table in comparisons for cell in table.cells))
