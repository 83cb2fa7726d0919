"""Rows as a file, in the columns of the reference's."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from importlib import resources

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


def _parse(lines: Sequence[str]) -> list[Row]:
    return [
        Row(
            line["experiment"], int(line["N"]), float(line["loss"]), float(line["latency_ms"]),
            int(line["seed"]), line["metric"], float(line["value"]),
        )
        for line in csv.DictReader(lines)
    ]  # fmt: skip
