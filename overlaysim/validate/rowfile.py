"""Rows as a file, in the columns of the reference's."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from overlaysim.errors import InputError
from overlaysim.validate.rounds import Row

COLUMNS = ("experiment", "N", "loss", "latency_ms", "seed", "metric", "value")


def reference_rows() -> list[Row]:
    """The single runs of the real code."""
    text = (resources.files(__package__) / "data" / "gossip-measured.csv").read_text("utf-8")
    return _parse(text.splitlines())


def csv_text(rows: Iterable[Row]) -> str:
    """Rows as CSV with a header, ended by line feeds."""
    lines = [",".join(COLUMNS)]
    lines += [
        f"{row.experiment},{row.nodes},{row.loss:g},{row.latency_ms:g},{row.seed},{row.metric},"
        f"{row.value:.9g}"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def check_place(path: Path) -> None:
    """Find out before any work is done whether a file can be written.

    Raises:
        InputError: it is a folder, or there is none to put it in.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
        raise InputError(f"{path}: no file can be made in {path.absolute().parent}")


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears complete or not at all.

    Raises:
        InputError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except BaseException as error:
        if partial.exists():
            partial.unlink()
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def _parse(lines: Sequence[str]) -> list[Row]:
    return [
        Row(
            line["experiment"], int(line["N"]), float(line["loss"]), float(line["latency_ms"]),
            int(line["seed"]), line["metric"], float(line["value"]),
        )
        for line in csv.DictReader(lines)
    ]  # fmt: skip
