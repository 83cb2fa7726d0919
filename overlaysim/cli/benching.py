"""The options of ``overlaysim bench``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_bench_command(commands: Any) -> None:
    """Declare ``bench`` and its options.

    Args:
        commands: the subparsers of the program.
    """
    bench = commands.add_parser("bench", help="measure how fast the gossip is simulated")
    bench.add_argument(
        "what",
        choices=("W4", "scale", "saturation"),
        help="W4: a rumour and a minute of failure detection; scale: names that keep changing in "
        "clusters of several sizes; saturation: one size, several rates of change",
    )
    bench.add_argument(
        "--hosts",
        type=int,
        nargs="+",
        default=[100, 300, 1000],
        metavar="N",
        help="sizes of the cluster (100 300 1000); saturation takes the first",
    )
    bench.add_argument(
        "--seconds",
        type=int,
        default=300,
        metavar="S",
        help="simulated time of scale and saturation (300)",
    )
    bench.add_argument(
        "--rates",
        type=float,
        nargs="+",
        default=[1.0],
        metavar="R",
        help="changes a second (1); scale takes the first",
    )
    bench.add_argument(
        "--loss",
        type=float,
        default=1.0,
        metavar="P",
        help="percentage of packets lost in scale and saturation (1)",
    )
    bench.add_argument("--runs", type=int, default=3, metavar="K", help="runs of W4 (3)")
    bench.add_argument("--seed", type=int, default=1, metavar="N", help="seed of scale (1)")
    bench.add_argument("--out", type=Path, metavar="DIR", help="figure and table of saturation")
    bench.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from overlaysim.cli.bench import run_bench  # noqa: PLC0415 (late)

    return run_bench(options)
