"""``overlaysim compare``: encapsulations side by side, calculated and simulated."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overlaysim.cli.progress import CLEAR, PAUSE, format_left
from overlaysim.errors import InputError, visible

if TYPE_CHECKING:
    from overlaysim.compare import Comparison

_DESCRIPTION = """\
Put encapsulations side by side: bytes, efficiency, goodput, latency and the spread over equal
paths, by calculation and as simulated with real frames. Ratios and loads refer to `none`, which is
always among them. Exit status 1 if a simulated value that is not random differs from the
calculated one.
"""

_TRAFFIC = (
    ("--sizes", {"nargs": "+", "default": ["imix"], "metavar": "SIZE",
     "help": "bytes of UDP payload, or imix (packets of 40, 576, 1500 B, 7:4:1), or a file: .csv "
     "of size[,weight] lines, or .pcap for the sizes of its inner IP packets (imix)"}),
    ("--inner", {"default": "ipv4", "metavar": "IP", "help": "ipv4 or ipv6 inside (ipv4)"}),
    ("--oversize", {"default": "outer", "metavar": "WHERE",
     "help": "what is too long is fragmented: inner or outer packet (outer)"}),
    ("--load", {"nargs": "+", "default": ["0.6"], "metavar": "SHARE", "dest": "loads",
     "help": "datagrams offered, as a share of the plain ones that fill the line (0.6)"}),
)  # fmt: skip
_UNDERLAY = (
    ("--underlay", {"default": "ipv4", "metavar": "IP", "help": "ipv4, ipv6 or both (ipv4)"}),
    ("--mtu", {"nargs": "+", "default": ["1500"], "metavar": "B", "dest": "mtus",
     "help": "bytes of the longest IP packet (1500)"}),
    ("--rate", {"default": "10Gbit/s", "metavar": "RATE", "help": "of the line (10Gbit/s)"}),
    ("--bottleneck", {"metavar": "RATE", "help": "of a slower link behind it (a tenth of --rate)"}),
    ("--paths", {"type": int, "default": 4, "metavar": "N", "help": "equal paths (4)"}),
    ("--flows", {"type": int, "default": 64, "metavar": "N", "help": "spread over them (64)"}),
    ("--hash", {"default": "5-tuple", "metavar": "WHAT",
     "help": "what switches hash: 5-tuple, or keys for GRE keys, SPIs and the like too (5-tuple)"}),
    ("--per-packet", {"action": "append", "default": [], "metavar": "[NAME=]TIME",
     "help": "time that either end of a tunnel takes for a packet (0)"}),
    ("--per-byte", {"action": "append", "default": [], "metavar": "[NAME=]TIME",
     "help": "and for each byte of the inner packet (0)"}),
)  # fmt: skip
_EFFORT = (
    ("--seed", {"type": int, "default": 1, "metavar": "N", "help": "of everything random (1)"}),
    ("--replications", {"type": int, "default": 20, "metavar": "N", "help": "of it (20)"}),
    ("--packets", {"type": int, "default": 2000, "metavar": "N",
     "help": "measured in each replication of latency, at least (2000)"}),
    ("--no-simulation", {"action": "store_false", "dest": "simulate", "help": "calculate only"}),
)  # fmt: skip
_OUTPUT = (
    ("--out", {"type": Path, "metavar": "DIR", "help": "write report, CSV, LaTeX and figures"}),
    ("--no-figures", {"action": "store_true", "help": "leave the figures out of --out"}),
    ("--csv", {"action": "store_true", "help": "print CSV in place of the tables"}),
    ("--latex", {"action": "store_true", "help": "print LaTeX in place of the tables"}),
)  # fmt: skip


def add_compare_command(commands: Any) -> None:
    """Declare ``compare`` and its options.

    Args:
        commands: the subparsers of the program.
    """
    compare = commands.add_parser(
        "compare", help="put encapsulations side by side, calculated and simulated",
        description=_DESCRIPTION,
    )  # fmt: skip
    compare.add_argument(
        "names", nargs="+", metavar="ENCAPSULATION", help="by name, or all of them: all"
    )
    groups = {"traffic": _TRAFFIC, "underlay": _UNDERLAY, "effort": _EFFORT, "output": _OUTPUT}
    for title, options in groups.items():
        group = compare.add_argument_group(title)
        for name, settings in options:
            group.add_argument(name, **settings)
    compare.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from overlaysim.compare import carry_out, read_settings  # noqa: PLC0415 (late)
    from overlaysim.report.run_folder import check_run_folder  # noqa: PLC0415 (late)

    if options.csv and options.latex:
        raise InputError("--csv and --latex: one of them at a time goes to the output")
    if options.no_figures and options.out is None:
        raise InputError("--no-figures belongs to --out DIR")
    given = {
        name: getattr(options, name)
        for name in (
            "sizes", "inner", "oversize", "loads", "underlay", "mtus", "rate", "bottleneck",
            "paths", "flows", "hash", "per_packet", "per_byte", "seed", "replications", "packets",
            "simulate",
        )
    }  # fmt: skip
    settings = read_settings(options.names, **given)
    if options.out is not None:
        check_run_folder(options.out)
    result = carry_out(settings, _progress())
    if options.out is not None:
        result.write(options.out, figures=not options.no_figures)
    print(_shown(result, options), end="")
    return 0 if result.agrees else 1


def _shown(result: Comparison, options: argparse.Namespace) -> str:
    if options.csv:
        return result.csv()
    if options.latex:
        return result.latex()
    where = "" if options.out is None else f"report and figures: {visible(str(options.out))}/\n"
    return result.text() + where


def _progress() -> Callable[[int, int], None] | None:
    """Show on a terminal how far a long comparison is."""
    if not sys.stderr.isatty():
        return None
    began = last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done == total:
            print(CLEAR, end="", file=sys.stderr, flush=True)
        elif now - last > PAUSE:
            last = now
            left = format_left((now - began) / done * (total - done))
            line = f"{done} of {total} points done, about {left} left"
            print(f"{CLEAR}{line}", end="", file=sys.stderr, flush=True)

    return show
