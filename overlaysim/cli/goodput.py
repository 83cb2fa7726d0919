"""``overlaysim validate goodput``: goodput through a bottleneck beside the Linux kernel's."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overlaysim.cli.rounds import number
from overlaysim.cli.whole_file import check_place, write_whole
from overlaysim.errors import InputError
from overlaysim.units import format_rate, parse_rate

if TYPE_CHECKING:
    from overlaysim.validate.goodput import Point

SLOWEST, FASTEST = 1_000_000, 1_000_000_000
"""bit/s: enough frames to be counted in four seconds, and no more than a minute of work."""

_POINT = ("protocol", "rate", "counted", "payload", "path", "underlay")


def add_goodput_command(subjects: Any) -> None:
    """Declare ``validate goodput`` and its options.

    Args:
        subjects: the subparsers of ``validate``.
    """
    goodput = subjects.add_parser(
        "goodput",
        help="goodput through a bottleneck, beside the Linux kernel's",
        description="Without options of a point (protocol, rate, counted, payload, path): all "
        "points that were measured through the kernel. With them: every combination of their "
        "values. Exit status 1 if ours differs from the kernel's median by more than 0.3 %.",
    )
    goodput.add_argument("--protocol", nargs="+", choices=("udp", "tcp"), metavar="P",
                       help="udp (default) or tcp")  # fmt: skip
    goodput.add_argument("--rate", nargs="+", type=_rate, metavar="RATE",
                       help="of the bottleneck (default: 20Mbit/s)")  # fmt: skip
    goodput.add_argument("--counted", nargs="+", type=int, choices=(0, 24), metavar="BYTES",
                       help="what the bottleneck counts per frame besides it: 0 (default), or 24 "
                       "for preamble, FCS and gap")  # fmt: skip
    goodput.add_argument("--payload", nargs="+", type=number(1, 65_535), metavar="BYTES",
                       help="of a datagram or segment (default: the most that fits)")  # fmt: skip
    goodput.add_argument("--path", nargs="+", metavar="PATH",
                       help="plain, vxlan4, vxlan6 (default: these three), or an encapsulation; "
                       "with -ipv6 behind its name over IPv6")  # fmt: skip
    goodput.add_argument("--underlay", choices=("ipv4", "ipv6"), metavar="IP",
                       help="ipv4 or ipv6, for encapsulations without a suffix")  # fmt: skip
    goodput.add_argument("--csv", type=Path, metavar="FILE", help="write a row per point")
    goodput.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables too")
    goodput.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    goodput.set_defaults(run=_goodput)


def _rate(text: str) -> int:
    try:
        rate = parse_rate(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not SLOWEST <= rate <= FASTEST:
        raise argparse.ArgumentTypeError(
            f"{text} is not from {format_rate(SLOWEST)} to {format_rate(FASTEST)}"
        )
    return rate


def _goodput(options: argparse.Namespace) -> int:
    from overlaysim.validate import goodput_tables  # noqa: PLC0415 (late)
    from overlaysim.validate.goodput import measure  # noqa: PLC0415 (late: simpy)
    from overlaysim.validate.goodput_reference import compare, references  # noqa: PLC0415 (late)

    for place in (options.csv, options.markdown):
        if place is not None:
            check_place(place)
    if any(getattr(options, name) is not None for name in _POINT):
        points = _points(options)
    else:
        points = [reference.point for reference in references()]
    comparisons = compare([measure(point) for point in points])
    if options.csv is not None:
        write_whole(options.csv, goodput_tables.goodput_csv(comparisons))
    if options.markdown is not None:
        write_whole(options.markdown, goodput_tables.goodput_markdown(comparisons))
    show = goodput_tables.goodput_json if options.json else goodput_tables.goodput_text
    print(show(comparisons), end="")
    return int(not all(comparison.agrees for comparison in comparisons))


def _points(options: argparse.Namespace) -> list[Point]:
    """Every combination of what was asked for; all of it is looked at before anything is run."""
    from overlaysim.validate.goodput import Point  # noqa: PLC0415 (late: simpy)
    from overlaysim.validate.goodput_path import ALIASES, read_path  # noqa: PLC0415 (late)

    paths = [read_path(name, options.underlay) for name in options.path or ALIASES]
    points = [
        Point(protocol, rate, counted, payload or path.largest_payload(protocol), path)
        for protocol, rate, counted, payload, path in product(
            options.protocol or ("udp",), options.rate or (20_000_000,), options.counted or (0,),
            options.payload or (None,), paths,
        )
    ]  # fmt: skip
    for point in points:
        point.check()
    return points
