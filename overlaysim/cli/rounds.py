"""What the comparisons share: how much is to be run, on how many processes, and how far it is."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlaysim.validate.plan import Progress


def add_effort(parser: argparse.ArgumentParser) -> None:
    """Declare ``--csv``, ``--seed`` and ``--jobs``."""
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row per run and metric")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of everything random (default: 1)"
    )
    parser.add_argument(
        "--jobs", type=number(1, 256), default=os.cpu_count() or 1, metavar="N",
        help="processes; the result does not depend on it (default: one per core)",
    )  # fmt: skip


def number(least: float, most: float) -> Callable[[str], Any]:
    """A reader of numbers of the kind of the bounds, within them."""
    kind = type(least)

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            whole = "whole " if kind is int else ""
            raise argparse.ArgumentTypeError(
                f"{text} is not a {whole}number from {least:g} to {most:g}"
            )
        return value

    return read


def show_rounds() -> Progress | None:
    """Show on a terminal how many runs are done and how long the rest will take."""
    if not sys.stderr.isatty():
        return None
    began = time.monotonic()

    def show(done: int, total: int) -> None:
        left = (time.monotonic() - began) / done * (total - done)
        line = f"{done} of {total} runs done, about {left:.0f} s left" if done < total else ""
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    return show
