"""``overlaysim validate failover``: a failing host beside what a real swarm did."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from overlaysim.cli.rounds import add_effort, number, show_rounds
from overlaysim.cli.whole_file import check_place, write_whole
from overlaysim.validate.names import MOST_RUNS


def add_failover_command(subjects: Any) -> None:
    """Declare ``validate failover`` and its options.

    Args:
        subjects: the subparsers of ``validate``.
    """
    failover = subjects.add_parser(
        "failover",
        help="a host that fails in our swarm, beside what was observed in a real one",
        description="Five hosts, two services, standalone containers. One host's daemon is stopped "
        "or its link cut, and healed again; our distributions beside the observed samples.",
    )
    failover.add_argument(
        "--runs", type=number(1, MOST_RUNS), default=200, metavar="R",
        help="seeds of each experiment (default: 200)",
    )  # fmt: skip
    failover.add_argument(
        "--rejoin", choices=("dropping", "hiding"), default="dropping", metavar="POLICY",
        help="entries of a failed host are dropped, as in the engine observed (20.10, the "
        "default), or hiding: kept out of sight until it returns, as in current ones",
    )  # fmt: skip
    failover.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the tables as Markdown too"
    )
    add_effort(failover)
    failover.set_defaults(run=_failover)


def _failover(options: argparse.Namespace) -> int:
    from overlaysim.validate.failover import runs_of  # noqa: PLC0415 (late: simpy)
    from overlaysim.validate.failover_tables import (  # noqa: PLC0415 (late)
        failover_markdown,
        failover_text,
    )
    from overlaysim.validate.plan import run_rounds  # noqa: PLC0415 (late)
    from overlaysim.validate.rowfile import csv_text  # noqa: PLC0415 (late)

    for path in (options.csv, options.markdown):
        if path is not None:
            check_place(path)
    hides = options.rejoin == "hiding"
    runs = runs_of(options.runs, options.seed, hides=hides)
    rows = run_rounds(runs, options.jobs, show_rounds())
    policy = "hidden" if hides else "dropped"
    if options.csv is not None:
        write_whole(options.csv, csv_text(rows))
    if options.markdown is not None:
        write_whole(options.markdown, failover_markdown(rows, policy=policy))
    print(failover_text(rows, policy=policy), end="")
    return 0
