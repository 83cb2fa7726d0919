"""All encapsulations in one table: for people, as CSV, and as JSON with their headers."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from overlaysim.overlay.encapsulation import Encapsulation, Example, Summary, summarise
from overlaysim.overlay.encapsulation.facts import range_text
from overlaysim.report.headers import Field, Section, sheet_of
from overlaysim.report.safe import csv_line
from overlaysim.report.table import Table

_FAMILIES = (4, 6)
_WORDS = (28, 32, 36)
"""Columns of the table of words."""


def table_text(chosen: Sequence[Encapsulation], mtus: Sequence[int]) -> str:
    """Write the table for people: numbers first, then where they come from."""
    rows = [summarise(known, mtus) for known in chosen]
    head = ["encapsulation", "carries"]
    for family in _FAMILIES:
        head += [f"IPv{family} adds", *(f"at {mtu}" for mtu in mtus)]
    numbers = Table(
        tuple(head),
        tuple((row.encapsulation.name, row.carries, *_numbers(row, mtus)) for row in rows),
        left=(0, 1),
        notes=(
            "adds: bytes beyond plain Ethernet and IP over that outer IP version; a range is a "
            "cipher's padding",
            "at N: the largest inner IP packet over an underlay with an MTU of N bytes",
        ),
    )
    words = [("encapsulation", "what tells flows apart", "specified in")]
    words += [(row.encapsulation.name, row.encapsulation.entropy, row.encapsulation.spec)
              for row in rows]  # fmt: skip
    lines = [*numbers.lines(), "", *(line for row in words for line in _wrapped(row))]
    return "\n".join(lines) + "\n"


def _numbers(row: Summary, mtus: Sequence[int]) -> Iterator[str]:
    for family in _FAMILIES:
        if family in row.added:
            yield range_text(*row.added[family])
            yield from (str(row.inner_mtu[family][mtu]) for mtu in mtus)
        else:
            yield from ["-"] * (1 + len(mtus))


def _wrapped(cells: Sequence[str]) -> Iterator[str]:
    """One row in as many lines as its longest cell takes."""
    columns = [textwrap.wrap(cell, width) for cell, width in zip(cells, _WORDS, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part.ljust(width) for part, width in zip(parts, _WORDS, strict=True))
        yield "  ".join(padded).rstrip()


# ---- for programs -----------------------------------------------------------------------------


def table_csv(chosen: Sequence[Encapsulation], mtus: Sequence[int]) -> str:
    """Write the table as CSV; lengths are bytes, an empty cell is what does not exist."""
    rows = [_record(summarise(known, mtus), mtus) for known in chosen]
    return "".join([csv_line(rows[0]), *(csv_line(row.values()) for row in rows)])


def table_json(examples: Sequence[Example], mtus: Sequence[int]) -> str:
    """Write the table as JSON, with the headers of an example of each encapsulation."""
    records = [
        {
            **_record(summarise(shown.encapsulation, mtus), mtus),
            "example": [_section(section) for section in sheet_of(shown).sections],
        }
        for shown in examples
    ]
    return json.dumps(records, indent=1, ensure_ascii=False) + "\n"


def _record(row: Summary, mtus: Sequence[int]) -> dict[str, Any]:
    known = row.encapsulation
    record: dict[str, Any] = {"name": known.name, "layer": known.layer, "carries": row.carries}
    for family in _FAMILIES:
        least, most = row.added.get(family, (None, None))
        record |= {f"added_ipv{family}_least": least, f"added_ipv{family}_most": most}
        inner = row.inner_mtu.get(family, dict.fromkeys(mtus))
        record |= {f"inner_mtu_ipv{family}_at_{mtu}": inner[mtu] for mtu in mtus}
    return record | {
        "network_bits": known.network[2] if known.network else None,
        "entropy": known.entropy, "checksum": known.checksum, "outer_df": known.df,
        "spec": known.spec,
    }  # fmt: skip


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title, "layer": section.role, "offset": section.offset,
        "bytes": section.data.hex(), "added": section.added,
        "fields": [_field(field) for field in section.fields],
    }  # fmt: skip


def _field(field: Field) -> dict[str, Any]:
    names = ("name", "bits", "value", "default", "note")
    return {name: getattr(field, name) for name in names}
