"""The options of ``overlaysim bench``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_DESCRIPTION = """\
Scores are packet-hops (W4: events) per CPU second of the event loop, divided by the rate at which
the same interpreter pops and pushes a heap just before and after; so they hold from one machine to
the next. Each run is a process of its own, and MiB is the most memory that one has needed. Answers
are means over the runs: right (yes), no further outside the range than chance explains (near), or
wrong (NO). Exit status 1 if one is wrong.
"""


def add_bench_command(commands: Any) -> None:
    """Declare ``bench`` and its options.

    Args:
        commands: the subparsers of the program.
    """
    bench = commands.add_parser(
        "bench", help="measure how fast the simulator is, and whether it is right",
        description=_DESCRIPTION,
    )  # fmt: skip
    bench.add_argument(
        "what", nargs="*", metavar="WHAT",
        help="W1: a line of links; W2: a leaf-spine under load; W3: a mesh of pings; W4: a rumour "
        "and a minute of failure detection; W5: TCP from many senders to one; all of them if none "
        "is given; or, alone, scale: names that keep changing in clusters of several sizes; "
        "saturation: one size, several rates of change; losscurve: TCP under random loss, beside "
        "the formula",
    )  # fmt: skip
    _add_workload_options(bench.add_argument_group("W1 to W5"))
    _add_load_options(bench.add_argument_group("scale and saturation"))
    bench.add_argument(
        "--hosts", type=int, nargs="+", default=[], metavar="N",
        help="sizes of the network of W2 (64; with --curve 8 64 512) or of the cluster (100 1000, "
        "with --full 5000 too; scale: 100 300 1000; saturation takes the first)",
    )  # fmt: skip
    bench.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="of the first run; the next ones follow (1)",
    )
    bench.set_defaults(run=_bench)


def _add_workload_options(group: Any) -> None:
    group.add_argument(
        "--plane", metavar="PLANE", help="data plane that carries the packets of W1 to W3 (both)"
    )
    size = group.add_mutually_exclusive_group()
    size.add_argument(
        "--packets", type=int, metavar="N",
        help="of W1 to W3 (200000, W3: 24500); W2's answers are known for 200000 and 1000000",
    )  # fmt: skip
    size.add_argument("--full", action="store_true", help="1000000 packets, in W3 147000")
    group.add_argument(
        "--curve", action="store_true",
        help="3, 10 and 30 times the packets too, and W2 on networks of several sizes",
    )  # fmt: skip
    group.add_argument(
        "--runs", type=int, metavar="K", help="with seeds of their own (3; with --curve 1)"
    )
    group.add_argument("--json", action="store_true", help="print a line of JSON for each run")


def _add_load_options(group: Any) -> None:
    group.add_argument(
        "--seconds",
        type=int,
        default=300,
        metavar="S",
        help="simulated time of scale and saturation (300)",
    )
    group.add_argument(
        "--rates",
        type=float,
        nargs="+",
        default=[1.0],
        metavar="R",
        help="changes a second (1); scale takes the first",
    )
    group.add_argument(
        "--loss",
        type=float,
        default=1.0,
        metavar="P",
        help="percentage of packets lost in scale and saturation (1)",
    )
    group.add_argument(
        "--out", type=Path, metavar="DIR", help="figure of saturation, or of losscurve"
    )


def _bench(options: argparse.Namespace) -> int:
    from overlaysim.cli.bench import run_bench  # noqa: PLC0415 (late)

    return run_bench(options)
