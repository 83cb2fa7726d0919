"""``overlaysim show RUN``: who could resolve and reach whom at an instant of a run that is over."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overlaysim.errors import InputError, quote, visible
from overlaysim.measure import read_events
from overlaysim.report.reachability import render_reachability
from overlaysim.report.run_folder import MANIFEST, PROGRAM
from overlaysim.units import format_seconds, parse_duration

EVENTS = "events.jsonl"


def show_run(options: argparse.Namespace) -> int:
    """Print the table and return the exit status.

    Raises:
        InputError: there is no such run, instant or network, or its events cannot be read.
    """
    manifest = _manifest(options.folder)
    end = manifest["simulated_ps"]
    at = end if options.at is None else parse_duration(options.at)
    if at > end:
        raise InputError(f"--at {quote(options.at)}: the run ended at {format_seconds(end)}")
    try:
        events = read_events(options.folder / EVENTS)
    except InputError as error:  # one line, as for everything else that is wrong here
        raise InputError(str(error)) from None
    table = render_reachability(events, at, network=options.network)
    of_what = f"{manifest['scenario']['name']} · seed {manifest['seed']}"
    print(f"{visible(of_what)} · {format_seconds(at)} of {format_seconds(end)}\n\n{table}", end="")
    return 0


def _manifest(folder: Path) -> Mapping[str, Any]:
    """What a run's folder says of itself."""
    if not folder.is_dir():
        raise InputError(
            f"{folder}: there is no such folder; `overlaysim run FILE --out DIR` writes one"
        )
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content["program"] != PROGRAM:
            raise ValueError("of another program")
        if not all(isinstance(content[key], int) for key in ("simulated_ps", "seed")):
            raise ValueError("not numbers")
        str(content["scenario"]["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            f"{folder}: is not the folder of a run; `overlaysim run FILE --out DIR` writes one"
        ) from None
    return dict(content)
